"""The ledger: every count the proxy keeps, one row per label set, written once per request.

A request costs few dictionary look-ups, searches of buckets and adds; everything that `/metrics`
and OTLP show is projected from these rows later (`projection.py`). Only the event loop writes.
A reader in another thread copies what it reads; what is computed again takes the place of the old
by assignment, so that no reader sees half of it; a row holds no total count beside its buckets,
so that count and buckets can never disagree, whenever it is read.
"""

import time
from collections import Counter
from collections.abc import Mapping
from operator import add
from typing import Final, NamedTuple

from ..jsonrpc.methods import ALL as METHODS
from ..jsonrpc.methods import PROMPTS_GET, RESOURCES_READ, TOOLS_CALL
from .caller_counts import CallerCounts, Tally
from .capped_names import CappedNames
from .catalogue import (
    LAG_BUCKETS,
    NO_METHOD,
    OPERATION_BUCKETS,
    OVERFLOW_LABEL,
    OVERHEAD_BUCKETS,
    RESULT_BUCKETS,
    SIZE_BUCKETS,
    Fault,
    Outcome,
    ToolChange,
    ToolClass,
    WasteReason,
)
from .client_info import ClientInfo, printable
from .listed_tools import MOST_TOOLS, ToolHints, ToolList
from .vocabulary import (
    HTTP_METHODS,
    PROTOCOL_VERSIONS,
    TOOL_BYTES,
    DropReason,
    KillSignal,
    RejectionCause,
    Signal,
    TransportState,
    cut,
    known,
    known_error,
    known_status,
)

EVICTED = "evicted ".ljust(TOOL_BYTES + 1)
"""The tool of calls whose tool has no series any more; longer than any name."""
TOOL_LABEL, CLIENT_LABEL, PRINCIPAL_LABEL = "tool", "client", "principal"
TARGET_LABELS = {RESOURCES_READ: "resource", PROMPTS_GET: "prompt"}
"""Labels whose values are capped rather than known beforehand."""
_UNLISTED: Final = ToolClass.UNLISTED
"""As a name of the module, since attributes of an Enum are slow."""


class Exemplar(NamedTuple):
    """One sampled request that fell into a bucket; `unix_seconds` is when it ended."""

    value: float
    trace_id: int
    span_id: int
    unix_seconds: float


class Labels(NamedTuple):
    """The labels of a row; an empty string means that the label does not apply."""

    method: str
    tool: str
    http_method: str
    status_code: int
    outcome: str
    fault: str
    error_type: str
    protocol_version: str


Row = tuple[str, str, str, int, str, str, str, str]
"""`Labels` as a plain tuple, which is equal to it and much cheaper to build."""


