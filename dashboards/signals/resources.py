"""CPU, memory and restarts: of the pods as the cluster sees them, and of the proxies' processes."""

from dashboards import limits, series, third_party_metrics
from dashboards.links import TO_COST, TO_SERVER
from dashboards.promql import aggregate, eq, like, ne, or_zero
from dashboards.recordings import LOOP_LAG_P99, NEWEST
from dashboards.series import SELECTED, SELECTED_RANGE, Scope, Source
from dashboards.signal import EACH_SERVER, WHO, Query, Signal
from dashboards.signals import proxies, recorded
from proxy.telemetry import catalogue

STARTED = series.of(catalogue.PROCESS_START_TIME)
FDS = series.of(catalogue.PROCESS_OPEN_FDS)

PODS = Scope((like("namespace", "$namespace"), like("pod", "($server)-.+")), SELECTED.window)
"""The pods of the chosen servers: a proxy's and its server's both begin with the server's name."""

_PODS_RANGE = Scope(PODS.matches, SELECTED_RANGE.window)
_POD = ("namespace", "pod")
_CONTAINERS = ne("container", "")
_POD_NAME = "{{pod}}"
_PROCESS = "{{server}} {{pod}}"


def _ours(use: str) -> str:
    """A use by namespace and pod, in those namespaces that MCP servers report from."""
    told = NEWEST.series.now(SELECTED, by=("namespace",), operator="group")
    return f"({use}) and on (namespace) {told}"


def _either(cadvisor: str, kubeletstats: str) -> str:
    """The same use, by either reader of the kubelet."""
    return f"{cadvisor} or {kubeletstats}"


_CPU = _either(
    third_party_metrics.CADVISOR_CPU.rate(PODS, _CONTAINERS, by=_POD),
    third_party_metrics.KUBELETSTATS_CPU.now(PODS, by=_POD),
)
_MEMORY = _either(
    third_party_metrics.CADVISOR_MEMORY.now(PODS, _CONTAINERS, by=_POD),
    third_party_metrics.KUBELETSTATS_MEMORY.now(PODS, by=_POD),
)


def _limit(resource: str) -> str:
    return third_party_metrics.POD_LIMITS.now(PODS, eq("resource", resource), by=_POD)


def _restarts(scope: Scope) -> str:
    """Whole numbers, where an increase would be extrapolated to fractions of a restart."""
    counts = f"changes({third_party_metrics.POD_RESTARTS.select(scope)}[{scope.window}])"
    return aggregate("sum", counts, _POD)


_NEAR_LIMIT = limits.QUEUE.with_reason("At 100 % the kernel ends the container; {percent} is near.")
_ONE_IS_NEWS = limits.LOST.with_reason("A pod that restarts forgets its sessions.")

CPU = Signal(
    "CPU of the pods",
    "Cores used by the pods of proxies and servers. At the pod's limit calls get slow without any"
    " error. Read from the kubelet.",
    "short",
    (Query(_ours(_CPU), _POD_NAME),),
    Source.KUBELET,
)
CPU_OF_LIMIT = Signal(
    "CPU of the limit",
    "Cores used, of the cores that the pod may use. Near 100 % it is throttled: calls wait. Empty"
    " where pods have no limit. Read from the kubelet and kube-state-metrics.",
    "percentunit",
    (Query(_ours(f"({_CPU}) / {_limit('cpu')}"), _POD_NAME),),
    Source.KUBELET,
    limits.QUEUE.with_reason("Above {percent} bursts are throttled."),
)
MEMORY = Signal(
    "Memory of the pods",
    "Working set of the pods of proxies and servers. A line that only rises next to a flat number"
    " of sessions is a leak. Read from the kubelet.",
    "bytes",
    (Query(_ours(_MEMORY), _POD_NAME),),
    Source.KUBELET,
)
MEMORY_OF_LIMIT = Signal(
    "Memory of the limit",
    "Working set, of the memory that the pod may use. Empty where pods have no limit. Read from the"
    " kubelet and kube-state-metrics.",
    "percentunit",
    (Query(_ours(f"({_MEMORY}) / {_limit('memory')}"), _POD_NAME),),
    Source.KUBELET,
    _NEAR_LIMIT,
)
RESTARTS = Signal(
    "Restarts of containers",
    "How often a container of a pod was started again. Told by kube-state-metrics.",
    "short",
    (Query(_ours(_restarts(PODS)), _POD_NAME),),
    Source.KUBELET,
    _ONE_IS_NEWS,
)
OUT_OF_MEMORY = Signal(
    "Ended for lack of memory",
    "Containers whose last end was the kernel's for lack of memory: raise the limit, or find the"
    " leak. Told by kube-state-metrics.",
    "short",
    (
        Query(
            or_zero(
                _ours(third_party_metrics.POD_ENDS.now(PODS, eq("reason", "OOMKilled"), by=_POD)),
                f"({_ours(third_party_metrics.POD_RESTARTS.now(PODS, by=_POD, operator='group'))})",
            ),
            _POD_NAME,
        ),
    ),
    Source.KUBELET,
    _ONE_IS_NEWS,
)
POD_RESTARTS = Signal(
    "Restarts in pods",
    "Restarts of containers of proxies and servers in all the time shown. Told by"
    " kube-state-metrics.",
    "short",
    (Query(f"sum({_ours(_restarts(_PODS_RANGE))})", "restarts"),),
    Source.KUBELET,
    _ONE_IS_NEWS,
)


