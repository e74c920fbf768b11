"""The open client connections, and how many of them are served."""

from collections.abc import Callable, Iterator
from typing import Protocol


class Member(Protocol):
    """One client's connection."""

    def expire(self, now: float) -> None:
        """End what takes too long."""

    def close_when_idle(self) -> None:
        """Close now if no request is being answered, else after the answer."""

    def abort(self) -> None:
        """Close at once."""


class Crowd:
    """All client connections; `most` are served, `on_empty`: the last of them is gone."""

    __slots__ = ("_on_empty", "_served", "_surplus", "most")

    def __init__(self, most: int, on_empty: Callable[[], None]) -> None:
        self.most = most
        self._on_empty = on_empty
        self._served: set[Member] = set()
        self._surplus: set[Member] = set()

    def __repr__(self) -> str:
        return f"<Crowd served={len(self._served)}/{self.most} surplus={len(self._surplus)}>"

    def __len__(self) -> int:
        return len(self._served) + len(self._surplus)

    def __iter__(self) -> Iterator[Member]:
        """Those that are here now; they may leave meanwhile."""
        return iter((*self._served, *self._surplus))

    def admit(self, member: Member) -> bool:
        """Take in a connection; whether it is served, or must be turned away."""
        served = len(self._served) < self.most
        (self._served if served else self._surplus).add(member)
        return served

    def leave(self, member: Member) -> None:
        """A connection is gone."""
        self._served.discard(member)
        self._surplus.discard(member)
        if not self:
            self._on_empty()
