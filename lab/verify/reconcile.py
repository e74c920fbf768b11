"""Query Prometheus, Jaeger and the log store until they show every call that was sent."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from lab.local.pipeline import Pipeline
from lab.prometheus_api import Unreachable
from lab.verify.reconciliation import (
    Counts,
    Reconciliation,
    counts_by,
    logged_calls,
    logged_query,
    mismatches,
    outcome_counts,
    outcomes_query,
    status_queries,
    traced_calls,
    without_fine,
)
from lab.victoria_logs_api import VictoriaLogs
from stacks.charts import Namespace

VISIBLE_SECONDS = 20.0

_LIMIT = 5_000
_NAMESPACE = Namespace.SERVERS.value


def reconcile(pipeline: Pipeline, sent: Counts) -> Reconciliation:
    """Wait until every call is counted, traced and logged, at most VISIBLE_SECONDS."""
    progress = _Progress(pipeline, sent, time.monotonic())
    with suppress(TimeoutError):
        pipeline.processes.wait("every call is visible", progress.poll, VISIBLE_SECONDS)
    return progress.result()


@dataclass(slots=True)
class _Progress:
    """The calls that Prometheus, Jaeger and the log store show so far."""

    pipeline: Pipeline
    sent: Counts
    since: float
    counted: Counts = field(default_factory=dict)
    by_status: dict[str, Counts] = field(default_factory=dict)
    traces: dict[str, Mapping[str, str]] = field(default_factory=dict)
    logged: Counts | None = None
    after: dict[str, float] = field(default_factory=dict)

    @property
    def checks(self) -> Mapping[str, Callable[[], bool]]:
        logs = self.pipeline.logs
        logged = {} if logs is None else {"logged": partial(self._all_logged, logs)}
        return {"counted": self._all_counted, "traced": self._all_traced, **logged}

    @property
    def traced(self) -> Counts:
        return {server: Counter(each.values()) for server, each in self.traces.items()}

    def poll(self) -> bool | None:
        """Query what is incomplete; True when all is complete."""
        try:
            for what, complete in self.checks.items():
                if what not in self.after and complete():
                    self.after[what] = time.monotonic() - self.since
        except Unreachable:
            return None
        return self.after.keys() == self.checks.keys() or None

    def result(self) -> Reconciliation:
        differing = (
            row
            for metric, counts in self.by_status.items()
            for row in mismatches(self.sent, metric, counts)
        )
        return Reconciliation(
            outcome_counts(self.sent, self.counted, self.traced, self.logged),
            tuple(differing),
            {each: self.after.get(each) for each in self.checks},
        )

    def _all_counted(self) -> bool:
        prometheus = self.pipeline.prometheus
        self.counted = counts_by("outcome", prometheus.query(outcomes_query(_NAMESPACE)))
        self.by_status = {
            metric: counts_by("status", prometheus.query(query))
            for metric, query in status_queries(_NAMESPACE).items()
        }
        differing = (mismatches(self.sent, *each) for each in self.by_status.items())
        return self.counted == self.sent and not any(differing)

    def _all_traced(self) -> bool:
        servers = (each.server for each in self.pipeline.endpoints)
        self.traces = {
            server: traced_calls(server, self.pipeline.jaeger.spans(server, _LIMIT))
            for server in servers
        }
        return self.traced == self.sent

    def _all_logged(self, logs: VictoriaLogs) -> bool:
        self.logged = {
            server: logged_calls(logs.records(logged_query(server), _LIMIT), traced)
            for server, traced in self.traces.items()
        }
        return self.logged == without_fine(self.sent)
