"""Prometheus: what it is sent, what it refuses, what it holds."""

from dashboards import limits, third_party_metrics
from dashboards.promql import eq
from dashboards.series import EVERYTHING, Source
from dashboards.signal import Query, Signal

_WRITE = eq("handler", "/api/v1/write")
WRITES = Signal(
    "Remote writes received",
    "Requests to Prometheus' remote-write receiver by HTTP status. 4xx: samples are refused for"
    " good, see the reasons below. Empty where nobody writes.",
    "reqps",
    (Query(third_party_metrics.HTTP_REQUESTS.rate(EVERYTHING, _WRITE, by=("code",)), "{{code}}"),),
    Source.REMOTE_WRITE,
)
WRITE_LATENCY = Signal(
    "Remote write p95",
    "95 of 100 remote writes are stored within this time. High: Prometheus is short of disk or"
    " CPU, and the writers' queues fill.",
    "s",
    (Query(third_party_metrics.HTTP_DURATION.quantile(0.95, EVERYTHING, _WRITE), "p95"),),
    Source.REMOTE_WRITE,
    limits.LATENCY_SECONDS.with_reason("Writers wait for each request before the next."),
    no_value_text="no writes",
)
SAMPLES_REFUSED = Signal(
    "Samples refused by Prometheus",
    "Samples out of order or too old. Two writers of one series, or a writer that was away for"
    " longer than the out-of-order window.",
    "cps",
    (
        Query(third_party_metrics.OUT_OF_ORDER.rate(EVERYTHING), "out of order"),
        Query(third_party_metrics.TOO_OLD.rate(EVERYTHING), "too old"),
    ),
    Source.PROMETHEUS,
    limits.LOST,
)
HEAD_SERIES = Signal(
    "Series in memory",
    "All series that Prometheus holds in memory. A line that only rises ends in a restart for lack"
    " of memory.",
    "short",
    (Query(third_party_metrics.HEAD_SERIES.now(EVERYTHING, by=("instance",)), "{{instance}}"),),
    Source.PROMETHEUS,
)
SAMPLES_STORED = Signal(
    "Samples stored",
    "Samples that Prometheus stores per second. A sudden fall: a road is cut.",
    "cps",
    (Query(third_party_metrics.APPENDED.rate(EVERYTHING, by=("instance",)), "{{instance}}"),),
    Source.PROMETHEUS,
)
RULE_FAILURES = Signal(
    "Rule failures",
    "Evaluations of rules that failed. An alert whose rule fails cannot fire; Prometheus' log has"
    " the reason.",
    "short",
    (Query(third_party_metrics.RULE_FAILURES.increase(EVERYTHING), "failures"),),
    Source.PROMETHEUS,
    limits.LOST.with_reason("Failed rules leave holes in the service level indicators."),
)
