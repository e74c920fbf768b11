"""The ledger's rows as metric families: the one source of `/metrics` and OTLP.

Failures whose label sets have not occurred yet are projected at 0 as soon as their method and
tool have been seen, because `rate()` cannot see the first step of a counter that starts at 1.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ..jsonrpc.methods import TOOLS_CALL
from . import catalogue
from .caller_counts import CallerCounts
from .catalogue import (
    COMMON_ATTRIBUTES,
    OVERFLOW_LABEL,
    Fault,
    Instrument,
    Metric,
    Outcome,
    Status,
)
from .ledger import EVICTED, Distribution, Labels, Ledger
from .listed_tools import ToolList, ToolSize
from .process import ProcessUse
from .vocabulary import ErrorType

STDIO = "stdio"

Values = tuple[str, ...]
"""Label values in the order of the metric's `attributes`."""


@dataclass(frozen=True, slots=True)
class Point:
    """One data point; `attributes` are OpenTelemetry's, without those that do not apply."""

    attributes: dict[str, str]
    value: float | Distribution


@dataclass(frozen=True, slots=True)
class Family:
    """Every data point of one metric of the catalogue."""

    metric: Metric
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the ledger, with what a projection needs to know beside its labels."""

    labels: Labels
    network_transport: str

    @property
    def request(self) -> Values:
        """Values of `REQUEST_ATTRIBUTES`."""
        labels = self.labels
        code = str(labels.status_code) if labels.status_code else OVERFLOW_LABEL
        return labels.method, labels.http_method, code, self.status

    @property
    def status(self) -> Status:
        """ToolHive's status, made honest."""
        return Status.SUCCESS if self.labels.outcome == Outcome.OK else Status.ERROR

    def operation(self, error_type: str) -> Values:
        """Values of the operation's attributes with this `error.type`."""
        labels = self.labels
        return (
            labels.method,
            labels.tool,
            error_type,
            self.network_transport,
            labels.protocol_version,
        )


def network_transport(transport: str) -> str:
    """`network.transport` of a server that speaks `transport`."""
    return "pipe" if transport == STDIO else "tcp"


def _is_tool_call(row: Row) -> bool:
    return row.labels.method == TOOLS_CALL


def _has_tool(row: Row) -> bool:
    return row.labels.tool != EVICTED


def _request_failure(row: Row) -> Iterator[Values]:
    yield *row.request[:-1], Status.ERROR


def _tool_failure(row: Row) -> Iterator[Values]:
    yield row.labels.tool, Status.ERROR


def _operation_failure(row: Row) -> Iterator[Values]:
    if _is_tool_call(row):
        yield row.operation(ErrorType.TOOL_ERROR)


_FAILURES = (
    (Outcome.PROTOCOL_ERROR, Fault.CALLER),
    (Outcome.PROTOCOL_ERROR, Fault.SERVER),
    (Outcome.TRANSPORT_ERROR, Fault.SERVER),
    (Outcome.TIMEOUT, Fault.SERVER),
)


def _outcome_failures(row: Row) -> Iterator[Values]:
    for outcome, fault in _FAILURES:
        yield row.labels.method, outcome, fault
    if _is_tool_call(row):
        yield row.labels.method, Outcome.TOOL_ERROR, Fault.SERVER


@dataclass(frozen=True, slots=True)
class _RowFamily:
    """How rows become the points of one metric."""

    metric: Metric
    values: Callable[[Row], Values]
    zeros: Callable[[Row], Iterable[Values]] = lambda row: ()
    applies: Callable[[Row], bool] = lambda row: True


