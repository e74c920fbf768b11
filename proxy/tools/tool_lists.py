"""What the proxy knows of the tools of its server, from the lists that clients get."""

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from .. import logs
from ..telemetry.catalogue import ToolChange
from ..telemetry.client_info import ClientInfo
from ..telemetry.ledger import Ledger
from ..telemetry.listed_tools import MOST_TOOLS, NO_SIZE, ToolList, ToolSize
from .baseline import Baseline
from .changes import Change
from .definition import Definition, Digest
from .differences import Differences
from .forms import Forms
from .history import ToolHistory, WholeList
from .listing import LastLists, Listing, OpenListings
from .page import ListedTool
from .page_cache import LONGEST_PAGE, PageCache
from .readable import readable

LOG = logging.getLogger("proxy.tools")

STALE_SECONDS = 3600.0
"""How long a tool still counts as listed that is in no list any more, if no lister had it."""
LINES_PER_SECOND = 20
"""Of the log, at most; what is left out is counted."""
_LONGEST_NAME = 160
"""Characters of a name in the log, where some are escaped."""


class Lister(NamedTuple):
    """A client that may get a list of its own: by its name, its revision, and who it is.

    `keys` is a hash of what it shows the server of itself.
    """

    client: ClientInfo
    version: str
    principal: str = ""
    keys: int = 0


class ToolLists:
    """Takes pages of lists; keeps the ledger's list of tools, and counts what changes in it.

    With `approved` tools, by label, it also counts what differs from them.
    """

    __slots__ = (
        "_baseline", "_consistent", "_differences", "_forms", "_history", "_last", "_ledger",
        "_lines", "_more", "_open", "_pages", "_seen", "_skips", "_tools",
    )  # fmt: skip

    def __init__(self, ledger: Ledger, approved: Mapping[str, Definition] | None = None) -> None:
        self._ledger = ledger
        self._pages = PageCache()
        self._open = OpenListings()
        self._last = LastLists()
        self._forms = Forms()
        self._baseline = None if approved is None else Baseline(approved, self._forms)
        self._differences = Differences()
        self._consistent = False
        self._history = ToolHistory(self._forms, self._report)
        self._tools: dict[str, ListedTool] = {}
        self._seen: dict[str, float] = {}
        self._more: tuple[int, ToolSize] = 0, NO_SIZE
        self._skips = logs.Quota(1)
        self._lines = logs.Quota(LINES_PER_SECOND)

    def __repr__(self) -> str:
        return f"<ToolLists tools={len(self._tools)} {self._open!r}>"

    def take(
        self,
        tools: bytes,
        length: int,
        lister: Lister,
        now: float,
        cursor: str = "",
        following: str = "",
    ) -> None:
        """Take note of a page, whose member `tools` is that text, in an answer of `length` bytes.

        `cursor` is that of the page, `following` that of the next one, "" for none. `now` is in
        seconds of a clock that does not go back.
        """
        read = self._pages.read(tools, now) if length <= LONGEST_PAGE else None
        if read is None:
            self._log_unread(length, now)
            return
        listed = self._open.begun(lister, cursor).agreeing(read.page.tools)
        changed = self._update(listed, read.forms, now)
        self._history.listed(listed, lister[:2], now)
        whole = self._open.add(lister, cursor, following, read.page)
        if whole is not None:
            changed |= self._complete(lister, whole, now)
        if changed:
            self._publish(complete=whole is not None)
        baseline = self._baseline
        if baseline is not None and self._ledger.tools.complete:
            self._compare(baseline, now, changed=changed)

    def input_schema(self, name: str) -> tuple[Digest, Callable[[], Any]] | None:
        """The digest of a tool's definition, and what reads its input schema; None if it is not
        known.
        """
        tool = self._tools.get(name)
        if tool is None or not self._forms.length(name, tool.digest):
            return None
        return tool.digest, partial(self._read_input_schema, name, tool.digest)

    def _read_input_schema(self, name: str, digest: Digest) -> Any:
        definition = self._forms.get(name, digest)
        return None if definition is None else definition.input_schema

    def _update(
        self, listed: Iterable[ListedTool], forms: Mapping[Digest, bytes], now: float
    ) -> bool:
        """Whether a tool is new, or was listed in another way before."""
        tools, seen, changed = self._tools, self._seen, False
        for tool in listed:
            name, digest = tool.name, tool.digest
            known = tools.get(name)
            if known is None and len(tools) >= MOST_TOOLS:
                continue
            seen[name] = now
            if known is not tool and known != tool:
                tools[name] = tool
                changed = True
            if digest in forms:
                self._forms.keep(name, digest, forms[digest])
        return changed

    def _complete(self, lister: Lister, whole: Listing, now: float) -> bool:
        """Whether tools have left the list, or the number of those beyond MOST_TOOLS is another."""
        gone: frozenset[str] = frozenset()
        names = whole.names
        last = self._last.replace(lister, names, now)
        if last is not None and whole.consistent and not whole.more:
            before, since = last
            gone = before - names
            if before != names:
                digests = {name: tool.digest for name, tool in self._tools.items()}
                self._history.completed(WholeList(names, before, since), digests, now)
        stale = [each for each, seen in self._seen.items() if now - seen > STALE_SECONDS]
        self._forget((*gone, *stale))
        more = whole.more, whole.more_size
        self._consistent |= whole.consistent
        changed = bool(gone or stale) or more != self._more or not self._ledger.tools.complete
        self._more = more
        return changed

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            self._history.forget(name)
            if self._tools.pop(name, None) is not None:
                del self._seen[name]

    def _publish(self, *, complete: bool) -> None:
        ledger = self._ledger
        ledger.tools_listed({name: tool.hints for name, tool in self._tools.items()})
        sizes = {name: tool.size for name, tool in self._tools.items()}
        ledger.tools = ToolList(sizes, *self._more, complete or ledger.tools.complete)

    def _compare(self, baseline: Baseline, now: float, *, changed: bool) -> None:
        """Count the differences from the approved tools, and write a line about each new one."""
        if not (changed or baseline.pending or self._differences.waiting):
            return
        digests = {name: tool.digest for name, tool in self._tools.items()}
        whole = self._consistent and not self._more[0]
        differences = self._differences
        new = differences.update(baseline.differences(digests, now, whole=whole), now)
        counts = dict.fromkeys(ToolChange, 0)
        for _, change in differences.now:
            counts[change.kind] += 1
        self._ledger.baseline_differences = counts
        for name, change in new:
            if self._lines.admits(now):
                self._log("tool differs from the approved one", name, change)

    def _report(self, name: str, change: Change, now: float) -> None:
        """Count a change, and write a line about it."""
        self._ledger.tool_changes[change.kind] += 1
        if self._lines.admits(now):
            self._log("tool changed", name, change)

    def _log(self, event: str, name: str, change: Change) -> None:
        found = {
            "change": change.kind,
            "tool": readable(name, _LONGEST_NAME),
            "parameter": readable(change.parameter, _LONGEST_NAME),
            "before": change.before,
            "after": change.after,
        }
        shown = {key: each for key, each in found.items() if each}
        left_out = self._lines.left_out()
        server = self._ledger.server
        logs.event(LOG, event, logging.WARNING, server=server, **shown, **left_out)

    def _log_unread(self, length: int, now: float) -> None:
        if self._skips.admits(now):
            server, left_out = self._ledger.server, self._skips.left_out()
            logs.event(
                LOG,
                "list of tools not read",
                logging.WARNING,
                server=server,
                bytes=length,
                **left_out,
            )
