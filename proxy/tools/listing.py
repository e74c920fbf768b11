"""Lists of tools put together from their pages, and the last one that each lister got.

A lister is a client that may get a list of its own: some servers list by client, or by token.
"""

from collections.abc import Hashable, Mapping
from typing import NamedTuple

from ..telemetry.listed_tools import MOST_TOOLS, NO_SIZE, ToolSize
from .definition import Digest
from .page import ListedTool, ToolPage

MOST_OPEN = 64
"""Lists whose last page has not come; for one more the oldest is given up."""
MOST_LISTERS = 1000
"""Listers that are remembered; for one more the longest unused is forgotten."""
MOST_LISTS = 64
"""Different lists that are remembered, each of MOST_TOOLS names at most."""


class Listing(NamedTuple):
    """A list so far: tools by name, and number and size of those beyond MOST_TOOLS.

    `consistent`: no tool came twice. One that does shows that the order differs from page to page,
    so that the pages need not have all tools between them.
    """

    tools: Mapping[str, Digest]
    more: int = 0
    more_size: ToolSize = NO_SIZE
    consistent: bool = True

    @property
    def names(self) -> frozenset[str]:
        """The names of the tools."""
        return frozenset(self.tools)

    def agreeing(self, tools: tuple[ListedTool, ...]) -> tuple[ListedTool, ...]:
        """Those of a page's tools that this list has not in another way: the first one counts."""
        had = self.tools
        return tuple(each for each in tools if had.get(each.name, each.digest) == each.digest)

    def plus(self, page: ToolPage) -> "Listing":
        """This list with one more page."""
        tools, more, size = {**self.tools}, self.more + page.more, self.more_size
        size = size.plus(page.more_size)
        for tool in page.tools:
            if tool.name in tools or len(tools) < MOST_TOOLS:
                tools.setdefault(tool.name, tool.digest)
            else:
                more, size = more + 1, size.plus(tool.size)
        whole = len(self.tools) + len(page.tools) == len(tools) + more - self.more - page.more
        return Listing(tools, more, size, self.consistent and whole)

    def merged(self, other: "Listing") -> "Listing":
        """What two lists have between them."""
        consistent = self.consistent and other.consistent
        longer = max(self, other, key=lambda each: each.more)
        return longer._replace(tools={**other.tools, **self.tools}, consistent=consistent)


_NOTHING = Listing({})


class OpenListings:
    """Lists of which some pages have come, by lister and the cursor of the next page.

    Of two that wait for the same page, either may go on: both do as one, which has too many names
    rather than too few.
    """

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open: dict[tuple[Hashable, str], Listing] = {}

    def __repr__(self) -> str:
        return f"<OpenListings {len(self._open)}>"

    def begun(self, lister: Hashable, cursor: str) -> Listing:
        """The list that waits for this page."""
        return self._open.get((lister, cursor), _NOTHING) if cursor else _NOTHING

    def add(self, lister: Hashable, cursor: str, following: str, page: ToolPage) -> Listing | None:
        """The list that a page completes; None if it is not the last, or if its start is unknown.

        `cursor` is that of the page, `following` that of the next one; "" for none.
        """
        begun = self._open.pop((lister, cursor), None) if cursor else _NOTHING
        if begun is None:
            return None
        listing = begun.plus(page)
        if not following:
            return listing
        key = lister, following
        other = self._open.pop(key, None)
        self._open[key] = listing if other is None else listing.merged(other)
        if len(self._open) > MOST_OPEN:
            del self._open[next(iter(self._open))]
        return None


class LastLists:
    """The names in the last whole list of each lister."""

    __slots__ = ("_lists", "_of")

    def __init__(self) -> None:
        self._of: dict[Hashable, tuple[int, float]] = {}
        self._lists: dict[int, frozenset[str]] = {}

    def __repr__(self) -> str:
        return f"<LastLists of={len(self._of)} different={len(self._lists)}>"

    def replace(
        self, lister: Hashable, names: frozenset[str], now: float
    ) -> tuple[frozenset[str], float] | None:
        """Remember a list; the one before it and its time, None if that is not known."""
        key, since = self._of.pop(lister, (0, 0.0))
        before = self._lists.get(key)
        key = hash(names)
        self._lists.pop(key, None)
        if len(self._of) >= MOST_LISTERS:
            del self._of[next(iter(self._of))]
        if len(self._lists) >= MOST_LISTS:
            del self._lists[next(iter(self._lists))]
        self._of[lister], self._lists[key] = (key, now), names
        return None if before is None else (before, since)
