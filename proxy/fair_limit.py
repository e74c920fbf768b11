"""A cap on what clients hold, fair between them: none can lock out the others.

One more evicts the idlest, of the client that holds most; what is in use is never evicted.
One client gets seven eighths of all at most, so there is always room for another. Clients are
distinguished by their tokens, else by their addresses.
"""

from collections.abc import Sequence
from heapq import nsmallest
from math import inf
from typing import Generic, Protocol, TypeVar

AT_A_TIME = 32
"""The number of candidates for eviction that are looked up at a time."""
SPARE = 8
"""One part in so many is kept for others than the client that holds all the rest."""


class Holder(Protocol):
    """Something that counts towards a limit."""

    @property
    def client(self) -> bytes:
        """The client that it belongs to."""

    @property
    def idle_since(self) -> float:
        """When it was last in use, in seconds; `inf` while in use, `-inf` once it ends."""

    def evict(self) -> None:
        """End in favour of another."""


Held = TypeVar("Held", bound=Holder)


class FairLimit(Generic[Held]):
    """Lets holders have `most` in all, in pieces of any size."""

    __slots__ = ("_amounts", "_next", "_totals", "most", "used")

    def __init__(self, most: int) -> None:
        self.most = most
        self.used = 0
        self._amounts: dict[Held, int] = {}
        self._totals: dict[bytes, int] = {}
        self._next: list[tuple[Held, float]] = []

    def __repr__(self) -> str:
        return f"<FairLimit used={self.used}/{self.most} clients={len(self._totals)}>"

    def hold(self, holder: Held, amount: int = 1) -> Sequence[Held] | None:
        """Let `holder` have that much in total: the evicted ones; None if it may not."""
        more = amount - self._amounts.get(holder, 0)
        evicted = self._for(holder, more)
        if evicted is not None:
            for each in evicted:
                self.release(each)
                each.evict()
            self._add(holder, more)
        return evicted

    def release(self, holder: Held) -> None:
        """`holder` no longer counts."""
        held = self._amounts.get(holder, 0)
        if held:
            self._add(holder, -held)

    def _for(self, holder: Held, more: int) -> Sequence[Held] | None:
        """The holders to evict so that `holder` may have more; None if that is not enough."""
        own = self._totals.get(holder.client, 0)
        free = self.most - self.used
        share = self.most - self.most // SPARE - own
        going: list[Held] = []
        while more > 0 and (more > free or more > share):
            least = own if more <= share else inf
            idlest = self._idlest(holder, going, least)
            if idlest is None:
                return None
            going.append(idlest)
            free += self._amounts[idlest]
            share += self._amounts[idlest] if idlest.client == holder.client else 0
        return going

    def _idlest(self, holder: Held, going: list[Held], least: float) -> Held | None:
        """The holder to evict first: of the same client, or of one that holds `least`.

        To look at all costs 0.4 ms for a thousand, so in a flood that is done for some at a time.
        """

        def may_go(each: Held) -> bool:
            fits = each.client == holder.client or self._totals[each.client] >= least
            return fits and each is not holder and each not in going

        while self._next:
            each, since = self._next.pop()
            if each in self._amounts and each.idle_since == since and may_go(each):
                return each
        idle = [each for each in self._amounts if each.idle_since < inf and may_go(each)]
        first = nsmallest(AT_A_TIME, idle, key=self._rank)
        self._next = [(each, each.idle_since) for each in reversed(first[1:])]
        return first[0] if first else None

    def _rank(self, holder: Held) -> tuple[bool, int, float]:
        since = holder.idle_since
        return since > -inf, -self._totals[holder.client], since

    def _add(self, holder: Held, more: int) -> None:
        self.used += more
        held = self._amounts.pop(holder, 0) + more
        total = self._totals.pop(holder.client, 0) + more
        if held:
            self._amounts[holder] = held
        if total:
            self._totals[holder.client] = total
