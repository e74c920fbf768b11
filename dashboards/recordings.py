"""Recording rules: the service level indicators, computed once, read by boards and alerts.

Names follow `level:metric:operation`; the level `mcp` is one server of one namespace.
"""

from dataclasses import dataclass

from dashboards import foreign
from dashboards.promql import ne
from dashboards.series import RULE, Series, Source
from dashboards.signal import EACH_SERVER
from dashboards.signals import calls, proxies, tools

POD = ("namespace", "pod")
TOOL = ("namespace", "server", "tool")


@dataclass(frozen=True, slots=True)
class Recording:
    """A series that Prometheus computes from others at every evaluation."""

    record: str
    expr: str
    labels: tuple[str, ...]
    needs: Source = Source.PROXY

    @property
    def series(self) -> Series:
        """The recorded series, to query it."""
        return Series(self.record, frozenset(self.labels), self.needs)


CALL_RATE = Recording("mcp:calls:rate5m", calls.call_rate(RULE, by=EACH_SERVER), EACH_SERVER)
ERROR_RATIO = Recording(
    "mcp:errors:ratio_rate5m", calls.error_ratio(RULE, by=EACH_SERVER), EACH_SERVER
)
LATENCY_P95 = Recording(
    "mcp:latency:p95_5m", calls.latency(0.95, RULE, by=EACH_SERVER), EACH_SERVER
)
TOOL_RATE = Recording("mcp:tool_calls:rate5m", tools.call_rate(RULE, TOOL), TOOL)
TOOL_ERROR_RATIO = Recording("mcp:tool_errors:ratio_rate5m", tools.error_ratio(RULE, TOOL), TOOL)


def _of_mcp_pods(use: str) -> str:
    """A use by namespace and pod, for the pods that MCP series come from, with their server."""
    ours = " or ".join(
        each.now(RULE, by=proxies.EACH_POD, operator="group")
        for each in (proxies.UP, calls.REQUESTS)
    )
    return f"({ours}) * on (namespace, pod) group_left () ({use})"


# cAdvisor counts each container, and the whole pod once more under no container name.
_CONTAINERS = ne("container", "")
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

RECORDINGS = (
    CALL_RATE,
    ERROR_RATIO,
    LATENCY_P95,
    TOOL_RATE,
    TOOL_ERROR_RATIO,
    POD_CPU,
    POD_MEMORY,
)
"""All of them, in the order of evaluation."""
