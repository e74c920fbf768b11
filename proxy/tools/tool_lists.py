"""What the proxy knows of the tools of its server, from the lists that clients get."""

import logging
from collections.abc import Hashable

from .. import logs
from ..telemetry.ledger import Ledger
from ..telemetry.listed_tools import MOST_TOOLS, NO_SIZE, ToolList, ToolSize
from .listing import LastLists, Listing, OpenListings
from .page import ListedTool, ToolPage
from .page_cache import LONGEST_PAGE, PageCache

LOG = logging.getLogger("proxy.tools")

STALE_SECONDS = 3600.0
"""How long a tool still counts as listed that is in no list any more, if no lister had it."""


class ToolLists:
    """Takes pages of lists, and keeps the ledger's list of tools."""

    __slots__ = ("_last", "_ledger", "_more", "_open", "_pages", "_seen", "_skips", "_tools")

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._pages = PageCache()
        self._open = OpenListings()
        self._last = LastLists()
        self._tools: dict[str, ListedTool] = {}
        self._seen: dict[str, float] = {}
        self._more: tuple[int, ToolSize] = 0, NO_SIZE
        self._skips = logs.Quota(1)

    def __repr__(self) -> str:
        return f"<ToolLists tools={len(self._tools)} {self._open!r}>"

    def take(
        self,
        tools: bytes,
        length: int,
        lister: Hashable,
        now: float,
        cursor: str = "",
        following: str = "",
    ) -> None:
        """Take note of a page, whose member `tools` is that text, in an answer of `length` bytes.

        `cursor` is that of the page, `following` that of the next one, "" for none. `now` is in
        seconds of a clock that does not go back.
        """
        page = self._pages.page(tools, now) if length <= LONGEST_PAGE else None
        if page is None:
            if self._skips.admits(now):
                logs.event(
                    LOG,
                    "list of tools not read",
                    logging.WARNING,
                    bytes=length,
                    **self._skips.left_out(),
                )
            return
        changed = self._update(page, now)
        whole = self._open.add(lister, cursor, following, page)
        if whole is not None:
            changed |= self._complete(lister, whole, now)
        if changed:
            self._publish(complete=whole is not None)

    def _update(self, page: ToolPage, now: float) -> bool:
        """Whether a tool is new, or was listed in another way before."""
        tools, seen, changed = self._tools, self._seen, False
        for tool in page.tools:
            known = tools.get(tool.name)
            if known is None and len(tools) >= MOST_TOOLS:
                continue
            seen[tool.name] = now
            if known is not tool and known != tool:
                tools[tool.name] = tool
                changed = True
        return changed

    def _complete(self, lister: Hashable, whole: Listing, now: float) -> bool:
        """Whether tools have left the list, or the number of those beyond MOST_TOOLS is another."""
        names = whole.names
        before = self._last.replace(lister, names)
        all_named = whole.consistent and not whole.more
        gone = before - names if before is not None and all_named else frozenset()
        stale = [each for each, seen in self._seen.items() if now - seen > STALE_SECONDS]
        for name in (*gone, *stale):
            if self._tools.pop(name, None) is not None:
                del self._seen[name]
        more = whole.more, whole.more_size
        changed = bool(gone or stale) or more != self._more or not self._ledger.tools.complete
        self._more = more
        return changed

    def _publish(self, *, complete: bool) -> None:
        ledger = self._ledger
        ledger.tools_listed({name: tool.hints for name, tool in self._tools.items()})
        sizes = {name: tool.size for name, tool in self._tools.items()}
        ledger.tools = ToolList(sizes, *self._more, complete or ledger.tools.complete)
