"""What rules computed: the indicators that alerts evaluate, the pods' usage, and firing alerts."""

from dashboards import limits
from dashboards import third_party_metrics as metrics
from dashboards.links import TO_SERVER
from dashboards.promql.functions import zero_if_none
from dashboards.promql.scope import EVERYTHING, SELECTED, Scope, eq, like
from dashboards.recordings.catalogue import CALL_RATE, ERROR_RATIO, LATENCY_P95, POD_CPU, POD_MEMORY
from dashboards.recordings.objectives import BURN_WINDOWS, Objective, speed, success
from dashboards.recordings.recording import Recording
from dashboards.signal import SERVER_LEGEND, Query, Signal
from dashboards.thresholds import DEFAULTS

OUR_ALERTS = like("alertname", "MCP.*")
FIRING_ALERTS = (OUR_ALERTS, eq("alertstate", "firing"))


def _number_firing(scope: Scope) -> tuple[Query]:
    firing = metrics.ALERTS.now(scope, *FIRING_ALERTS, operator="count")
    return (Query(zero_if_none(firing), "alerts"),)


def _selected(recording: Recording, legend: str = SERVER_LEGEND) -> tuple[Query]:
    return (Query(recording.series.select(SELECTED), legend),)


FIRING_HERE = Signal(
    "Firing alerts",
    "MCP alerts that fire now for the selected servers. The runbook has a section for each.",
    "short",
    _number_firing(SELECTED),
    limits.FIRING,
)
FIRING = Signal(
    "Firing alerts",
    "MCP alerts that fire now, for any server. The runbook has a section for each.",
    "short",
    _number_firing(EVERYTHING),
    limits.FIRING,
)
CALLS = Signal(
    "Calls used by alerts",
    "Calls per second over 5 minutes, as recorded. With few calls a ratio is noise, and alerts"
    " ignore it.",
    "reqps",
    _selected(CALL_RATE),
)
ERRORS = Signal(
    "Error ratio used by alerts",
    "Failed calls as a share of all calls over 5 minutes, as recorded.",
    "percentunit",
    _selected(ERROR_RATIO),
    limits.ERRORS,
)
LATENCY = Signal(
    "Latency p95 used by alerts",
    "95 % of calls completed within this time over 5 minutes, as recorded.",
    "s",
    _selected(LATENCY_P95),
    limits.LATENCY_SECONDS,
)
POD_CPU_CORES = Signal(
    "CPU of the pods",
    "Cores used by the pods of the proxies, and of the server if it runs in the same pod. At the"
    " pod's limit calls become slow without any error. Read from the kubelet.",
    "short",
    _selected(POD_CPU, "{pod}"),
)
POD_MEMORY_BYTES = Signal(
    "Memory of the pods",
    "Working set of the pods of the proxies, and of the server if it runs in the same pod. At the"
    " pod's limit the kernel kills it and sessions are lost. Read from the kubelet.",
    "bytes",
    _selected(POD_MEMORY, "{pod}"),
)


def _left(objective: Objective, bad: str) -> Signal:
    return Signal(
        f"{objective.name.capitalize()} budget left",
        f"What is left of the calls that may {bad} within 30 days, as far back as Prometheus has"
        " data. If it falls fast, see the burn rate, and the errors or latency of that server.",
        "percentunit",
        _selected(objective.left),
        limits.BUDGET_LEFT,
        no_value_text="no calls",
        links=(TO_SERVER,),
    )


def _burn(objective: Objective, window: str) -> Signal:
    return Signal(
        f"{objective.name.capitalize()} burn rate, {window}",
        f"How many times faster than allowed the {objective.name} budget is being spent, over"
        f" {window}. High over the short window only: a brief failure; over all of them: a lasting"
        " fault.",
        "short",
        _selected(objective.burns[window]),
        limits.BURN,
        no_value_text="no calls",
        links=(TO_SERVER,),
    )


AVAILABILITY, LATENCY_OBJECTIVE = success(DEFAULTS), speed(DEFAULTS)
BUDGET_LEFT = (_left(AVAILABILITY, "fail"), _left(LATENCY_OBJECTIVE, "be slow"))
"""Of each objective, availability first."""
AVAILABILITY_BURN_RATES = tuple(_burn(AVAILABILITY, each) for each in BURN_WINDOWS)
LATENCY_BURN_RATES = tuple(_burn(LATENCY_OBJECTIVE, each) for each in BURN_WINDOWS)