class Distribution:
    """Counts per bucket, the last one unbounded, with the sum and each bucket's last exemplar."""

    __slots__ = ("bounds", "counts", "exemplars", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0
        self.exemplars: dict[int, Exemplar] = {}

    def __repr__(self) -> str:
        return f"<Distribution count={sum(self.counts)} total={self.total:g}>"

    def observe(self, value: float) -> int:
        """Count `value` in the first bucket whose upper bound is not below it: in which one."""
        bucket = 0
        for bound in self.bounds:  # Compiled, that is much faster than to call `bisect`.
            if value <= bound:
                break
            bucket += 1
        self.counts[bucket] += 1
        self.total += value
        return bucket

    def merge(self, other: "Distribution") -> None:
        """Add the counts of `other`, which has the same bounds; the newer exemplars win."""
        self.counts = list(map(add, self.counts, other.counts))
        self.total += other.total
        for bucket, exemplar in tuple(other.exemplars.items()):
            mine = self.exemplars.get(bucket)
            if mine is None or mine.unix_seconds <= exemplar.unix_seconds:
                self.exemplars[bucket] = exemplar


class Ledger:
    """All counts of one proxy in front of one server; `transport` is the one the server speaks."""

    def __init__(
        self,
        server: str,
        transport: str,
        *,
        tool_cap: int = 200,
        client_cap: int = 50,
        target_cap: int = 50,
        exemplars: bool = True,
    ) -> None:
        self.server = server
        self.transport = transport
        self.connections = 0
        self.in_flight = 0
        self.sessions = 0
        self.streams = 0
        self.upstream_up = 0
        self.upstream_restarts = 0
        self.upstream_kills = dict.fromkeys(KillSignal, 0)
        self.transports: Mapping[TransportState, int] = dict.fromkeys(TransportState, 0)
        self.start_unix_nanoseconds = time.time_ns()
        self.rows: dict[Row, Distribution] = {}
        self.session_lives: dict[str, Distribution] = {"": Distribution(OPERATION_BUCKETS)}
        self.overhead = Distribution(OVERHEAD_BUCKETS)
        self.request_sizes = Distribution(SIZE_BUCKETS)
        self.response_sizes = Distribution(SIZE_BUCKETS)
        self.first_events = Distribution(OPERATION_BUCKETS)
        self.lag = Distribution(LAG_BUCKETS)
        self.drops = {(signal, reason): 0 for signal in Signal for reason in DropReason}
        self.clients = CallerCounts(client_cap)
        self.principals = CallerCounts(client_cap)
        self.refusals = dict.fromkeys(RejectionCause, 0)
        self._exemplars = exemplars
        self._tools = CappedNames(tool_cap)
        self._tool_overflows = 0
        self._tool_classes: dict[str, ToolClass] = {}
        self.tools = ToolList({}, complete=False)
        self.tool_changes = dict.fromkeys(ToolChange, 0)
        self.baseline_differences: Mapping[ToolChange, int] = {}
        self.wasted = {
            (WasteReason.UNLISTED_TOOL.value, OVERFLOW_LABEL): 0,
            (WasteReason.UNCHANGED_LIST.value, ""): 0,
        }
        self.injected_faults: Mapping[tuple[str, str], int] = {}
        self.result_sizes: dict[tuple[str, str], Distribution] = {}
        self._targets = {method: CappedNames(target_cap) for method in TARGET_LABELS}
        self._target_overflows = dict.fromkeys(TARGET_LABELS, 0)

    def __repr__(self) -> str:
        return f"<Ledger {self.server} rows={len(self.rows)} {self._tools!r}>"

    def record(
        self,
        method: str,
        tool: str,
        http_method: str,
        status_code: int,
        outcome: Outcome,
        fault: Fault,
        error_type: str,
        protocol_version: str,
        seconds: float,
        overhead_seconds: float,
        trace_id: int = 0,
        span_id: int = 0,
    ) -> None:
        """Count one answered request.

        Empty strings mean "does not apply" (`tool`, `error_type`, `protocol_version`). Values
        outside the known sets, and tools without series (`CappedNames`), are counted as `other`.
        `trace_id` is given only if the request's trace was sampled. Arguments are positional and
        plain because building an object for them would cost as much as the counting does.
        """
        labels = (
            method, tool, http_method, status_code, outcome, fault, error_type, protocol_version,
        )  # fmt: skip
        row = self.rows.get(labels)
        if row is None:
            row = self._admit(Labels(*labels))
        bucket = row.observe(seconds)
        self.overhead.observe(overhead_seconds)
        if trace_id and self._exemplars:
            row.exemplars[bucket] = Exemplar(seconds, trace_id, span_id, time.time())

    def sized(self, request_bytes: int, response_bytes: int) -> None:
        """Count how long a request and its answer are; 0 if there was no answer."""
        self.request_sizes.observe(request_bytes)
        if response_bytes:
            self.response_sizes.observe(response_bytes)

    def result_sized(self, method: str, target: str, size: int) -> None:
        """Count how long a result is: of a tool, a prompt or a resource, which is `target`."""
        sizes = self.result_sizes.get((method, target))
        if sizes is None:
            sizes = self._admit_result(method, target)
        sizes.observe(size)

    def request_wasted(self, reason: WasteReason, tool: str, count: int) -> None:
        """Count a request that brought nothing; 0 lets the series begin before the first one."""
        row = reason.value, self.tool_label(tool) if tool else ""
        self.wasted[row] = self.wasted.get(row, 0) + count

    def session_ended(self, seconds: float, error_type: str = "") -> None:
        """Count the life of a session; `error_type` is empty if it ended as it should."""
        kind = known_error(error_type)
        life = self.session_lives.setdefault(kind, Distribution(OPERATION_BUCKETS))
        life.observe(seconds)

    def upstream_killed(self, signal: str) -> None:
        """Count a process of the server that a signal ended, which the proxy had not sent."""
        known = KillSignal(signal) if signal in tuple(KillSignal) else KillSignal.OTHER
        self.upstream_kills[known] += 1

    def loop_lag(self, seconds: float) -> None:
        """Count how late a timer ran."""
        self.lag.observe(seconds)

    def dropped(self, signal: Signal, reason: DropReason, count: int = 1) -> None:
        """Count telemetry that was lost: spans, or exports of metrics."""
        self.drops[signal, reason] += count

    @property
    def overflows(self) -> dict[str, int]:
        """How many successful requests are counted as `other`, by label."""
        return {
            TOOL_LABEL: self._tool_overflows,
            CLIENT_LABEL: self.clients.overflows,
            PRINCIPAL_LABEL: self.principals.overflows,
            **{TARGET_LABELS[method]: n for method, n in self._target_overflows.items()},
        }

    def record_caller(
        self, client: ClientInfo, principal: str, tool: str, outcome: Outcome
    ) -> Tally:
        """Count one answered request by who sent it; `tool` is "" if it called none.

        `principal` is "" where principals are not asked for. The result is the client's.
        """
        name, version = client
        tool_class = self._class_of(tool) if tool else ""
        if principal:
            self.principals.count(principal, "", tool_class, outcome)
        return self.clients.count(name, version, tool_class, outcome)

    def _class_of(self, tool: str) -> str:
        # Most names are as they were listed, and to cut one takes longer than to find it.
        found = self._tool_classes.get(tool)
        return self._tool_classes.get(cut(tool), _UNLISTED) if found is None else found

    def tools_listed(self, tools: Mapping[str, ToolHints]) -> None:
        """The server listed these tools."""
        self._tools.list(tools)
        for name, hints in tools.items():
            label = cut(name)
            if label in self._tool_classes or len(self._tool_classes) < MOST_TOOLS:
                self._tool_classes[label] = _tool_class(hints)

    def tool_label(self, tool: str) -> str:
        """What `tool` is called in labels: its name, cut, if it has series of its own."""
        name = cut(tool)
        return name if name in self._tools else OVERFLOW_LABEL

    def _admit(self, raw: Labels) -> Distribution:
        """The row of `raw` after bounding each label; a raw value itself is never kept."""
        labels = Labels(
            method=known(raw.method, METHODS) or NO_METHOD,
            tool=self._bounded_tool(raw.tool, raw.outcome) if raw.tool else "",
            http_method=known(raw.http_method, HTTP_METHODS) or OVERFLOW_LABEL,
            status_code=known_status(raw.status_code),
            outcome=raw.outcome,
            fault=raw.fault,
            error_type=known_error(raw.error_type),
            protocol_version=known(raw.protocol_version, PROTOCOL_VERSIONS),
        )
        row = self.rows.get(labels)
        if row is None:
            row = self.rows[labels] = Distribution(OPERATION_BUCKETS)
        return row

    def _admit_result(self, method: str, target: str) -> Distribution:
        """The sizes of a target's results; those of one without series of its own are `other`'s."""
        if method == TOOLS_CALL:
            key = method, self.tool_label(target)
        else:
            key = method, self._bounded_target(method, target_label(target))
        sizes = self.result_sizes.get(key)
        if sizes is None:
            sizes = self.result_sizes[key] = Distribution(RESULT_BUCKETS)
        return sizes

    def _bounded_target(self, method: str, label: str) -> str:
        names = self._targets[method]
        if names.use(label):
            return label
        evicted = names.admit(label, lambda: self._results(method))
        if evicted is None:
            self._target_overflows[method] += 1
            return OVERFLOW_LABEL
        if evicted:
            self.result_sizes.pop((method, evicted), None)
        return label

    def _results(self, method: str) -> dict[str, int]:
        """How many results each target had."""
        found = self.result_sizes.items()
        return {target: sum(each.counts) for (kind, target), each in found if kind == method}

    def _bounded_tool(self, tool: str, outcome: str) -> str:
        name = cut(tool)
        if self._tools.use(name):
            return name
        if outcome != Outcome.OK:
            return OVERFLOW_LABEL
        evicted = self._tools.admit(name, self._uses)
        if evicted is None:
            self._tool_overflows += 1
            return OVERFLOW_LABEL
        if evicted:
            self._evict(evicted)
        return name

    def _uses(self) -> Counter[str]:
        """How many calls each tool had."""
        used: Counter[str] = Counter()
        for labels, row in self.rows.items():
            used[labels[1]] += sum(row.counts)
        return used

    def _evict(self, tool: str) -> None:
        """End a tool's series. Its calls still count in series without a tool: no total falls."""
        rows: dict[Row, Distribution] = {}
        for labels, row in self.rows.items():
            if labels[1] in (tool, EVICTED):
                kept = rows.setdefault(
                    Labels(*labels)._replace(tool=EVICTED), Distribution(OPERATION_BUCKETS)
                )
                kept.merge(row)
            else:
                rows[labels] = row
        self.rows = rows
        self.result_sizes.pop((TOOLS_CALL, tool), None)
        self.wasted = {row: count for row, count in self.wasted.items() if row[1] != tool}


def target_label(target: str) -> str:
    """A prompt's name or a resource's URI as a label: without what may be secret in a URI."""
    place = target.partition("?")[0].partition("#")[0]
    scheme, separator, rest = place.partition("://")
    if separator:
        authority, slash, path = rest.partition("/")
        place = f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"
    return printable(place) or OVERFLOW_LABEL


def _tool_class(hints: ToolHints) -> ToolClass:
    if hints.read_only_hint:
        return ToolClass.READ_ONLY
    if hints.destructive_hint is False:
        return ToolClass.ADDITIVE
    said = hints.destructive_hint is not None or hints.read_only_hint is not None
    return ToolClass.DESTRUCTIVE if said else ToolClass.UNANNOTATED
