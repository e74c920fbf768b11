"""The collector: what it takes in, what it hands on, what it loses."""

from dashboards import limits, third_party_metrics
from dashboards.promql import or_zero
from dashboards.series import EVERYTHING, Series, Source
from dashboards.signal import Query, Signal


def _lost(label: str, whole: Series, parts: dict[str, Series]) -> tuple[Query, ...]:
    """Each part's rate by `label`; 0 for every value of it that the whole knows."""
    present = whole.rate(EVERYTHING, by=(label,))
    return tuple(
        Query(or_zero(part.rate(EVERYTHING, by=(label,)), present), f"{{{{{label}}}}} {name}")
        for name, part in parts.items()
    )


POINTS_RECEIVED = Signal(
    "Metric points received",
    "Metric points that the collector accepted. A fall while servers report means that proxies"
    " cannot reach it. Empty where metrics do not pass the collector.",
    "cps",
    (
        Query(
            third_party_metrics.ACCEPTED_POINTS.rate(EVERYTHING, by=("receiver",)), "{{receiver}}"
        ),
    ),
    Source.COLLECTOR_METRICS,
)
POINTS_REFUSED = Signal(
    "Metric points refused",
    "Metric points that the collector refused or failed to take in: its memory limit is reached,"
    " or what comes next refuses. Empty where metrics do not pass the collector.",
    "cps",
    _lost(
        "receiver",
        third_party_metrics.ACCEPTED_POINTS,
        {
            "refused": third_party_metrics.REFUSED_POINTS,
            "failed": third_party_metrics.BROKEN_POINTS,
        },
    ),
    Source.COLLECTOR_METRICS,
    limits.LOST,
)
POINTS_SENT = Signal(
    "Metric points sent on",
    "Metric points that the collector handed on, by exporter. Below what it received: points are"
    " filtered, queued or lost. Empty where metrics do not pass the collector.",
    "cps",
    (Query(third_party_metrics.SENT_POINTS.rate(EVERYTHING, by=("exporter",)), "{{exporter}}"),),
    Source.COLLECTOR_METRICS,
)
POINTS_UNSENT = Signal(
    "Metric points lost on the way out",
    "Metric points that an exporter could not send or queue: the receiving side is away or refuses"
    " them. Empty where metrics do not pass the collector.",
    "cps",
    _lost(
        "exporter",
        third_party_metrics.SENT_POINTS,
        {
            "not sent": third_party_metrics.UNSENT_POINTS,
            "not queued": third_party_metrics.UNQUEUED_POINTS,
        },
    ),
    Source.COLLECTOR_METRICS,
    limits.LOST,
)
SPANS_RECEIVED = Signal(
    "Spans received",
    "Spans that the collector accepted. None while calls are made: sampling is 0, or the proxies"
    " cannot reach it.",
    "cps",
    (Query(third_party_metrics.ACCEPTED_SPANS.rate(EVERYTHING, by=("receiver",)), "{{receiver}}"),),
    Source.COLLECTOR,
)
SPANS_REFUSED = Signal(
    "Spans refused",
    "Spans that the collector refused or failed to take in: its memory limit is reached, or what"
    " comes next refuses.",
    "cps",
    _lost(
        "receiver",
        third_party_metrics.ACCEPTED_SPANS,
        {"refused": third_party_metrics.REFUSED_SPANS, "failed": third_party_metrics.BROKEN_SPANS},
    ),
    Source.COLLECTOR,
    limits.LOST,
)
SPANS_SENT = Signal(
    "Spans sent on",
    "Spans that the collector handed to Jaeger. Below what it received: spans are queued or lost.",
    "cps",
    (Query(third_party_metrics.SENT_SPANS.rate(EVERYTHING, by=("exporter",)), "{{exporter}}"),),
    Source.COLLECTOR,
)
SPANS_UNSENT = Signal(
    "Spans lost on the way out",
    "Spans that an exporter could not send or queue: Jaeger is away or refuses them.",
    "cps",
    _lost(
        "exporter",
        third_party_metrics.SENT_SPANS,
        {
            "not sent": third_party_metrics.UNSENT_SPANS,
            "not queued": third_party_metrics.UNQUEUED_SPANS,
        },
    ),
    Source.COLLECTOR,
    limits.LOST,
)
_QUEUE = ("exporter", "data_type")
QUEUE = Signal(
    "Fill of the sending queues",
    "How full an exporter's queue is. Filling: the receiving side is away or too slow.",
    "percentunit",
    (
        Query(
            f"{third_party_metrics.QUEUE_SIZE.now(EVERYTHING, by=_QUEUE)}"
            f" / {third_party_metrics.QUEUE_CAPACITY.now(EVERYTHING, by=_QUEUE)}",
            "{{exporter}} {{data_type}}",
        ),
    ),
    Source.COLLECTOR,
    limits.QUEUE,
)
COLLECTOR_MEMORY = Signal(
    "Memory of the collector",
    "Resident memory of the collector. Near its memory limit it refuses what comes in.",
    "bytes",
    (
        Query(
            third_party_metrics.COLLECTOR_MEMORY.now(EVERYTHING, by=("instance",)), "{{instance}}"
        ),
    ),
    Source.COLLECTOR,
)
