"""Changes of a server's tools, each found once: by what listers got before.

A definition that is new to clients of one kind (a client and a revision) is a change only if they
got another one before: some servers describe tools by client. A tool is added or removed only if
the same lister got a whole list without it, or with it: some servers list by token.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import NamedTuple

from ..telemetry.catalogue import ToolChange
from ..telemetry.listed_tools import MOST_TOOLS
from .byte_quota import ByteQuota
from .changes import Change, arrivals, changes
from .definition import Definition, Digest
from .forms import Forms
from .page import ListedTool
from .recent_states import ABSENT, RecentStates

COMPARED_BYTES_PER_SECOND = 512 * 1024
"""Of definitions that changed, and of work to compare them; what is beyond that is compared when it
is listed again.
"""
MOST_AUDIENCES = 32
"""Kinds of clients whose definitions are remembered, of MOST_TOOLS tools each; others are one."""
UNUSED_SECONDS = 3600.0
"""For how long a kind of clients keeps its place without a list, however many others come."""

Report = Callable[[str, Change, float], None]
"""Is called with the tool, what changed, and when."""


class WholeList(NamedTuple):
    """Names in a whole list of a lister, and in the one before, which was complete at `since`."""

    names: frozenset[str]
    before: frozenset[str]
    since: float


class _Audience:
    """Clients of a kind: the definitions that they got, and when they got a list.

    `back` are tools of which they got an earlier definition again: by an older replica, or since
    the server was rolled back.
    """

    __slots__ = ("back", "seen", "used")

    def __init__(self) -> None:
        self.seen: dict[str, Digest] = {}
        self.back: set[str] = set()
        self.used = 0.0


class ToolHistory:
    """Reports what changes, by the definitions in `forms`."""

    __slots__ = (
        "_audiences",
        "_first_seen",
        "_forms",
        "_others",
        "_quota",
        "_report",
        "_states",
    )

    def __init__(self, forms: Forms, report: Report) -> None:
        self._forms = forms
        self._report = report
        self._audiences: dict[Hashable, _Audience] = {}
        self._others = _Audience()
        self._first_seen: dict[str, float] = {}
        self._states = RecentStates()
        self._quota = ByteQuota(COMPARED_BYTES_PER_SECOND)

    def __repr__(self) -> str:
        return f"<ToolHistory audiences={len(self._audiences)} {self._states!r}>"

    def listed(self, tools: Iterable[ListedTool], audience: Hashable, now: float) -> None:
        """Clients of a kind got these definitions."""
        of = self._audience(audience, now)
        seen, back = of.seen, of.back
        for name, _, _, digest in tools:
            before = seen.get(name)
            if before != digest and self._may_note(of, name, before, digest, now):
                seen[name] = digest
            if self._states:
                self._states.see(name, digest, now)
                if name in back and seen.get(name) == digest:
                    self._report_return(back, name, digest, now)
            if name not in self._first_seen and len(self._first_seen) < MOST_TOOLS:
                self._first_seen[name] = now

    def completed(self, whole: WholeList, digests: Mapping[str, Digest], now: float) -> None:
        """A lister got another list than before; `digests` are those of all tools known so far."""
        first_seen = self._first_seen
        gone = self._news(whole.before - whole.names, digests, now, leaves=True)
        late = {
            name for name in whole.names - whole.before if first_seen.get(name, now) > whole.since
        }
        new = self._news(late, digests, now, leaves=False)
        for name, change in arrivals(gone, new):
            self._report(name, change, now)

    def forget(self, name: str) -> None:
        """A tool is in no list any more: if it comes again, it is new."""
        self._first_seen.pop(name, None)
        for audience in (self._others, *self._audiences.values()):
            audience.seen.pop(name, None)
            audience.back.discard(name)

    def _audience(self, audience: Hashable, now: float) -> _Audience:
        """What clients of a kind got."""
        found = self._audiences.pop(audience, None)
        if found is None and len(self._audiences) >= MOST_AUDIENCES:
            longest_unused = next(iter(self._audiences))
            if now - self._audiences[longest_unused].used <= UNUSED_SECONDS:
                return self._others
            del self._audiences[longest_unused]
        found = self._audiences[audience] = found or _Audience()
        found.used = now
        return found

    def _may_note(
        self, of: _Audience, name: str, before: Digest | None, digest: Digest, now: float
    ) -> bool:
        """Report a change; False if it is to be found again later."""
        if before is None:
            return len(of.seen) < MOST_TOOLS
        if not self._may_compare(name, before, digest, now):
            return False
        was_counted = self._states.is_counted(name, before)
        if self._states.change(name, before, digest, now):
            self._report_changes(name, before, digest, now)
            of.back.discard(name)
        elif self._states.is_counted(name, digest):
            of.back.discard(name)
        elif was_counted:
            of.back.add(name)
        return True

    def _report_return(self, back: set[str], name: str, digest: Digest, now: float) -> None:
        """Report that a tool is as it was before, once the later definition is gone for good."""
        if self._states.is_counted(name, digest):
            back.discard(name)
        elif not self._quota.is_used(now) and (before := self._states.replaced(name, digest, now)):
            back.discard(name)
            self._quota.use(self._forms.length(name, digest), now)
            self._report_changes(name, before, digest, now)

    def _may_compare(self, name: str, before: Digest, after: Digest, now: float) -> bool:
        length = self._forms.length(name, before) + self._forms.length(name, after)
        return self._quota.admits(length, now)

    def _report_changes(self, name: str, before: Digest, after: Digest, now: float) -> None:
        for each in self._changes(name, before, after, now):
            self._report(name, each, now)

    def _changes(self, name: str, before: Digest, after: Digest, now: float) -> tuple[Change, ...]:
        old, new = self._forms.get(name, before), self._forms.get(name, after)
        if old is None or new is None:  # Too long, or too many of them.
            return (Change(ToolChange.DESCRIPTION_CHANGED, "", "", ""),)
        return changes(old, new, lambda work: self._quota.use(work, now))

    def _news(
        self, names: Iterable[str], digests: Mapping[str, Digest], now: float, *, leaves: bool
    ) -> dict[str, Definition | None]:
        """Those that are not known to come and go, with their definitions."""
        found: dict[str, Definition | None] = {}
        for name in sorted(names):  # The first of them may use up the quota.
            digest = digests.get(name)
            if digest is None:
                continue
            before, after = (digest, ABSENT) if leaves else (ABSENT, digest)
            if self._states.change(name, before, after, now):
                known = self._quota.admits(self._forms.length(name, digest), now)
                found[name] = self._forms.get(name, digest) if known else None
        return found
