"""Differences from the approved tools, over lists of replicas that answer in turn.

While servers are updated, one replica differs and another does not. What comes and goes is then a
difference as long as some replica has it, and is new once.
"""

from collections.abc import Iterable

from .changes import Change

Difference = tuple[str, Change]
"""The name of a tool, and what differs."""

RECENT_SECONDS = 3600.0
"""A difference that was not in a list for so long is new when it comes again."""
IN_TURN_SECONDS = 900.0
"""For how long a difference that came again counts without being in a list."""
MOST_REMEMBERED = 4000
"""Differences that are not in the latest list; for one more the one gone for longest is forgotten.
"""


class Differences:
    """The differences `now`, by the lists so far; times are of a clock that does not go back."""

    __slots__ = ("_gone", "_in_turn", "_latest", "now")

    def __init__(self) -> None:
        self.now: frozenset[Difference] = frozenset()
        self._latest: dict[Difference, None] = {}
        self._in_turn: set[Difference] = set()
        self._gone: dict[Difference, float] = {}

    def __repr__(self) -> str:
        return f"<Differences {len(self.now)} gone={len(self._gone)}>"

    @property
    def waiting(self) -> bool:
        """Whether some count that are not in the latest list: they end with time."""
        return len(self.now) > len(self._latest)

    def update(self, found: Iterable[Difference], now: float) -> list[Difference]:
        """These are the differences of the latest list: those of them that are new."""
        latest = dict.fromkeys(found)
        new: list[Difference] = []
        for each in latest:
            gone = self._gone.pop(each, None)
            if gone is not None and now - gone <= RECENT_SECONDS:
                self._in_turn.add(each)
            elif each not in self._latest:
                new.append(each)
                self._in_turn.discard(each)
        for each in self._latest:
            if each not in latest:
                self._gone[each] = now
        while len(self._gone) > MOST_REMEMBERED:
            forgotten = next(iter(self._gone))
            del self._gone[forgotten]
            self._in_turn.discard(forgotten)
        self._latest = latest
        since = now - IN_TURN_SECONDS
        self._in_turn = {each for each in self._in_turn if self._gone.get(each, now) >= since}
        self.now = frozenset(latest) | self._in_turn
        return new
