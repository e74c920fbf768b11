"""The collector: what it accepts, what it exports, what it loses."""

from dashboards import limits
from dashboards import third_party_metrics as metrics
from dashboards.expressions import collector
from dashboards.expressions.collector import Stage
from dashboards.promql.scope import EVERYTHING
from dashboards.signal import Query, Signal

_ONLY_METRICS = "Empty where metrics do not pass through the collector."
_ONLY_LOGS = "Empty where there is no log store."
_RECEIVING = "its memory limit is reached, or the next component rejects them."
_LOSSES = {"receiver": ("refused", "failed"), "exporter": ("not sent", "not queued")}
_SENDING = "the receiving side is down or rejects them."


def _rate(stage: Stage) -> tuple[Query]:
    return (Query(stage.rate(EVERYTHING), f"{{{stage.by}}}"),)


def _lost(stage: Stage) -> tuple[Query, ...]:
    rates = zip(stage.loss_rates(EVERYTHING), _LOSSES[stage.by], strict=True)
    return tuple(Query(rate, f"{{{stage.by}}} {name}") for rate, name in rates)


POINTS_RECEIVED = Signal(
    "Metric points received",
    "Metric points that the collector accepted. If this falls while servers report, proxies cannot"
    f" reach the collector. {_ONLY_METRICS}",
    "cps",
    _rate(collector.POINTS_IN),
)
POINTS_REFUSED = Signal(
    "Metric points refused",
    f"Metric points that the collector refused or failed to accept: {_RECEIVING} {_ONLY_METRICS}",
    "cps",
    _lost(collector.POINTS_IN),
    limits.LOST,
)
POINTS_SENT = Signal(
    "Metric points sent",
    "Metric points that the collector exported, by exporter. If fewer than it received, points are"
    f" filtered, queued or lost. {_ONLY_METRICS}",
    "cps",
    _rate(collector.POINTS_OUT),
)
POINTS_UNSENT = Signal(
    "Metric points not sent",
    f"Metric points that an exporter could not send or queue: {_SENDING} {_ONLY_METRICS}",
    "cps",
    _lost(collector.POINTS_OUT),
    limits.LOST,
)
SPANS_RECEIVED = Signal(
    "Spans received",
    "Spans that the collector accepted. If there are none while calls are made, sampling is off or"
    " the proxies cannot reach the collector.",
    "cps",
    _rate(collector.SPANS_IN),
)
SPANS_REFUSED = Signal(
    "Spans refused",
    f"Spans that the collector refused or failed to accept: {_RECEIVING}",
    "cps",
    _lost(collector.SPANS_IN),
    limits.LOST,
)
SPANS_SENT = Signal(
    "Spans sent",
    "Spans that the collector exported to Jaeger. If fewer than it received, spans are queued or"
    " lost.",
    "cps",
    _rate(collector.SPANS_OUT),
)
SPANS_UNSENT = Signal(
    "Spans not sent",
    "Spans that an exporter could not send or queue: Jaeger is down or rejects them.",
    "cps",
    _lost(collector.SPANS_OUT),
    limits.LOST,
)
RECORDS_RECEIVED = Signal(
    "Log records received",
    "Log records that the collector accepted: the proxies' call logs. If there are none while calls"
    f" fail, the proxies do not push logs or cannot reach the collector. {_ONLY_LOGS}",
    "cps",
    _rate(collector.RECORDS_IN),
)
RECORDS_REFUSED = Signal(
    "Log records refused",
    f"Log records that the collector refused or failed to accept: {_RECEIVING} {_ONLY_LOGS}",
    "cps",
    _lost(collector.RECORDS_IN),
    limits.LOST,
)
RECORDS_SENT = Signal(
    "Log records sent",
    "Log records that the collector exported to the store. If fewer than it received, records are"
    f" queued or lost. {_ONLY_LOGS}",
    "cps",
    _rate(collector.RECORDS_OUT),
)
RECORDS_UNSENT = Signal(
    "Log records not sent",
    f"Log records that an exporter could not send or queue: {_SENDING} {_ONLY_LOGS}",
    "cps",
    _lost(collector.RECORDS_OUT),
    limits.LOST,
)
QUEUE = Signal(
    "Sending queue usage",
    "How full an exporter's queue is. If it fills, the receiving side is down or too slow.",
    "percentunit",
    (Query(collector.queue_usage(EVERYTHING), "{exporter} {data_type}"),),
    limits.QUEUE,
)
COLLECTOR_MEMORY = Signal(
    "Memory of the collector",
    "Resident memory of the collector. Near its memory limit it refuses data.",
    "bytes",
    (Query(metrics.COLLECTOR_MEMORY.now(EVERYTHING, by=("instance",)), "{instance}"),),
)
