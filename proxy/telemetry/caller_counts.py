"""Requests by caller, and bytes: a client or a principal has series of its own up to a cap."""

from collections import Counter
from collections.abc import Callable
from time import monotonic

from .capped_names import CappedNames
from .catalogue import OVERFLOW_LABEL, Outcome
from .client_info import UNKNOWN_CLIENT

MOST_VERSIONS = 5
"""Versions of one client that have series; those beyond are `other`."""

Row = tuple[str, str, str, str]
"""Name, version, tool class and outcome; a version or class that does not apply is ""."""


class Tally:
    """How many requests a row has, and how many bytes of results they received."""

    __slots__ = ("received", "requests")

    def __init__(self, requests: int = 0, received: int = 0) -> None:
        self.requests = requests
        self.received = received

    def __repr__(self) -> str:
        return f"<Tally requests={self.requests} received={self.received}>"

    def plus(self, more: "Tally") -> "Tally":
        """The sum of both."""
        return Tally(self.requests + more.requests, self.received + more.received)


class CallerCounts:
    """Counts by name, version, tool class and outcome, of at most `cap` names.

    A name has a place once a request of it succeeded; beyond the cap it is `other`, counted in
    `overflows`. One thread writes; what another reads is replaced by assignment.
    """

    __slots__ = ("_clock", "_names", "_versions", "overflows", "rows")

    def __init__(self, cap: int, clock: Callable[[], float] = monotonic) -> None:
        self.rows: dict[Row, Tally] = {}
        self.overflows = 0
        self._clock = clock
        self._names = CappedNames(cap, clock)
        self._versions: dict[str, CappedNames] = {}

    def __repr__(self) -> str:
        return f"<CallerCounts rows={len(self.rows)} {self._names!r}>"

    def count(self, name: str, version: str, tool_class: str, outcome: Outcome) -> Tally:
        """Count one request; `name` and `version` are printable and short (`client_info`).

        What it received can be added to the result until the next request is counted.
        """
        row = (name, version, tool_class, outcome)
        tally = self.rows.get(row)
        if tally is None:
            tally = self._admit(row)
        tally.requests += 1
        return tally

    def _admit(self, raw: Row) -> Tally:
        """The row of a name and version, bounded."""
        name, version, tool_class, outcome = raw
        label = self._bounded_name(name, outcome)
        if version:
            version = "" if label == OVERFLOW_LABEL else self._bounded_version(label, version)
        row = (label, version, tool_class, outcome)
        tally = self.rows.get(row)
        if tally is None:
            tally = self.rows[row] = Tally()
        return tally

    def _bounded_name(self, name: str, outcome: str) -> str:
        if name in (UNKNOWN_CLIENT.name, OVERFLOW_LABEL) or self._names.use(name):
            return name
        if outcome != Outcome.OK:
            return OVERFLOW_LABEL
        evicted = self._names.admit(name, lambda: self._uses(0))
        if evicted is None:
            self.overflows += 1
            return OVERFLOW_LABEL
        if evicted:
            self.rows = {row: tally for row, tally in self.rows.items() if row[0] != evicted}
            self._versions.pop(evicted, None)
        return name

    def _bounded_version(self, name: str, version: str) -> str:
        versions = self._versions.get(name)
        if versions is None:
            versions = self._versions[name] = CappedNames(MOST_VERSIONS, self._clock)
        if versions.use(version):
            return version
        evicted = versions.admit(version, lambda: self._uses(1, name))
        if evicted is None:
            return OVERFLOW_LABEL
        if evicted:
            self._merge_version(name, evicted)
        return version

    def _uses(self, place: int, name: str = "") -> Counter[str]:
        """Requests by name (place 0), or by version (place 1) of `name`."""
        used: Counter[str] = Counter()
        for row, tally in self.rows.items():
            if not name or row[0] == name:
                used[row[place]] += tally.requests
        return used

    def _merge_version(self, name: str, version: str) -> None:
        """Count the requests of a version under `other`: no total of the name falls."""
        rows: dict[Row, Tally] = {}
        for row, tally in self.rows.items():
            kept = (name, OVERFLOW_LABEL, *row[2:]) if row[:2] == (name, version) else row
            other = rows.get(kept)
            rows[kept] = tally if other is None else tally.plus(other)
        self.rows = rows
