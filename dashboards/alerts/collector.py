"""The collector: it went silent, refuses what comes in, or loses what goes out."""

from dashboards import third_party_metrics
from dashboards.alerts.alert import PIPELINE_BOARD, Alert, Severity, over
from dashboards.promql import aggregate, or_zero
from dashboards.series import RULE, Series, Source
from dashboards.thresholds import Thresholds

_NOW = over("")
_QUEUE = ("exporter", "data_type")
_SIZE = third_party_metrics.QUEUE_SIZE.now(_NOW, by=_QUEUE)
_CAPACITY = third_party_metrics.QUEUE_CAPACITY.now(_NOW, by=_QUEUE)
_FILL = f"{_SIZE} / {_CAPACITY}"
_MEMORY = third_party_metrics.COLLECTOR_MEMORY.select(_NOW)


def _sum(parts: tuple[Series, ...], by: str, present: Series) -> str:
    """What several counters lost together, 0 where nothing was."""
    whole = present.rate(RULE, by=(by,))
    return " + ".join(or_zero(each.rate(RULE, by=(by,)), whole) for each in parts)


_SILENT = Alert(
    "MCPCollectorSilent",
    aggregate("group", _MEMORY, ("job",)),
    f"group by (job) (last_over_time({_MEMORY}[1h])) unless group by (job) ({_MEMORY})",
    "5m",
    Severity.CRITICAL,
    "The collector {{ $labels.job }} went silent",
    "{{ $labels.job }} told of itself within the last hour, and for 5 minutes does no more"
    " (series seen: {{ $value }}): traces, and metrics that pass it, are lost.",
    board=PIPELINE_BOARD,
    about=(),
    needs=Source.COLLECTOR,
    inhibits=("MCPTelemetryDropped",),
)


def _loss(name: str, expr: str, words: tuple[str, str], needs: Source) -> Alert:
    summary, does = words
    return Alert(
        name,
        expr,
        f"{expr} > 0",
        "10m",
        Severity.WARNING,
        summary,
        f'The collector {does} {{{{ $value | printf "%.2f" }}}} per second, over 5 minutes.',
        board=PIPELINE_BOARD,
        about=(),
        needs=needs,
    )


_LOSSES = (
    _loss(
        "MCPSpansRefused",
        _sum(
            (third_party_metrics.REFUSED_SPANS, third_party_metrics.BROKEN_SPANS),
            "receiver",
            third_party_metrics.ACCEPTED_SPANS,
        ),
        ("The collector refuses spans", "refuses spans at {{ $labels.receiver }}:"),
        Source.COLLECTOR,
    ),
    _loss(
        "MCPSpansLost",
        _sum(
            (third_party_metrics.UNSENT_SPANS, third_party_metrics.UNQUEUED_SPANS),
            "exporter",
            third_party_metrics.SENT_SPANS,
        ),
        ("The collector loses spans", "loses spans for {{ $labels.exporter }}:"),
        Source.COLLECTOR,
    ),
    _loss(
        "MCPMetricPointsRefused",
        _sum(
            (third_party_metrics.REFUSED_POINTS, third_party_metrics.BROKEN_POINTS),
            "receiver",
            third_party_metrics.ACCEPTED_POINTS,
        ),
        ("The collector refuses metrics", "refuses metric points at {{ $labels.receiver }}:"),
        Source.COLLECTOR_METRICS,
    ),
    _loss(
        "MCPMetricPointsLost",
        _sum(
            (third_party_metrics.UNSENT_POINTS, third_party_metrics.UNQUEUED_POINTS),
            "exporter",
            third_party_metrics.SENT_POINTS,
        ),
        ("The collector loses metrics", "loses metric points for {{ $labels.exporter }}:"),
        Source.COLLECTOR_METRICS,
    ),
)


def collector(t: Thresholds) -> tuple[Alert, ...]:
    """The collector's part of the group, in the order of urgency."""
    queue_filling = Alert(
        "MCPCollectorQueueFilling",
        _FILL,
        f"{_FILL} > {t.queue_fill:g}",
        "5m",
        Severity.WARNING,
        "The collector's queue for {{ $labels.exporter }} fills up",
        "The queue of {{ $labels.exporter }} for {{ $labels.data_type }} is "
        "{{ $value | humanizePercentage }} full: the receiving side is away or too slow.",
        ("queue_fill",),
        PIPELINE_BOARD,
        about=(),
        needs=Source.COLLECTOR,
    )
    return (_SILENT, *_LOSSES, queue_filling)
