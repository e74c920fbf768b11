"""Prometheus: what it receives, what it refuses, what it stores."""

from dashboards import limits
from dashboards import third_party_metrics as metrics
from dashboards.promql.scope import EVERYTHING
from dashboards.signal import Query, Signal

WRITES = Signal(
    "Remote writes received",
    "Requests to Prometheus' remote-write receiver by HTTP status. 4xx: the samples are refused"
    " permanently, see the reasons below. Empty where remote write is not used.",
    "reqps",
    (Query(metrics.HTTP_REQUESTS.rate(EVERYTHING, metrics.REMOTE_WRITE, by=("code",)), "{code}"),),
)
WRITE_LATENCY = Signal(
    "Remote write p95",
    "95 % of remote writes are stored within this time. If high, Prometheus is short of disk or"
    " CPU, and the writers' queues fill.",
    "s",
    (Query(metrics.HTTP_DURATION.quantile(0.95, EVERYTHING, metrics.REMOTE_WRITE), "p95"),),
    limits.LATENCY_SECONDS.with_reason("Writers wait for each request before the next."),
    no_value_text="no writes",
)
SAMPLES_REFUSED = Signal(
    "Samples refused by Prometheus",
    "Samples out of order or too old: two writers of one series, or a writer that was down for"
    " longer than the out-of-order window.",
    "cps",
    (
        Query(metrics.OUT_OF_ORDER.rate(EVERYTHING), "out of order"),
        Query(metrics.TOO_OLD.rate(EVERYTHING), "too old"),
    ),
    limits.LOST,
)
HEAD_SERIES = Signal(
    "Series in memory",
    "All series that Prometheus holds in memory. If this keeps rising, Prometheus eventually runs"
    " out of memory and restarts.",
    "short",
    (Query(metrics.HEAD_SERIES.now(EVERYTHING, by=("instance",)), "{instance}"),),
)
SAMPLES_STORED = Signal(
    "Samples stored",
    "Samples that Prometheus stores per second. A sudden drop means that an ingestion path is"
    " interrupted.",
    "cps",
    (Query(metrics.APPENDED.rate(EVERYTHING, by=("instance",)), "{instance}"),),
)
RULE_FAILURES = Signal(
    "Rule failures",
    "Rule evaluations that failed. An alert whose rule fails cannot fire; Prometheus' log has the"
    " reason.",
    "short",
    (Query(metrics.RULE_FAILURES.increase(EVERYTHING), "failures"),),
    limits.LOST.with_reason("Failed rules leave gaps in the service level indicators."),
)
