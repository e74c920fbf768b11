"""The names of tools that have series of their own: those that are there, the most used of them.

A client can send any tool name; so a name counts once a call of it succeeded, or
the server listed it.
"""

from collections.abc import Callable, Iterable, Mapping
from time import monotonic

from .vocabulary import cut

EVICTION_SECONDS = 600.0
"""At most so often a tool with series gives way: each time its series end, and others begin."""


class ToolNames:
    """At most `cap` names, cut to the length of a label; `clock` is in seconds."""

    def __init__(self, cap: int, clock: Callable[[], float] = monotonic) -> None:
        self._cap = cap
        self._clock = clock
        self._used: set[str] = set()
        self._listed: dict[str, None] = {}
        self._evicted = -EVICTION_SECONDS

    def __repr__(self) -> str:
        return f"<ToolNames used={len(self._used)} listed={len(self._listed)} of {self._cap}>"

    def __contains__(self, name: str) -> bool:
        return name in self._used or name in self._listed

    def list(self, tools: Iterable[str]) -> None:
        """The server has these tools; those that do not fit in wait until a call of them works."""
        for tool in tools:
            if len(self._used) + len(self._listed) >= self._cap:
                return
            if tool not in self:
                self._listed[cut(tool)] = None

    def use(self, name: str) -> bool:
        """A tool is called: whether it has series."""
        if name in self._listed:
            del self._listed[name]
            self._used.add(name)
        return name in self._used

    def admit(self, name: str, uses: Callable[[], Mapping[str, int]]) -> str | None:
        """A tool without series succeeded: the tool it replaces ("": none); None if none gives way.

        `uses` is how many calls each tool had: the one with the fewest is evicted.
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
            self._used.remove(evicted)
        self._used.add(name)
        return evicted
