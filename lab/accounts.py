"""Whether every call that was sent is counted and traced: the numbers side by side."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lab.jaeger_api import Span
from lab.prometheus_api import Sample
from proxy.telemetry.catalogue import (
    OUTCOMES,
    REQUESTS,
    TOOL_CALLS,
    Metric,
    Outcome,
    Status,
)
from proxy.telemetry.spans import OUTCOME
from proxy.telemetry.vocabulary import TOOLS_CALL

Counts = Mapping[str, Mapping[str, int]]
"""Server -> outcome (or status) -> how many."""


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the calls of one server with one outcome."""

    server: str
    outcome: Outcome
    sent: int
    counted: int
    traced: int

    @property
    def agrees(self) -> bool:
        return self.sent == self.counted == self.traced


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A second metric that counts the same calls and comes to another number."""

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


def outcomes_query(namespace: str) -> str:
    """The raw counter, not a rate: what came before the first scrape counts too."""
    return _sum(OUTCOMES, "outcome", f'mcp_method="{TOOLS_CALL}",namespace="{namespace}"')


def status_queries(namespace: str) -> Mapping[str, str]:
    """Metric -> query by status, of the other two metrics that count calls."""
    requests = _sum(REQUESTS, "status", f'mcp_method="{TOOLS_CALL}",namespace="{namespace}"')
    tools = _sum(TOOL_CALLS, "status", f'namespace="{namespace}"')
    return {REQUESTS.series: requests, TOOL_CALLS.series: tools}


def _sum(metric: Metric, label: str, selector: str) -> str:
    return f"sum by (server, {label}) ({metric.series}{{{selector}}})"


def by(label: str, samples: Iterable[Sample]) -> Counts:
    """The answer to one of the queries as counts; a series that stands at zero is none."""
    counts: dict[str, dict[str, int]] = {}
    for sample in samples:
        if sample.value:
            counts.setdefault(sample.labels["server"], {})[sample.labels[label]] = int(sample.value)
    return counts


def accounts(sent: Counts, counted: Counts, traced: Counts) -> tuple[Account, ...]:
    """One row per server and outcome that anyone has seen."""
    return tuple(
        Account(server, outcome, *(_of(each, server, outcome) for each in (sent, counted, traced)))
        for server in sorted({*sent, *counted, *traced})
        for outcome in Outcome
        if any(_of(each, server, outcome) for each in (sent, counted, traced))
    )


def disagreements(sent: Counts, metric: str, counted: Counts) -> tuple[Disagreement, ...]:
    """Where a metric by status differs from what was sent."""
    rows = []
    for server, calls in sent.items():
        total, good = sum(calls.values()), calls.get(Outcome.OK, 0)
        for status, expected in ((Status.SUCCESS, good), (Status.ERROR, total - good)):
            seen = _of(counted, server, status)
            if seen != expected:
                rows.append(Disagreement(server, metric, status, expected, seen))
    return tuple(rows)


def traced(server: str, spans: Iterable[Span]) -> Counter[str]:
    """Distinct traces with a SERVER span of a tool call by the server's proxy, by its outcome.

    The agent and the server itself may have spans in the same traces.
    """
    outcome_of = {
        span.trace_id: span.tags.get(OUTCOME, "none told")
        for span in spans
        if span.service == server
        and span.tags.get("span.kind") == "server"
        and span.tags.get("mcp.method.name") == TOOLS_CALL
    }
    return Counter(outcome_of.values())


def _of(counts: Counts, server: str, key: str) -> int:
    return counts.get(server, {}).get(key, 0)
