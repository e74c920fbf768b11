"""CPU, memory and restarts: of the pods as the cluster sees them, and of the proxies' processes."""

from dashboards import limits
from dashboards import third_party_metrics as metrics
from dashboards.expressions import pods, proxies
from dashboards.expressions.pods import POD
from dashboards.links import TO_COST, TO_SERVER
from dashboards.promql.expression import Expr, Paren
from dashboards.promql.functions import aggregate, or_zero, seconds_since
from dashboards.promql.scope import (
    EACH_POD,
    EACH_SERVER,
    SELECTED,
    SELECTED_RANGE,
    Scope,
    eq,
    like,
    selected,
    variable,
)
from dashboards.recordings.catalogue import LOOP_LAG_P99, NEWEST
from dashboards.signal import SERVER_LEGEND, Query, Signal
from dashboards.signals.proxies import PROCESS
from dashboards.signals.recorded import cpu_per_call

PODS = Scope((selected("namespace"), like("pod", f"({variable('server')})-.+")), SELECTED.window)
"""The pods of the selected servers: those of proxies too begin with the server's name."""


def _of_mcp_namespaces(use: Expr) -> Expr:
    """A use by namespace and pod, in the namespaces that MCP servers report from."""
    reporting = NEWEST.series.now(SELECTED, by=("namespace",), operator="group")
    return Paren(use).and_on(("namespace",), reporting)


def _by_pod(use: Expr) -> tuple[Query]:
    return (Query(_of_mcp_namespaces(use), "{pod}"),)


_CPU, _MEMORY = pods.cpu(PODS), pods.memory(PODS)


def _limit(resource: str) -> Expr:
    return metrics.POD_LIMITS.now(PODS, eq("resource", resource), by=POD)


def _restarts(scope: Scope) -> Expr:
    """Whole numbers, where an increase would be extrapolated to fractions of a restart."""
    return aggregate("sum", metrics.POD_RESTARTS.select(scope).over("changes", scope.window), POD)


_RESTART_LIMIT = limits.LOST.with_reason("A pod that restarts loses its sessions.")

CPU = Signal(
    "CPU of the pods",
    "Cores used by the pods of proxies and servers. At the pod's limit calls become slow without"
    " any error. Read from the kubelet.",
    "short",
    _by_pod(_CPU),
)
CPU_OF_LIMIT = Signal(
    "CPU usage of limit",
    "Cores used, as a share of the pod's limit. Near 100 % it is throttled and calls wait. Empty"
    " where pods have no limit. Read from the kubelet and kube-state-metrics.",
    "percentunit",
    _by_pod(Paren(_CPU) / _limit("cpu")),
    limits.QUEUE.with_reason("Above {percent} bursts are throttled."),
)
MEMORY = Signal(
    "Memory of the pods",
    "Working set of the pods of proxies and servers. If it keeps rising while the number of"
    " sessions does not, it is a leak. Read from the kubelet.",
    "bytes",
    _by_pod(_MEMORY),
)
MEMORY_OF_LIMIT = Signal(
    "Memory usage of limit",
    "Working set, as a share of the pod's limit. Empty where pods have no limit. Read from the"
    " kubelet and kube-state-metrics.",
    "percentunit",
    _by_pod(Paren(_MEMORY) / _limit("memory")),
    limits.QUEUE.with_reason("At 100 % the kernel kills the container; {percent} is close."),
)
RESTARTS = Signal(
    "Container restarts by pod",
    "How often a container of a pod was restarted. Read from kube-state-metrics.",
    "short",
    _by_pod(_restarts(PODS)),
    _RESTART_LIMIT,
)
OUT_OF_MEMORY = Signal(
    "OOM-killed containers",
    "Containers whose last exit was an OOM kill: raise the limit, or find the leak. Read from"
    " kube-state-metrics.",
    "short",
    (
        Query(
            or_zero(
                _of_mcp_namespaces(metrics.POD_ENDS.now(PODS, eq("reason", "OOMKilled"), by=POD)),
                Paren(_of_mcp_namespaces(metrics.POD_RESTARTS.now(PODS, by=POD, operator="group"))),
            ),
            "{pod}",
        ),
    ),
    _RESTART_LIMIT,
)
POD_RESTARTS = Signal(
    "Container restarts",
    "Restarts of containers of proxies and servers in the whole time range. Read from"
    " kube-state-metrics.",
    "short",
    (
        Query(
            aggregate("sum", _of_mcp_namespaces(_restarts(PODS.over(SELECTED_RANGE.window)))),
            "restarts",
        ),
    ),
    _RESTART_LIMIT,
)


_STARTED = proxies.STARTED.select(SELECTED_RANGE).over("changes", SELECTED_RANGE.window)
STARTS = Signal(
    "Proxy restarts",
    "How often a proxy's process was restarted in the whole time range.",
    "short",
    (Query(aggregate("sum", _STARTED), "restarts"),),
    _RESTART_LIMIT,
)
BUSIEST = Signal(
    "CPU, busiest proxy",
    "CPU time of the busiest proxy process, as a share of one core. See below which one it is.",
    "percentunit",
    (Query(proxies.cpu_of_each(SELECTED, ()), "CPU"),),
    limits.CPU_CORES,
)
LARGEST = Signal(
    "Memory, largest proxy",
    "Resident memory of the largest proxy process. See below which one it is.",
    "bytes",
    (Query(proxies.MEMORY.now(SELECTED, operator="max"), "memory"),),
    limits.MEMORY_BYTES,
)
LATEST = Signal(
    "Event loop lag, worst",
    "The event loop lag p99 of the server with the highest lag. See below which one it is.",
    "s",
    (Query(LOOP_LAG_P99.series.now(SELECTED, operator="max"), "lag"),),
    limits.LOOP_LAG_SECONDS,
)
MOST_FILES = Signal(
    "Most open files",
    "File descriptors of the proxy process with the most open. At the system's limit (often 1024)"
    " new clients are refused.",
    "short",
    (Query(proxies.OPEN_FILES.now(SELECTED, operator="max"), "files"),),
)
FILES = Signal(
    "Open files of the proxies",
    "File descriptors that a proxy has open: connections, streams, pipes to stdio servers. At the"
    " system's limit (often 1024) new clients are refused.",
    "short",
    (Query(proxies.OPEN_FILES.now(SELECTED, by=EACH_POD, operator="max"), PROCESS),),
    links=(TO_SERVER,),
)
AGE = Signal(
    "Proxy uptime",
    "How long ago each proxy's process started. A drop to 0 is a restart.",
    "s",
    (Query(seconds_since(proxies.STARTED.now(SELECTED, by=EACH_POD, operator="max")), PROCESS),),
    links=(TO_SERVER,),
)
CPU_PER_CALL = Signal(
    "CPU per call",
    "CPU time of the proxies for each call that they handled. High when there are few calls,"
    " because idling counts; if it rises with many, messages became larger or more of them are"
    " traced. Over 5 minutes, as recorded.",
    "s",
    (Query(cpu_per_call(EACH_SERVER), SERVER_LEGEND),),
    no_value_text="no calls",
    links=(TO_COST,),
)
