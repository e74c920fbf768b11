"""What rules computed: the indicators that alerts judge, the pods' use, and which alerts fire."""

from dashboards import limits, third_party_metrics
from dashboards.links import TO_SERVER
from dashboards.objectives import Objective, speed, success
from dashboards.promql import eq, like
from dashboards.recording import Recording
from dashboards.recordings import (
    CALL_RATE,
    ERROR_RATIO,
    LATENCY_P95,
    POD_CPU,
    POD_MEMORY,
    RECORDINGS,
)
from dashboards.series import EVERYTHING, SELECTED, Source
from dashboards.signal import WHO, Query, Signal
from dashboards.thresholds import DEFAULTS

OURS = (like("alertname", "MCP.*"), eq("alertstate", "firing"))

FIRING_HERE = Signal(
    "Firing alerts",
    "MCP alerts that fire now for the chosen servers. Each has a heading in the runbook.",
    "short",
    (
        Query(
            f"{third_party_metrics.ALERTS.now(SELECTED, *OURS, operator='count')} or vector(0)",
            "alerts",
        ),
    ),
    Source.PROMETHEUS,
    limits.FIRING,
)
FIRING = Signal(
    "Firing alerts",
    "MCP alerts that fire now, for any server. Each has a heading in the runbook.",
    "short",
    (
        Query(
            f"{third_party_metrics.ALERTS.now(EVERYTHING, *OURS, operator='count')} or vector(0)",
            "alerts",
        ),
    ),
    Source.PROMETHEUS,
    limits.FIRING,
)
CALLS = Signal(
    "Calls, as alerts see them",
    "Calls per second over 5 minutes, as recorded. Where they are few a ratio is noise, and no"
    " alert judges it.",
    "reqps",
    (Query(CALL_RATE.series.select(SELECTED), WHO),),
    Source.PROXY,
)
ERRORS = Signal(
    "Error ratio, as alerts see it",
    "Failed calls of all calls over 5 minutes, as recorded.",
    "percentunit",
    (Query(ERROR_RATIO.series.select(SELECTED), WHO),),
    Source.PROXY,
    limits.ERRORS,
)
LATENCY = Signal(
    "Latency p95, as alerts see it",
    "95 of 100 calls were answered within this time over 5 minutes, as recorded.",
    "s",
    (Query(LATENCY_P95.series.select(SELECTED), WHO),),
    Source.PROXY,
    limits.LATENCY_SECONDS,
)
POD_CPU_CORES = Signal(
    "CPU of the pods",
    "Cores used by the pods of the proxies, with the server where it runs in the same pod. At the"
    " pod's limit calls get slow without any error. Read from the kubelet.",
    "short",
    (Query(POD_CPU.series.select(SELECTED), "{{pod}}"),),
    Source.KUBELET,
)
POD_MEMORY_BYTES = Signal(
    "Memory of the pods",
    "Working set of the pods of the proxies, with the server where it runs in the same pod. At the"
    " pod's limit the kernel ends it and sessions are lost. Read from the kubelet.",
    "bytes",
    (Query(POD_MEMORY.series.select(SELECTED), "{{pod}}"),),
    Source.KUBELET,
)


_RECORDED = {each.record: each for each in RECORDINGS}
_SUCCESS, _SPEED = success(DEFAULTS), speed(DEFAULTS)


def _chosen(record: str) -> str:
    recording: Recording = _RECORDED[record]
    return recording.series.select(SELECTED)


def _left(objective: Objective, bad: str) -> Signal:
    return Signal(
        f"{objective.name.capitalize()} budget left",
        f"What is left of the calls that may {bad} within 30 days, as far back as Prometheus"
        " remembers. Falling fast: see the burn rate, and the errors or latency of that server.",
        "percentunit",
        (Query(_chosen(objective.left), WHO),),
        Source.PROXY,
        limits.BUDGET_LEFT,
        no_value_text="no calls",
        links=(TO_SERVER,),
    )


def _burn(objective: Objective, window: str) -> Signal:
    return Signal(
        f"{objective.name.capitalize()} burn rate, {window}",
        f"How many times faster than allowed the {objective.name} budget is spent, over {window}."
        " High over the short window only: a mishap; over all of them: a fault that stays.",
        "short",
        (Query(_chosen(objective.burn(window)), WHO),),
        Source.PROXY,
        limits.BURN,
        no_value_text="no calls",
        links=(TO_SERVER,),
    )


BUDGET_LEFT = (_left(_SUCCESS, "fail"), _left(_SPEED, "be slow"))
"""Of each objective, availability first."""
BURN_RATES = tuple(
    _burn(objective, window) for objective in (_SUCCESS, _SPEED) for window in ("1h", "6h", "3d")
)
"""Of each objective over each window, availability first."""