STARTS = Signal(
    "Restarts of proxies",
    "How often a proxy's process was started again in all the time shown.",
    "short",
    (
        Query(
            f"sum(changes({STARTED.select(SELECTED_RANGE)}[{SELECTED_RANGE.window}]))", "restarts"
        ),
    ),
    Source.PROXY,
    _ONE_IS_NEWS,
)
BUSIEST = Signal(
    "CPU, busiest proxy",
    "CPU time of the proxy process that uses most, of one core. Below: which one it is.",
    "percentunit",
    (Query(aggregate("max", proxies.CPU.rate(SELECTED, by=proxies.EACH_POD)), "CPU"),),
    Source.PROXY,
    limits.CPU_CORES,
)
LARGEST = Signal(
    "Memory, largest proxy",
    "Resident memory of the proxy process that has most. Below: which one it is.",
    "bytes",
    (Query(proxies.MEMORY.now(SELECTED, operator="max"), "memory"),),
    Source.PROXY,
    limits.MEMORY_BYTES,
)
LATEST = Signal(
    "Event loop lag, worst",
    "The event loop lag p99 of the server whose proxies are latest. Below: which one it is.",
    "s",
    (Query(LOOP_LAG_P99.series.now(SELECTED, operator="max"), "lag"),),
    Source.PROXY,
    limits.LOOP_LAG_SECONDS,
)
MOST_FILES = Signal(
    "Most open files",
    "File descriptors of the proxy process that has most open. At the system's limit (often 1024)"
    " no client gets in.",
    "short",
    (Query(FDS.now(SELECTED, operator="max"), "files"),),
    Source.PROXY,
)
FILES = Signal(
    "Open files of the proxies",
    "File descriptors that a proxy has open: connections, streams, pipes to stdio servers. At the"
    " system's limit (often 1024) no client gets in.",
    "short",
    (Query(FDS.now(SELECTED, by=proxies.EACH_POD), _PROCESS),),
    Source.PROXY,
    links=(TO_SERVER,),
)
AGE = Signal(
    "Age of the proxies",
    "How long ago each proxy's process started. A line that falls to 0 is a restart.",
    "s",
    (Query(f"time() - {STARTED.now(SELECTED, by=proxies.EACH_POD)}", _PROCESS),),
    Source.PROXY,
    links=(TO_SERVER,),
)
CPU_PER_CALL = Signal(
    "CPU per call",
    "CPU time of the proxies for each call that they answered. High at few calls, where idling"
    " counts; rising at many: messages got larger, or more of them are traced. Over 5 minutes, as"
    " recorded.",
    "s",
    (Query(recorded.cpu_per_call(EACH_SERVER), WHO),),
    Source.PROXY,
    no_value_text="no calls",
    links=(TO_COST,),
)
