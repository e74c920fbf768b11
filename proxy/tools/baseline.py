"""How a list of tools differs from the tools that were approved (`baseline_file`)."""

from collections.abc import Mapping

from ..telemetry.catalogue import ToolChange
from .byte_quota import ByteQuota
from .changes import Change, arrivals, changes
from .definition import Definition, Digest, digest_of, write
from .forms import Forms

COMPARED_BYTES_PER_SECOND = 512 * 1024
"""Of definitions that differ, and of work to compare them; what is beyond that counts as one
difference until it is compared.
"""

_UNREAD = (Change(ToolChange.DESCRIPTION_CHANGED, "", "", ""),)


class Baseline:
    """The approved tools of one server, compared with the definitions in `forms`.

    `pending` is whether some differences are still to be read.
    """

    __slots__ = ("_approved", "_digests", "_forms", "_known", "_quota", "pending")

    def __init__(self, approved: Mapping[str, Definition], forms: Forms) -> None:
        self.pending = False
        self._approved = approved
        self._digests = {name: digest_of(write(tool).encode()) for name, tool in approved.items()}
        self._forms = forms
        self._known: dict[str, tuple[Digest, tuple[Change, ...]]] = {}
        self._quota = ByteQuota(COMPARED_BYTES_PER_SECOND)

    def __repr__(self) -> str:
        return f"<Baseline tools={len(self._approved)}>"

    def differences(
        self, listed: Mapping[str, Digest], now: float, *, whole: bool
    ) -> list[tuple[str, Change]]:
        """Each difference with the name of its tool; `listed` are the digests of what is listed.

        If that is not the `whole` list, none is missing from it.
        """
        self.pending = False
        approved = self._approved
        gone = {name: approved[name] for name in approved.keys() - listed.keys() if whole}
        # In order, since the first of them may use up the quota.
        added = sorted(listed.keys() - approved)
        new = {name: self._definition(name, listed[name], now) for name in added}
        found = arrivals(gone, new)
        for name in sorted(approved.keys() & listed.keys()):
            if listed[name] != self._digests[name]:
                found += [(name, each) for each in self._changes(name, listed[name], now)]
        return found

    def _changes(self, name: str, digest: Digest, now: float) -> tuple[Change, ...]:
        known, found = self._known.get(name, (b"", ()))
        if known == digest:
            return found
        definition = self._definition(name, digest, now)
        if definition is None:
            return _UNREAD
        found = changes(self._approved[name], definition, lambda work: self._quota.use(work, now))
        self._known[name] = digest, found
        return found

    def _definition(self, name: str, digest: Digest, now: float) -> Definition | None:
        """A definition that is listed; None if it has no one form, or is still to be read."""
        length = self._forms.length(name, digest)
        if not self._quota.admits(length, now):
            self.pending = True
            return None
        return self._forms.get(name, digest)
