"""Recording rules: the service level indicators, computed once, read by boards and alerts.

Names follow `level:metric:operation`; the level `mcp` is one server of one namespace.
"""

from dataclasses import replace

from dashboards import foreign
from dashboards.objectives import CALLS, objectives, success
from dashboards.promql import aggregate, ne, quantile, renamed
from dashboards.recording import OF_TOOLS, Recording, spliced
from dashboards.series import RULE, Scope, Source
from dashboards.signal import EACH_SERVER
from dashboards.signals import calls, proxies, tools
from dashboards.thresholds import DEFAULTS, Thresholds

POD = ("namespace", "pod")
TOOL = ("namespace", "server", "tool")


BUCKET = (*EACH_SERVER, "le")
OUTCOME = (*EACH_SERVER, "outcome", "fault")
LATENCY_BUCKETS = Recording(
    "mcp:latency_bucket:rate5m", calls.BUCKETS.rate(RULE, calls.IS_CALL, by=BUCKET), BUCKET
)
OUTCOMES = Recording("mcp:outcomes:rate5m", calls.OUTCOMES.rate(RULE, by=OUTCOME), OUTCOME)
LATENCY_P95 = Recording("mcp:latency:p95_5m", calls.latency(0.95, RULE, by=EACH_SERVER))
TOOL_RATE = Recording("mcp:tool_calls:rate5m", tools.call_rate(RULE, TOOL), TOOL)
TOOL_ERRORS = Recording("mcp:tool_errors:rate5m", tools.failed_rate(RULE, TOOL), TOOL)
TOOL_ERROR_RATIO = Recording(
    "mcp:tool_errors:ratio_rate5m", f"{TOOL_ERRORS.record} / ({TOOL_RATE.record} > 0)", TOOL
)


def _tool_latency() -> str:
    spans = tools.BUCKETS.rate(RULE, tools.NAMED, by=("le", *EACH_SERVER, tools.NAME))
    return renamed(quantile(0.95, spans), tools.NAME, "tool", keep=EACH_SERVER)


TOOL_LATENCY_P95 = Recording("mcp:tool_latency:p95_5m", _tool_latency(), TOOL)
_TOOL_CALLS = "mcp:tool_calls:rate"
TOOL_RATE_HOUR = Recording(f"{_TOOL_CALLS}1h", tools.call_rate(Scope((), "1h"), TOOL), TOOL)
TOOL_RATE_DAY = Recording(f"{_TOOL_CALLS}1d", spliced(_TOOL_CALLS, "1d", TOOL), TOOL)
_TOOLS = (
    TOOL_RATE,
    TOOL_ERRORS,
    TOOL_ERROR_RATIO,
    TOOL_LATENCY_P95,
    TOOL_RATE_HOUR,
    Recording(f"{_TOOL_CALLS}6h", spliced(_TOOL_CALLS, "6h", TOOL), TOOL),
    TOOL_RATE_DAY,
)


def _of_mcp_pods(use: str) -> str:
    """A use by namespace and pod, for the pods that MCP series come from, with their server."""
    ours = " or ".join(
        each.now(RULE, by=proxies.EACH_POD, operator="group")
        for each in (proxies.UP, calls.REQUESTS)
    )
    return f"({ours}) * on (namespace, pod) group_left () ({use})"


# cAdvisor counts each container, and the whole pod once more under no container name.
_CONTAINERS = ne("container", "")


def _newest() -> str:
    """The time of each server's newest sample, while it is fresh."""
    stamps = (f"timestamp({each.select(RULE)})" for each in (proxies.UP, calls.REQUESTS))
    return " or ".join(aggregate("max", each, EACH_SERVER) for each in stamps)


NEWEST = Recording("mcp:sample:newest_timestamp", _newest())
POD_CPU = Recording(
    "mcp:pod_cpu_cores:rate5m",
    _of_mcp_pods(
        f"{foreign.CADVISOR_CPU.rate(RULE, _CONTAINERS, by=POD)}"
        f" or {foreign.KUBELETSTATS_CPU.now(RULE, by=POD)}"
    ),
    proxies.EACH_POD,
    Source.KUBELET,
)
POD_MEMORY = Recording(
    "mcp:pod_memory_bytes:sum",
    _of_mcp_pods(
        f"{foreign.CADVISOR_MEMORY.now(RULE, _CONTAINERS, by=POD)}"
        f" or {foreign.KUBELETSTATS_MEMORY.now(RULE, by=POD)}"
    ),
    proxies.EACH_POD,
    Source.KUBELET,
)


def recordings(t: Thresholds) -> tuple[Recording, ...]:
    """All of them, in the order of evaluation."""
    of_tools = (replace(each, group=OF_TOOLS) for each in _TOOLS)
    observed = (OUTCOMES, LATENCY_BUCKETS, LATENCY_P95, *of_tools, NEWEST, POD_CPU, POD_MEMORY)
    return (*objectives(t), *observed)


RECORDINGS = recordings(DEFAULTS)


def _named(record: str) -> Recording:
    return next(each for each in RECORDINGS if each.record == record)


CALL_RATE = _named(f"{CALLS}5m")
ERROR_RATIO = _named(success(DEFAULTS).ratio("5m"))
