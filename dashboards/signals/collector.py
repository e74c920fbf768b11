"""The collector: what it accepts, what it exports, what it loses."""

from dashboards import limits
from dashboards import third_party_metrics as metrics
from dashboards.promql.functions import or_zero
from dashboards.promql.scope import EVERYTHING
from dashboards.promql.series import Series
from dashboards.signal import Query, Signal

_ONLY_METRICS = "Empty where metrics do not pass through the collector."
_RECEIVING = "its memory limit is reached, or the next component rejects them."
_SENDING = "the receiving side is down or rejects them."


def _rate(series: Series, label: str) -> tuple[Query]:
    return (Query(series.rate(EVERYTHING, by=(label,)), f"{{{label}}}"),)


def _lost(label: str, whole: Series, parts: dict[str, Series]) -> tuple[Query, ...]:
    """Each part's rate by `label`; 0 for every value of it that the whole has."""
    present = whole.rate(EVERYTHING, by=(label,))
    return tuple(
        Query(or_zero(part.rate(EVERYTHING, by=(label,)), present), f"{{{label}}} {name}")
        for name, part in parts.items()
    )


POINTS_RECEIVED = Signal(
    "Metric points received",
    "Metric points that the collector accepted. If this falls while servers report, proxies cannot"
    f" reach the collector. {_ONLY_METRICS}",
    "cps",
    _rate(metrics.ACCEPTED_POINTS, "receiver"),
)
POINTS_REFUSED = Signal(
    "Metric points refused",
    f"Metric points that the collector refused or failed to accept: {_RECEIVING} {_ONLY_METRICS}",
    "cps",
    _lost(
        "receiver",
        metrics.ACCEPTED_POINTS,
        {"refused": metrics.REFUSED_POINTS, "failed": metrics.BROKEN_POINTS},
    ),
    limits.LOST,
)
POINTS_SENT = Signal(
    "Metric points sent",
    "Metric points that the collector exported, by exporter. If fewer than it received, points are"
    f" filtered, queued or lost. {_ONLY_METRICS}",
    "cps",
    _rate(metrics.SENT_POINTS, "exporter"),
)
POINTS_UNSENT = Signal(
    "Metric points not sent",
    f"Metric points that an exporter could not send or queue: {_SENDING} {_ONLY_METRICS}",
    "cps",
    _lost(
        "exporter",
        metrics.SENT_POINTS,
        {"not sent": metrics.UNSENT_POINTS, "not queued": metrics.UNQUEUED_POINTS},
    ),
    limits.LOST,
)
SPANS_RECEIVED = Signal(
    "Spans received",
    "Spans that the collector accepted. If there are none while calls are made, sampling is off or"
    " the proxies cannot reach the collector.",
    "cps",
    _rate(metrics.ACCEPTED_SPANS, "receiver"),
)
SPANS_REFUSED = Signal(
    "Spans refused",
    f"Spans that the collector refused or failed to accept: {_RECEIVING}",
    "cps",
    _lost(
        "receiver",
        metrics.ACCEPTED_SPANS,
        {"refused": metrics.REFUSED_SPANS, "failed": metrics.BROKEN_SPANS},
    ),
    limits.LOST,
)
SPANS_SENT = Signal(
    "Spans sent",
    "Spans that the collector exported to Jaeger. If fewer than it received, spans are queued or"
    " lost.",
    "cps",
    _rate(metrics.SENT_SPANS, "exporter"),
)
SPANS_UNSENT = Signal(
    "Spans not sent",
    "Spans that an exporter could not send or queue: Jaeger is down or rejects them.",
    "cps",
    _lost(
        "exporter",
        metrics.SENT_SPANS,
        {"not sent": metrics.UNSENT_SPANS, "not queued": metrics.UNQUEUED_SPANS},
    ),
    limits.LOST,
)
_QUEUE = ("exporter", "data_type")
QUEUE = Signal(
    "Sending queue usage",
    "How full an exporter's queue is. If it fills, the receiving side is down or too slow.",
    "percentunit",
    (
        Query(
            metrics.QUEUE_SIZE.now(EVERYTHING, by=_QUEUE)
            / metrics.QUEUE_CAPACITY.now(EVERYTHING, by=_QUEUE),
            "{exporter} {data_type}",
        ),
    ),
    limits.QUEUE,
)
COLLECTOR_MEMORY = Signal(
    "Memory of the collector",
    "Resident memory of the collector. Near its memory limit it refuses data.",
    "bytes",
    (Query(metrics.COLLECTOR_MEMORY.now(EVERYTHING, by=("instance",)), "{instance}"),),
)
