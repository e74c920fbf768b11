"""Saturation: something fills up, and calls will suffer next."""

from dashboards.alerts.alert import PIPELINE_BOARD, Alert, Runbook, Severity
from dashboards.alerts.sessions import sessions
from dashboards.expressions import pods, proxies
from dashboards.promql.expression import Aggregation
from dashboards.promql.functions import or_zero
from dashboards.promql.scope import EACH_POD, EACH_SERVER, RULE
from dashboards.recordings.catalogue import LOOP_LAG_P99, SERIES, of_mcp_pods
from dashboards.thresholds import Thresholds

_QUARTER = RULE.over("15m")
_CPU = proxies.cpu_of_each(RULE, EACH_SERVER)
# Other proxies use more than one core: those with an event loop are ours.
_ON_ONE_CORE = proxies.LAG_COUNT.now(RULE, by=EACH_SERVER, operator="group")
_MEMORY = proxies.MEMORY.now(RULE, proxies.OF_A_PROXY, by=EACH_SERVER, operator="max")
_MEMORY_OF_LIMIT = of_mcp_pods(pods.memory_of_limit(RULE))
_FAMILIES = SERIES.series.now(RULE, by=("family",))
_OVERFLOW = or_zero(
    proxies.OVERFLOW.increase(_QUARTER, proxies.OF_TOOLS, by=EACH_SERVER), proxies.present(RULE)
)


def saturation(t: Thresholds) -> tuple[Alert, ...]:
    """The alerts of this group, in the order of urgency."""
    return (
        _event_loop_lag(t),
        _cpu_full(t),
        _memory_high(t),
        _near_memory_limit(t),
        *sessions(t),
        _LABEL_OVERFLOW,
        _series_too_many(t),
    )


def _event_loop_lag(t: Thresholds) -> Alert:
    return Alert(
        "MCPEventLoopLag",
        LOOP_LAG_P99.value,
        LOOP_LAG_P99.value > t.loop_lag_seconds,
        "10m",
        Severity.WARNING,
        "The event loop of the proxy of {server} is late",
        "1 % of the timers in the proxy of {server} run more than {duration} late, over 5 minutes.",
        Runbook(
            "Everything the proxy does is late: every open call and stream waits.",
            "As {MCPProxySlow}; or the machine itself is overloaded or was suspended.",
            'Compare with "CPU of the proxy". Low CPU and high lag: throttling or a full node, move'
            " the pod or raise its limit. High CPU: add replicas.",
            proxies.LAG.quantile(0.99, RULE, by=EACH_SERVER),
        ),
        ("loop_lag_seconds",),
    )


def _cpu_full(t: Thresholds) -> Alert:
    return Alert(
        "MCPProxyCpuFull",
        _CPU & _ON_ONE_CORE,
        (_CPU > t.cpu_cores) & _ON_ONE_CORE,
        "15m",
        Severity.WARNING,
        "The proxy of {server} uses all of its core",
        "A proxy of {server} uses {rate} cores, over 5 minutes; one process cannot use more than"
        " one.",
        Runbook(
            "One proxy process uses all of one core; calls queue.",
            "More calls or larger messages than one process can handle.",
            "Add replicas. For a stdio server, see docs/deploying.md on replicas first.",
            proxies.cpu_of_each(RULE, EACH_POD),
        ),
        ("cpu_cores",),
    )


def _memory_high(t: Thresholds) -> Alert:
    return Alert(
        "MCPProxyMemoryHigh",
        _MEMORY,
        _MEMORY > t.memory_bytes,
        "15m",
        Severity.WARNING,
        "The proxy of {server} uses a lot of memory",
        "A proxy of {server} uses {bytes} of memory.",
        Runbook(
            "The proxy uses far more memory than a busy one needs; at its limit the kernel kills it"
            " and sessions are lost.",
            "Many open sessions or streams, very large messages, or a leak.",
            "{many_sessions} Otherwise restart the proxy, and report a leak with the graph of the"
            " last days.",
            proxies.MEMORY.now(RULE, proxies.OF_A_PROXY, by=EACH_POD, operator="max"),
        ),
        ("memory_bytes",),
    )


def _near_memory_limit(t: Thresholds) -> Alert:
    return Alert(
        "MCPPodNearMemoryLimit",
        _MEMORY_OF_LIMIT,
        _MEMORY_OF_LIMIT > t.memory_of_limit,
        "5m",
        Severity.WARNING,
        "Pod {pod} of {server} is close to its memory limit",
        "A container of pod {pod} of {server} uses {percent} of its memory limit, the processes of"
        " its sessions included.",
        Runbook(
            "At the limit the kernel kills a process of the container: a session's, which the pod"
            " does not show, or the proxy and with it all sessions.",
            "More or larger sessions than the limit was made for, large messages, or a leak.",
            "Raise the limit in `resources` of the server, or lower `maxSessions`. For a stdio"
            " server `sessionMemory` is what each process may take; `sharedProcess` runs one for"
            " all sessions.",
        ),
        ("memory_of_limit",),
    )


_LABEL_OVERFLOW = Alert(
    "MCPLabelOverflow",
    _OVERFLOW,
    _OVERFLOW > 0,
    "15m",
    Severity.WARNING,
    "Tool names of {server} exceed the cap",
    "{count} calls to {server} were counted as tool `other`, in 15 minutes: the server has more"
    " tools in use than get series of their own.",
    Runbook(
        "Panels by tool cannot tell some calls apart: their tool is counted as `other`.",
        "More tools of the server are in use than `--tool-cap`. Every ten minutes one more gets"
        " series of its own, in place of the least used. Names that callers invent are always"
        " `other`, and not counted here.",
        "Raise `--tool-cap` to the number of tools in the server's `tools/list`. If a server"
        " accepts any name and answers with success, its tools cannot be distinguished: leave the"
        " cap.",
        proxies.OVERFLOW.select(RULE, proxies.OF_TOOLS).over("increase", "15m") > 0,
    ),
)


def _series_too_many(t: Thresholds) -> Alert:
    return Alert(
        "MCPSeriesTooMany",
        _FAMILIES,
        _FAMILIES > t.series_per_family,
        "15m",
        Severity.WARNING,
        "Metric {family} has too many series",
        "{family} has {count} series: one of its labels has unbounded values.",
        Runbook(
            "One metric has so many series that Prometheus may run out of memory.",
            "A label with unbounded values: invented names, or pods that come and go all day;"
            " ToolHive's HEAD adds resource URIs.",
            "Find the label with the most values (`count(count by (tool) (...))`, label by label),"
            " and drop it by metric relabelling. {tool_cap}",
            Aggregation("topk", _FAMILIES, top=5),
        ),
        ("series_per_family",),
        PIPELINE_BOARD,
    )
