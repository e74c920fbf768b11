"""States of tools that were counted lately, so that one which comes back is not counted again.

While servers are updated, old and new ones answer in turn, maybe for long; some lists come rarely.
"""

RECENT_SECONDS = 3600.0
MOST_SIGHTINGS = 20
"""A state is forgotten once it was not seen for so long, and for so many sightings of its tool."""
MOST_STATES = 8
"""Of one tool; for one more the longest unseen is forgotten."""
MOST_TOOLS_WITH_STATES = 4000
"""For one more the tool whose change is the oldest is forgotten."""

State = bytes
"""The digest of a tool's definition, or ABSENT."""
ABSENT: State = b""


class _OfTool:
    """When each state was seen last, and how often the tool was seen by then.

    `counted` is the state whose coming was news last.
    """

    __slots__ = ("counted", "seen", "sightings")

    def __init__(self) -> None:
        self.seen: dict[State, tuple[float, int]] = {}
        self.sightings = 0
        self.counted = ABSENT

    def is_recent(self, state: State, now: float) -> bool:
        """Whether a state was seen lately, or few times ago."""
        if state not in self.seen:
            return False
        seconds, sightings = self.seen[state]
        return now - seconds <= RECENT_SECONDS or self.sightings - sightings < MOST_SIGHTINGS


class RecentStates:
    """States by tool, for tools that changed; times are of a clock that does not go back."""

    __slots__ = ("_tools",)

    def __init__(self) -> None:
        self._tools: dict[str, _OfTool] = {}

    def __repr__(self) -> str:
        return f"<RecentStates tools={len(self._tools)}>"

    def __bool__(self) -> bool:
        return bool(self._tools)

    def see(self, name: str, state: State, now: float) -> None:
        """A tool was seen in a state; that matters once it changed."""
        tool = self._tools.get(name)
        if tool is not None:
            tool.sightings += 1
            if state in tool.seen:
                self._keep(tool, state, now)

    def change(self, name: str, before: State, after: State, now: float) -> bool:
        """A tool went from one state to another: whether that is news."""
        tool = self._tools.get(name)
        if tool is None:
            if len(self._tools) >= MOST_TOOLS_WITH_STATES:
                del self._tools[next(iter(self._tools))]
            tool = self._tools[name] = _OfTool()
        news = not tool.is_recent(after, now)
        if news:
            tool.counted = after
        for state in (before, after):
            self._keep(tool, state, now)
        return news

    def is_counted(self, name: str, state: State) -> bool:
        """Whether that is the state of the tool whose coming was news last."""
        tool = self._tools.get(name)
        return tool is not None and tool.counted == state

    def replaced(self, name: str, state: State, now: float) -> State:
        """The definition that `state` took the place of for good; ABSENT if there is none.

        It was counted last, and was not seen any more since long. `state` is then counted instead.
        """
        tool = self._tools.get(name)
        if tool is None or tool.counted == ABSENT or tool.is_recent(tool.counted, now):
            return ABSENT
        before, tool.counted = tool.counted, state
        return before

    def _keep(self, tool: _OfTool, state: State, now: float) -> None:
        tool.seen.pop(state, None)
        if len(tool.seen) >= MOST_STATES:
            del tool.seen[next(iter(tool.seen))]
        tool.seen[state] = now, tool.sightings
