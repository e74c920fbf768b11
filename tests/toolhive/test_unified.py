"""ToolHive's series, wired as the stack wires them, on every panel and rule of the unified set.

What ToolHive does not measure is listed by name, with the reason: nothing else may be without data,
and nothing of the list may have any.
"""

from pathlib import Path

import pytest

from dashboards.bundles import monitoring_bundle
from dashboards.promql.schema import Source
from dashboards.queries import MonitoringQuery, bundle_queries
from stacks.architectures import ARCHITECTURES, MetricsIngestion
from stacks.charts import Profile
from tests.toolhive.unified import running

pytestmark = pytest.mark.slow

ONLY_OUR_PROXY_TELLS = {
    "$client",
    "Busiest clients",
    "Calls by class of tool",
    "Calls by client",
    "Calls by outcome",
    "Calls by principal",
    "Calls counted as other",
    "Calls by protocol version",
    "Calls without a name",
    "Clients with the most errors",
    "Error ratio by client",
    "Servers called",
    "Tool calls counted as other",
    "Errors by fault",
    "Errors caused by the proxy",
    "Event loop lag p99",
    "Event loop lag, worst",
    "Session duration",
    "Session transports to servers",
    "Calls without a response",
    "MCPCallersAtFault",
    "MCPCallsLost",
    "MCPEventLoopLag",
    "MCPLabelOverflow",
    "MCPProxyCpuFull",
    "MCPProxyDefect",
    "MCPProxySlow",
    "MCPRequestsRejected",
    "MCPServerDown",
    "MCPServerPartlyDown",
    "MCPServerProcessKilled",
    "MCPServerRestarting",
    "MCPSessionsLeaking",
    "MCPSessionsStuck",
    "MCPStreamsLeaking",
    "MCPTelemetryDropped",
    "Memory per open session",
    "Open sessions",
    "Open sessions by server",
    "Open streams",
    "Open streams by server",
    "Processes killed by a signal",
    "Requests in flight",
    "Requests rejected, by reason",
    "Restarts of stdio servers",
    "Sessions by server",
    "Sessions ended",
    "Share of call time",
    "Share of time spent in the proxy",
    "Size of responses",
    "Size of requests",
    "Telemetry lost by the proxies",
    "Time added",
    "Time added by server",
    "Time added p99",
    "Time added per call",
    "Breaking changes",
    "Changes",
    "Changes by kind",
    "Changes by server",
    "Descriptions changed",
    "MCPToolsChanged",
    "MCPToolsChangedIncompatibly",
    "MCPToolsDrifted",
    "MCPToolsNotApproved",
    "Requests in vain",
    "Tools added",
    "Tools removed or renamed",
    "Largest definitions",
    "Largest growth in a week",
    "Largest results",
    "MCPToolListGrew",
    "MCPToolResultsGrew",
    "Mean result by tool",
    "Mean result of a tool call",
    "Results by name",
    "Tokens of all tool lists",
    "Tokens per minute",
    "Tokens per minute by client",
    "Tool list by server",
    "Tool lists",
    "Tool lists by part",
    "Tools by size",
    "Tools listed",
    "mcp:result_bytes:rate5m",
    "mcp:results:rate5m",
    "mcp:tool_list_bytes:sum",
    "mcp:tool_result_bytes:mean1d",
    "mcp:tool_result_bytes:mean1h",
    "Time behind the proxy",
    "Time behind the proxy by server",
    "Time spent in the proxy",
    "Time to the first event",
    "Requests rejected by the proxy",
    "Upstream",
    "Versions",
    "Where a call's time goes",
    "mcp:client_calls:rate5m",
    "mcp:client_errors:rate5m",
    "mcp:client_result_bytes:rate5m",
    "mcp:event_loop_lag:p99_5m",
    "mcp:first_event_bucket:rate5m",
    "mcp:outcomes:rate5m",
    "mcp:overhead_bucket:rate5m",
    "mcp:overhead_seconds:rate5m",
    "mcp:request_size_bucket:rate5m",
    "mcp:response_size_bucket:rate5m",
    "mcp:session_duration_bucket:rate5m",
}
"""ToolHive has no series of clients, sessions, streams, outcomes, its own time or what was lost."""

