"""The collector: it stopped reporting, refuses what arrives, or loses what leaves."""

from dashboards import third_party_metrics as metrics
from dashboards.alerts.alert import PIPELINE_BOARD, Alert, Runbook, Severity
from dashboards.expressions import collector as stages
from dashboards.expressions.collector import Stage, queue_usage
from dashboards.promql.expression import Expr, Replace, Subquery
from dashboards.promql.functions import aggregate, seconds_since, timestamp
from dashboards.promql.scope import RULE
from dashboards.thresholds import Thresholds

_FILL = queue_usage(RULE)
_MEMORY = metrics.COLLECTOR_MEMORY.select(RULE)
_PARTS = {"receiver": ("refused", "failed"), "exporter": ("send_failed", "enqueue_failed")}
_PRESENT = aggregate("group", _MEMORY, ("job",))

_SILENT = Alert(
    "MCPCollectorSilent",
    _PRESENT,
    aggregate("group", _MEMORY.over("last_over_time", "1h"), ("job",)).unless(_PRESENT),
    "5m",
    Severity.CRITICAL,
    "The collector {job} stopped reporting",
    "{job} reported within the last hour, but not in the last 5 minutes (series seen: {value}):"
    " traces, and metrics that pass through it, are lost.",
    Runbook(
        "The collector reported within the last hour and does not now: traces, and metrics where"
        " they pass through it, are lost.",
        "Its pod is gone or restarts, usually for lack of memory; or Prometheus no longer scrapes"
        " it.",
        "Check its pod and log. OOMKilled: raise its memory limit or send it less. Running, but not"
        " scraped: compare its ServiceMonitor with its Service.",
        seconds_since(
            aggregate("max", Subquery("max_over_time", timestamp(_MEMORY), "1h:1m"), ("job",))
        )
        > 60,
    ),
    board=PIPELINE_BOARD,
    inhibits=("MCPTelemetryDropped",),
)


def _each(stage: Stage) -> Expr:
    """The rate of each loss, named by a label `part`."""
    first, second = (
        Replace(series.rate(RULE, by=(stage.by,)), "part", name, "", "") > 0
        for series, name in zip(stage.losses, _PARTS[stage.by], strict=True)
    )
    return first | second


def _loss(name: str, stage: Stage, summary: str, does: str, runbook: Runbook) -> Alert:
    first, second = stage.loss_rates(RULE)
    lost = first + second
    return Alert(
        name,
        lost,
        lost > 0,
        "10m",
        Severity.WARNING,
        summary,
        f"The collector {does} {{rate}} per second, over 5 minutes.",
        Runbook(runbook.symptom, runbook.cause, runbook.fix, _each(stage)),
        board=PIPELINE_BOARD,
    )


def _refused(what: str) -> Runbook:
    return Runbook(
        f"The collector refuses {what} at its receiver; proxies retry, then drop them.",
        "Its memory limiter is active, or the next component of its pipeline refuses them.",
        'See "Memory of the collector" and "Sending queue usage". If a queue is full, fix the'
        " receiving side. If only memory is short, raise the limit.",
    )


def _unsent(what: str, receiver: str) -> Runbook:
    return Runbook(
        f"The collector accepted {what} and could not export them.",
        f"{receiver[0].upper()}{receiver[1:]} is down, rejects them, or is too slow, and the queue"
        " before it is full.",
        f"Read the collector's log: it contains the receiving side's response. Fix {receiver}, or"
        " enlarge the exporter's queue to bridge short gaps.",
    )


_LOSSES = (
    _loss(
        "MCPSpansRefused",
        stages.SPANS_IN,
        "The collector refuses spans",
        "refuses spans at {receiver}:",
        _refused("spans"),
    ),
    _loss(
        "MCPSpansLost",
        stages.SPANS_OUT,
        "The collector loses spans",
        "loses spans for {exporter}:",
        _unsent("spans", "Jaeger"),
    ),
    _loss(
        "MCPMetricPointsRefused",
        stages.POINTS_IN,
        "The collector refuses metrics",
        "refuses metric points at {receiver}:",
        _refused("metric points"),
    ),
    _loss(
        "MCPMetricPointsLost",
        stages.POINTS_OUT,
        "The collector loses metrics",
        "loses metric points for {exporter}:",
        _unsent("metric points", "Prometheus"),
    ),
    _loss(
        "MCPLogRecordsRefused",
        stages.RECORDS_IN,
        "The collector refuses logs",
        "refuses log records at {receiver}:",
        _refused("log records"),
    ),
    _loss(
        "MCPLogRecordsLost",
        stages.RECORDS_OUT,
        "The collector loses logs",
        "loses log records for {exporter}:",
        _unsent("log records", "the log store"),
    ),
)


def collector(t: Thresholds) -> tuple[Alert, ...]:
    """The collector's part of the group, in the order of urgency."""
    queue_filling = Alert(
        "MCPCollectorQueueFilling",
        _FILL,
        _FILL > t.queue_fill,
        "5m",
        Severity.WARNING,
        "The collector's queue for {exporter} fills up",
        "The queue of {exporter} for {data_type} is {percent} full: the receiving side is down or"
        " too slow.",
        Runbook(
            "The queue of an exporter is nearly full; new data will be dropped.",
            "The receiving side is down or too slow.",
            "Fix the receiving side. Enlarging the queue (`sending_queue`) only bridges gaps.",
            queue_usage(RULE, by=("exporter",)),
        ),
        ("queue_fill",),
        PIPELINE_BOARD,
    )
    return (_SILENT, *_LOSSES, queue_filling)