_ROW_FAMILIES = (
    _RowFamily(catalogue.REQUESTS, lambda row: row.request, _request_failure),
    _RowFamily(catalogue.REQUEST_DURATION, lambda row: row.request),
    _RowFamily(
        catalogue.TOOL_CALLS,
        lambda row: (row.labels.tool, row.status),
        _tool_failure,
        lambda row: _is_tool_call(row) and _has_tool(row),
    ),
    _RowFamily(
        catalogue.OPERATION_DURATION,
        lambda row: row.operation(row.labels.error_type),
        _operation_failure,
        _has_tool,
    ),
    _RowFamily(
        catalogue.OUTCOMES,
        lambda row: (row.labels.method, row.labels.outcome, row.labels.fault),
        _outcome_failures,
    ),
)

_STATES: tuple[tuple[Metric, Callable[[Ledger], float | Distribution]], ...] = (
    (catalogue.ACTIVE_CONNECTIONS, lambda ledger: ledger.connections),
    (catalogue.OVERHEAD, lambda ledger: ledger.overhead),
    (catalogue.REQUEST_SIZE, lambda ledger: ledger.request_sizes),
    (catalogue.RESPONSE_SIZE, lambda ledger: ledger.response_sizes),
    (catalogue.FIRST_EVENT, lambda ledger: ledger.first_events),
    (catalogue.IN_FLIGHT, lambda ledger: ledger.in_flight),
    (catalogue.SESSIONS, lambda ledger: ledger.sessions),
    (catalogue.STREAMS, lambda ledger: ledger.streams),
    (catalogue.UPSTREAM_UP, lambda ledger: ledger.upstream_up),
    (catalogue.UPSTREAM_RESTARTS, lambda ledger: ledger.upstream_restarts),
    (catalogue.EVENT_LOOP_LAG, lambda ledger: ledger.lag),
)

_PROCESS: tuple[tuple[Metric, Callable[[ProcessUse], float]], ...] = (
    (catalogue.PROCESS_CPU, lambda process: process.cpu_seconds),
    (catalogue.PROCESS_RESIDENT_MEMORY, lambda process: process.resident_bytes),
    (catalogue.PROCESS_OPEN_FDS, lambda process: process.open_files),
    (catalogue.PROCESS_START_TIME, lambda process: process.start_unix_seconds),
)


def families(ledger: Ledger, process: ProcessUse | None) -> Iterator[Family]:
    """Every family of the catalogue that has data; may run in another thread than the loop's.

    `process` is None where the system does not report it.
    """
    common = (ledger.server, ledger.transport)
    network = network_transport(ledger.transport)
    rows = tuple(
        (Row(Labels(*labels), network), counts) for labels, counts in tuple(ledger.rows.items())
    )
    for shape in _ROW_FAMILIES:
        yield _family(shape.metric, common, _collect(shape, rows))
    yield _family(catalogue.CLIENT_CALLS, common, _calls_by_caller(ledger.clients))
    yield _family(catalogue.PRINCIPAL_CALLS, common, _calls_by_caller(ledger.principals))
    yield _family(catalogue.CLIENT_INFO, common, _versions(ledger.clients))
    yield _family(catalogue.CLIENT_RESULTS, common, _received(ledger.clients))
    lives = tuple(ledger.session_lives.items())
    yield _family(catalogue.SESSION_DURATION, common, (((kind,), life) for kind, life in lives))
    links = tuple(ledger.transports.items())
    yield _family(catalogue.UPSTREAM_LINKS, common, (((state,), n) for state, n in links))
    refusals = tuple(ledger.refusals.items())
    yield _family(catalogue.REFUSALS, common, (((cause,), n) for cause, n in refusals))
    if ledger.transport == STDIO:
        kills = tuple(ledger.upstream_kills.items())
        yield _family(catalogue.UPSTREAM_KILLED, common, (((name,), n) for name, n in kills))
    yield _family(catalogue.TELEMETRY_DROPPED, common, tuple(ledger.drops.items()))
    yield _family(catalogue.RESULT_SIZE, common, tuple(ledger.result_sizes.items()))
    listed = ledger.tools
    yield _family(catalogue.TOOL_DEFINITION_SIZE, common, _definition_sizes(ledger, listed))
    total = (((), listed.total),) if listed.complete else ()
    yield _family(catalogue.TOOLS_LISTED, common, total)
    for metric, changes in (
        (catalogue.TOOL_CHANGES, ledger.tool_changes),
        (catalogue.TOOL_BASELINE_DIFFERENCES, ledger.baseline_differences),
    ):
        counts = tuple(changes.items())
        yield _family(metric, common, (((kind,), n) for kind, n in counts))
    injected = tuple(ledger.injected_faults.items())
    yield _family(catalogue.INJECTED_FAULT, common, injected)
    yield _family(catalogue.WASTED_REQUESTS, common, tuple(ledger.wasted.items()))
    overflows = tuple(ledger.overflows.items())
    yield _family(catalogue.LABEL_OVERFLOW, common, (((name,), n) for name, n in overflows))
    for metric, state in _STATES:
        yield _family(metric, common, (((), state(ledger)),))
    if process is not None:
        for metric, use in _PROCESS:
            yield _family(metric, common, (((), use(process)),))


