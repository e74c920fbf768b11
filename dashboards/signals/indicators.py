"""What rules computed: the indicators that alerts judge, the pods' use, and which alerts fire."""

from dashboards import foreign, limits
from dashboards.promql import eq, like
from dashboards.recordings import CALL_RATE, ERROR_RATIO, LATENCY_P95, POD_CPU, POD_MEMORY
from dashboards.series import CHOSEN, WHOLE, Source
from dashboards.signal import WHO, Answer, Signal

OURS = (like("alertname", "MCP.*"), eq("alertstate", "firing"))

FIRING_HERE = Signal(
    "Firing alerts",
    "MCP alerts that fire now for the chosen servers. Each has a heading in the runbook.",
    "short",
    (Answer(f"{foreign.ALERTS.now(CHOSEN, *OURS, operator='count')} or vector(0)", "alerts"),),
    Source.PROMETHEUS,
    limits.FIRING,
)
FIRING = Signal(
    "Firing alerts",
    "MCP alerts that fire now, for any server. Each has a heading in the runbook.",
    "short",
    (Answer(f"{foreign.ALERTS.now(WHOLE, *OURS, operator='count')} or vector(0)", "alerts"),),
    Source.PROMETHEUS,
    limits.FIRING,
)
CALLS = Signal(
    "Calls, as alerts see them",
    "Calls per second over 5 minutes, as recorded. Below"
    f" {limits.CALL_FLOOR:g} per second ratios are noise and no alert judges them.",
    "reqps",
    (Answer(CALL_RATE.series.select(CHOSEN), WHO),),
    Source.PROXY,
)
ERRORS = Signal(
    "Error ratio, as alerts see it",
    "Failed calls of all calls over 5 minutes, as recorded.",
    "percentunit",
    (Answer(ERROR_RATIO.series.select(CHOSEN), WHO),),
    Source.PROXY,
    limits.ERRORS,
)
LATENCY = Signal(
    "Latency p95, as alerts see it",
    "95 of 100 calls were answered within this time over 5 minutes, as recorded.",
    "s",
    (Answer(LATENCY_P95.series.select(CHOSEN), WHO),),
    Source.PROXY,
    limits.LATENCY_SECONDS,
)
POD_CPU_CORES = Signal(
    "CPU of the pods",
    "Cores used by the pods of the proxies, with the server where it runs in the same pod. At the"
    " pod's limit calls get slow without any error. Read from the kubelet.",
    "short",
    (Answer(POD_CPU.series.select(CHOSEN), "{{pod}}"),),
    Source.KUBELET,
)
POD_MEMORY_BYTES = Signal(
    "Memory of the pods",
    "Working set of the pods of the proxies, with the server where it runs in the same pod. At the"
    " pod's limit the kernel ends it and sessions are lost. Read from the kubelet.",
    "bytes",
    (Answer(POD_MEMORY.series.select(CHOSEN), "{{pod}}"),),
    Source.KUBELET,
)
