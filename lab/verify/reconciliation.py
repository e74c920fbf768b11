"""Calls sent, counted by Prometheus, traced in Jaeger and logged, side by side. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dashboards.log_lines import FAILED
from lab.jaeger_api import Span
from lab.prometheus_api import Sample
from lab.victoria_logs_api import Record
from proxy.jsonrpc.methods import TOOLS_CALL
from proxy.telemetry.catalogue import (
    OUTCOMES,
    REQUESTS,
    TOOL_CALLS,
    Metric,
    Outcome,
    Status,
)
from proxy.telemetry.tracing.spans import OUTCOME

NOT_LOGGED = frozenset({Outcome.OK, Outcome.CANCELLED})

Counts = Mapping[str, Mapping[str, int]]
"""Server -> outcome (or status) -> number of calls."""


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """The calls of one server with one outcome.

    `logged` is None where no logs are stored, and for outcomes that are not logged.
    """

    server: str
    outcome: Outcome
    sent: int
    counted: int
    traced: int
    logged: int | None = None

    @property
    def agree(self) -> bool:
        return self.sent == self.counted == self.traced and self.logged in (None, self.sent)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Another metric that counts the same calls, with a different number."""

    server: str
    metric: str
    status: Status
    expected: int
    counted: int

    def __str__(self) -> str:
        return (
            f"{self.server}: {self.metric} counts {self.counted} calls of status {self.status},"
            f" {self.expected} were sent"
        )


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """All counts, and the seconds from the last call until each was complete, by what was counted.

    A time is None when the counts stayed incomplete.
    """

    outcomes: tuple[OutcomeCounts, ...]
    mismatches: tuple[Mismatch, ...]
    visible_after: Mapping[str, float | None]

    @property
    def agrees(self) -> bool:
        complete = None not in self.visible_after.values()
        return complete and all(each.agree for each in self.outcomes) and not self.mismatches


def outcomes_query(namespace: str) -> str:
    """The raw counter, not a rate: calls before the first scrape count too."""
    return _sum(OUTCOMES, "outcome", f'mcp_method="{TOOLS_CALL}",namespace="{namespace}"')


def status_queries(namespace: str) -> Mapping[str, str]:
    """Metric -> query by status, for the two other metrics that count calls."""
    requests = _sum(REQUESTS, "status", f'mcp_method="{TOOLS_CALL}",namespace="{namespace}"')
    tools = _sum(TOOL_CALLS, "status", f'namespace="{namespace}"')
    return {REQUESTS.series: requests, TOOL_CALLS.series: tools}


def _sum(metric: Metric, label: str, selector: str) -> str:
    return f"sum by (server, {label}) ({metric.series}{{{selector}}})"


def counts_by(label: str, samples: Iterable[Sample]) -> Counts:
    """The result of one of the queries; series with value 0 are left out."""
    counts: dict[str, dict[str, int]] = {}
    for sample in samples:
        if sample.value:
            counts.setdefault(sample.labels["server"], {})[sample.labels[label]] = int(sample.value)
    return counts


def outcome_counts(
    sent: Counts, counted: Counts, traced: Counts, logged: Counts | None = None
) -> tuple[OutcomeCounts, ...]:
    """One row for each server and outcome with a number other than 0."""
    rows = (
        OutcomeCounts(
            server,
            outcome,
            _count(sent, server, outcome),
            _count(counted, server, outcome),
            _count(traced, server, outcome),
            _logged(logged, server, outcome),
        )
        for server in sorted({*sent, *counted, *traced})
        for outcome in Outcome
    )
    return tuple(each for each in rows if any((each.sent, each.counted, each.traced)))


def _logged(counts: Counts | None, server: str, outcome: Outcome) -> int | None:
    return None if counts is None or outcome in NOT_LOGGED else _count(counts, server, outcome)


def without_fine(sent: Counts) -> Counts:
    """The calls that proxies log by default."""
    return {
        server: {each: count for each, count in counts.items() if each not in NOT_LOGGED}
        for server, counts in sent.items()
    }


def mismatches(sent: Counts, metric: str, counted: Counts) -> tuple[Mismatch, ...]:
    """The differences between a metric by status and the calls sent."""
    rows = []
    for server, calls in sent.items():
        total, ok = sum(calls.values()), calls.get(Outcome.OK, 0)
        for status, expected in ((Status.SUCCESS, ok), (Status.ERROR, total - ok)):
            seen = _count(counted, server, status)
            if seen != expected:
                rows.append(Mismatch(server, metric, status, expected, seen))
    return tuple(rows)


def traced_calls(server: str, spans: Iterable[Span]) -> Mapping[str, str]:
    """Trace id -> outcome of the tool call's SERVER span from the server's proxy.

    The agent and the server itself may have spans in the same traces.
    """
    return {
        span.trace_id: span.tags.get(OUTCOME, "missing")
        for span in spans
        if span.service == server
        and span.tags.get("span.kind") == "server"
        and span.tags.get("mcp.method.name") == TOOLS_CALL
    }


def logged_query(server: str) -> str:
    """The records of failed calls of a server, in LogsQL."""
    return f'_msg:="{FAILED}" server:="{server}" method:="{TOOLS_CALL}"'


def logged_calls(records: Iterable[Record], traced: Mapping[str, str]) -> Counter[str]:
    """The records by outcome, without those whose trace is not that of a call of this outcome."""
    found = {each.get("trace_id", ""): each.get("outcome", "") for each in records}
    return Counter(outcome for trace, outcome in found.items() if traced.get(trace) == outcome)


def _count(counts: Counts, server: str, key: str) -> int:
    return counts.get(server, {}).get(key, 0)
