"""Calls sent, counted by Prometheus and traced in Jaeger, side by side. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lab.jaeger_api import Span
from lab.prometheus_api import Sample
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

Counts = Mapping[str, Mapping[str, int]]
"""Server -> outcome (or status) -> number of calls."""


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """The calls of one server with one outcome."""

    server: str
    outcome: Outcome
    sent: int
    counted: int
    traced: int

    @property
    def agree(self) -> bool:
        return self.sent == self.counted == self.traced


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
    """All counts, and the seconds from the last call until each was complete.

    A time is None when the counts stayed incomplete.
    """

    outcomes: tuple[OutcomeCounts, ...]
    mismatches: tuple[Mismatch, ...]
    counted_after: float | None
    traced_after: float | None

    @property
    def agrees(self) -> bool:
        complete = None not in (self.counted_after, self.traced_after)
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


def outcome_counts(sent: Counts, counted: Counts, traced: Counts) -> tuple[OutcomeCounts, ...]:
    """One row for each server and outcome with a number other than 0."""
    return tuple(
        OutcomeCounts(server, outcome, *numbers)
        for server in sorted({*sent, *counted, *traced})
        for outcome in Outcome
        if any(numbers := [_count(each, server, outcome) for each in (sent, counted, traced)])
    )


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


def traced_calls(server: str, spans: Iterable[Span]) -> Counter[str]:
    """Distinct traces by outcome of the tool call's SERVER span from the server's proxy.

    The agent and the server itself may have spans in the same traces.
    """
    outcome_of = {
        span.trace_id: span.tags.get(OUTCOME, "missing")
        for span in spans
        if span.service == server
        and span.tags.get("span.kind") == "server"
        and span.tags.get("mcp.method.name") == TOOLS_CALL
    }
    return Counter(outcome_of.values())


def _count(counts: Counts, server: str, key: str) -> int:
    return counts.get(server, {}).get(key, 0)