def _family(
    metric: Metric, common: Values, values: Iterable[tuple[Values, float | Distribution]]
) -> Family:
    names = (*COMMON_ATTRIBUTES, *metric.attributes)
    return Family(
        metric,
        tuple(
            Point(
                {
                    name: label
                    for name, label in zip(names, (*common, *labels), strict=True)
                    if label
                },
                value,
            )
            for labels, value in values
        ),
    )


def _collect(
    shape: _RowFamily, rows: Iterable[tuple[Row, Distribution]]
) -> Iterable[tuple[Values, float | Distribution]]:
    sums: dict[Values, Distribution] = {}
    for row, counts in rows:
        if not shape.applies(row):
            continue
        _sum(sums, shape.values(row), counts.bounds).merge(counts)
        for values in shape.zeros(row):
            _sum(sums, values, counts.bounds)
    if shape.metric.instrument is Instrument.HISTOGRAM:
        return sums.items()
    return ((values, sum(total.counts)) for values, total in sums.items())


def _calls_by_caller(callers: CallerCounts) -> Iterable[tuple[Values, float]]:
    """Requests by name, tool class and outcome, the usual failure at 0 before the first one."""
    sums: dict[Values, int] = {}
    for (name, _, tool_class, outcome), tally in tuple(callers.rows.items()):
        failure = Outcome.TOOL_ERROR if tool_class else Outcome.PROTOCOL_ERROR
        sums.setdefault((name, tool_class, failure), 0)
        labels = name, tool_class, outcome
        sums[labels] = sums.get(labels, 0) + tally.requests
    return sums.items()


def _versions(clients: CallerCounts) -> Iterable[tuple[Values, float]]:
    known = dict.fromkeys(row[:2] for row in tuple(clients.rows) if row[0] != OVERFLOW_LABEL)
    return ((labels, 1) for labels in known)


def _received(clients: CallerCounts) -> Iterable[tuple[Values, float]]:
    """Bytes by client, 0 before the first result."""
    sums: dict[Values, int] = {}
    for (name, *_), tally in tuple(clients.rows.items()):
        sums[name,] = sums.get((name,), 0) + tally.received
    return sums.items()


def _definition_sizes(ledger: Ledger, listed: ToolList) -> Iterable[tuple[Values, float]]:
    """Bytes by tool and part; tools without series of their own are `other` together."""
    sizes: dict[str, ToolSize] = {}
    if listed.more:
        sizes[OVERFLOW_LABEL] = listed.more_size
    for name, size in listed.sizes.items():
        label = ledger.tool_label(name)
        sizes[label] = size.plus(sizes[label]) if label in sizes else size
    for label, size in sizes.items():
        for part, length in zip(ToolSize._fields, size, strict=True):
            yield (label, part), length


def _sum(
    sums: dict[Values, Distribution], values: Values, bounds: tuple[float, ...]
) -> Distribution:
    found = sums.get(values)
    if found is None:
        found = sums[values] = Distribution(bounds)
    return found
