"""Names that have series of their own, a bounded number: the most used of those that worked.

Clients can name any tool and call themselves anything; so a name counts once a call with it
succeeded, or, if it is a tool's, once the server listed it.
"""

from collections.abc import Callable, Iterable, Mapping
from time import monotonic

from .vocabulary import cut

EVICTION_SECONDS = 600.0
"""A name with series is evicted at most so often: each time its series end, and others begin."""


class CappedNames:
    """At most `cap` names, cut to the length of a label; `clock` is in seconds."""

    def __init__(self, cap: int, clock: Callable[[], float] = monotonic) -> None:
        self._cap = cap
        self._clock = clock
        self._used: dict[str, None] = {}
        self._listed: dict[str, None] = {}
        self._evicted = -EVICTION_SECONDS

    def __repr__(self) -> str:
        return f"<CappedNames used={len(self._used)} listed={len(self._listed)} of {self._cap}>"

    def __contains__(self, name: str) -> bool:
        return name in self._used or name in self._listed

    def list(self, names: Iterable[str]) -> None:
        """These exist; those that do not fit in wait until a call with them succeeds."""
        for name in names:
            if len(self._used) + len(self._listed) >= self._cap:
                return
            if name not in self:
                self._listed[cut(name)] = None

    def use(self, name: str) -> bool:
        """A call has this name: whether the name has series."""
        if name in self._listed:
            del self._listed[name]
            self._used[name] = None
        return name in self._used

    def admit(self, name: str, uses: Callable[[], Mapping[str, int]]) -> str | None:
        """A call with a name without series succeeded: the name it replaces.

        "" if there is room, None if no name may be evicted yet. `uses` returns the number of calls
        by name: the name with the fewest is evicted, of equal ones the one admitted first.
        """
        evicted = ""
        if self._listed and len(self._used) + len(self._listed) >= self._cap:
            del self._listed[next(reversed(self._listed))]
        elif len(self._used) >= self._cap:
            now = self._clock()
            if now - self._evicted < EVICTION_SECONDS:
                return None
            self._evicted = now
            used = uses()
            evicted = min(self._used, key=lambda each: used.get(each, 0))
            del self._used[evicted]
        self._used[name] = None
        return evicted