IN_PART_ONLY_OUR_PROXY_TELLS = {
    "Calls",
    "Clients",
    "Connections and sessions",
    "Error ratio",
    "Open sessions, streams and connections",
    "Sessions opened and ended",
    "Servers",
    "Servers that need attention",
    "p95 of the call and of the proxy",
}
"""The same for some of their answers, such as the columns Upstream and Sessions."""

NOT_PUSHED = {
    "Proxy uptime",
    "CPU, busiest proxy",
    "CPU of the proxy",
    "CPU per call",
    "Memory, largest proxy",
    "MCPProxyMemoryHigh",
    "MCPProxyRestarting",
    "Memory of all proxies",
    "Memory of the proxy",
    "Most open files",
    "Open files of the proxies",
    "Proxy restarts",
    "mcp:proxy_cpu_cores:rate5m",
}
"""ToolHive exposes its process on /metrics only (client_golang's collector)."""

_WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")

NOT_BEFORE_0_9_4 = {
    "Errors by type",
    "Fastest latency burn",
    "Highest sustained rate",
    "Latency against yesterday",
    "Latency budget left",
    "Latency burn rate, 1h",
    "Latency burn rate, 3d",
    "Latency burn rate, 6h",
    "Latency p50",
    "Latency p95 by method",
    "Latency p95 by server",
    "Latency p95 by tool",
    "Latency p95 by transport",
    "Latency p95 used by alerts",
    "Latency p95",
    "Latency p99",
    "Latency",
    "Least latency budget",
    "MCPLatencyBudgetBurnCreeping",
    "MCPLatencyBudgetBurnFast",
    "MCPLatencyBudgetBurnSlow",
    "MCPLatencyBudgetBurnSteady",
    "MCPLatencyHigh",
    "MCPToolSlow",
    "Slowest tools",
    "Slowest",
    "mcp:call_seconds:rate5m",
    "mcp:latency:p95_5m",
    "mcp:latency_bucket:rate5m",
    "mcp:method_latency:p95_5m",
    "mcp:operations:rate5m",
    "mcp:slow:budget_left_ratio",
    "mcp:tool_latency:p95_5m",
    "p95 of the call and of the proxy",
    "p95 of the slowest server",
    "p95 of the slowest tool",
    *(f"mcp:slow:burn_rate{each}" for each in ("1h", "6h", "3d")),
    *(f"mcp:slow:rate{each}" for each in _WINDOWS),
    *(f"mcp:slow:ratio_rate{each}" for each in _WINDOWS),
}
"""No bucket below 5 s, so no quantiles; nothing by the semantic conventions."""

IN_PART_NOT_BEFORE_0_9_4 = {"Budgets", "Durations", "Slow calls", "Tools"}


def lacking(architecture: str, profile: Profile) -> tuple[set[str], set[str]]:
    """The names of what has no answer at all, and of what has some."""
    wholly, partly = set(ONLY_OUR_PROXY_TELLS), set(IN_PART_ONLY_OUR_PROXY_TELLS)
    if ARCHITECTURES[architecture].metrics_ingestion is MetricsIngestion.PUSHED:
        wholly |= NOT_PUSHED
    if profile is Profile.TUTORIAL:
        wholly |= NOT_BEFORE_0_9_4
        partly |= IN_PART_NOT_BEFORE_0_9_4
    return wholly, partly - wholly


def asked(architecture: str) -> tuple[MonitoringQuery, ...]:
    """What can be asked here; kubeletstats is the one source that is missing, cAdvisor is there."""
    named = ARCHITECTURES[architecture]
    sources = (named.sources - named.kubelet_sources) | {Source.KUBELET}
    return tuple(each for each in bundle_queries(monitoring_bundle()) if each.needs in sources)


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_query_has_data_but_those_that_toolhive_cannot_answer(
    architecture: str, profile: Profile, tmp_path: Path
) -> None:
    queries = asked(architecture)
    wholly, partly = lacking(architecture, profile)
    expected = tuple(each for each in queries if each.panel not in wholly | partly)

    with running(architecture, profile, tmp_path) as at_work:
        assert [(q.board, q.panel, q.expr) for q in at_work.unanswered(expected)] == []
        without = at_work.silent(tuple(each for each in queries if each not in expected))
        failing = [each for each in at_work.prometheus.rules() if each.health == "err"]

    with_data = {each.panel for each in queries if each not in without}
    assert wholly & with_data == set()
    assert {each.panel for each in without} == wholly | partly
    assert partly <= with_data
    assert failing == []
