"""Query Prometheus and Jaeger until they show every call that was sent."""

import time
from contextlib import suppress
from dataclasses import dataclass, field

from lab.local.pipeline import Pipeline
from lab.prometheus_api import Prometheus, Unreachable
from lab.verify.reconciliation import (
    Counts,
    Reconciliation,
    counts_by,
    mismatches,
    outcome_counts,
    outcomes_query,
    status_queries,
    traced_calls,
)
from stacks.charts import Namespace

VISIBLE_SECONDS = 20.0

_TRACE_LIMIT = 5_000
_NAMESPACE = Namespace.SERVERS.value


def reconcile(pipeline: Pipeline, sent: Counts) -> Reconciliation:
    """Wait until every call is counted and traced, at most VISIBLE_SECONDS."""
    progress = _Progress(sent, time.monotonic())
    with suppress(TimeoutError):
        pipeline.processes.wait(
            "counted and traced", lambda: progress.poll(pipeline), VISIBLE_SECONDS
        )
    return progress.result()


@dataclass(slots=True)
class _Progress:
    """The calls that Prometheus and Jaeger show so far."""

    sent: Counts
    since: float
    counted: Counts = field(default_factory=dict)
    by_status: dict[str, Counts] = field(default_factory=dict)
    traced: Counts = field(default_factory=dict)
    counted_after: float | None = None
    traced_after: float | None = None

    def poll(self, pipeline: Pipeline) -> bool | None:
        """Query what is incomplete; True when all is complete."""
        try:
            if self.counted_after is None and self._all_counted(pipeline.prometheus):
                self.counted_after = time.monotonic() - self.since
            if self.traced_after is None and self._all_traced(pipeline):
                self.traced_after = time.monotonic() - self.since
        except Unreachable:
            return None
        return None if None in (self.counted_after, self.traced_after) else True

    def result(self) -> Reconciliation:
        differing = (
            row
            for metric, counts in self.by_status.items()
            for row in mismatches(self.sent, metric, counts)
        )
        return Reconciliation(
            outcome_counts(self.sent, self.counted, self.traced),
            tuple(differing),
            self.counted_after,
            self.traced_after,
        )

    def _all_counted(self, prometheus: Prometheus) -> bool:
        self.counted = counts_by("outcome", prometheus.query(outcomes_query(_NAMESPACE)))
        self.by_status = {
            metric: counts_by("status", prometheus.query(query))
            for metric, query in status_queries(_NAMESPACE).items()
        }
        differing = (mismatches(self.sent, *each) for each in self.by_status.items())
        return self.counted == self.sent and not any(differing)

    def _all_traced(self, pipeline: Pipeline) -> bool:
        servers = (each.server for each in pipeline.endpoints)
        self.traced = {
            server: traced_calls(server, pipeline.jaeger.spans(server, _TRACE_LIMIT))
            for server in servers
        }
        return self.traced == self.sent
