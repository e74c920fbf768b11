"""Every fault by name, with the alerts that must tell of it and those that must not."""

import signal

from dashboards.annotations import RESTARTS
from dashboards.promql.schema import Source
from lab.faults import clients, strikes
from lab.faults.fault import Fault
from stacks.servers import Transport

_OURS = Source.PROXY
_IMPATIENT = (("MCP_PROXY_UPSTREAM_TIMEOUT", "1"), ("MCP_PROXY_PROBE_INTERVAL", "1"))
_GONE = (
    ("MCPScrapeFailing", Source.SCRAPE_PROXY),
    ("MCPTelemetryStale", Source.SCRAPE_PROXY),
)
"""Scraping tells of a proxy's end at once; what was pushed ages for minutes first."""
_SILENCED = (
    ("MCPTelemetryAbsent", Source.COLLECTOR_METRICS),
    ("MCPTelemetryStale", Source.COLLECTOR_METRICS),
)
_NARROW = (("MCP_PROXY_BODY_LIMIT", str(clients.LARGE_BYTES)),)


def _ours(*alerts: str) -> tuple[tuple[str, Source], ...]:
    return tuple((alert, _OURS) for alert in alerts)


SERVER_HANGS = Fault(
    "server-hangs",
    "the server takes calls and answers none",
    _ours("MCPErrorRatioHigh", "MCPCallsLost", "MCPToolFailing", "MCPInitializeFailing"),
    # Giving up takes time; and once its queue is full, even connecting takes too long.
    may_fire=_ours("MCPServerDown", "MCPLatencyHigh"),
    alone=True,
    strike=strikes.hang_upstream,
    load=clients.calls("echo", {"text": "anybody there?"}, number=20),
    heal=strikes.resume_upstream,
    environment=_IMPATIENT,
    shows=(
        ("mcp-server", "Errors by fault"),
        ("mcp-proxy-cost", "Calls without a response"),
    ),
)
SERVER_DIES = Fault(
    "server-dies",
    "the server's process is killed",
    _ours(
        "MCPServerDown",
        "MCPErrorRatioHigh",
        "MCPInitializeFailing",
        "MCPCallsLost",
        "MCPToolFailing",
    ),
    alone=True,
    strike=strikes.kill_upstream,
    load=clients.calls("echo", {"text": "anybody there?"}),
    heal=strikes.restart_upstream,
    environment=_IMPATIENT,
    shows=(
        ("mcp-fleet", "Servers down"),
        ("mcp-proxy-cost", "Calls without a response"),
    ),
)
SERVER_BABBLES = Fault(
    "server-babbles",
    "the server answers with what is no message",
    _ours("MCPErrorRatioHigh", "MCPCallsLost"),
    load=clients.calls("garble"),
    shows=(("mcp-proxy-cost", "Calls without a response"),),
)
TOOL_ERRORS = Fault(
    "tool-errors",
    "a tool that worked answers with errors",
    _ours("MCPErrorRatioHigh", "MCPToolFailing"),
    load=clients.calls("echo", {"text": 42}),
    shows=(
        ("mcp-tools", "Error ratio by tool"),
        ("mcp-tools", "Most errors"),
    ),
)
PROTOCOL_ERRORS = Fault(
    "protocol-errors",
    "clients call a tool that does not exist",
    _ours("MCPErrorRatioHigh", "MCPCallersAtFault"),
    load=clients.calls("absent"),
    shows=(
        ("mcp-server", "Errors by fault"),
        ("mcp-fleet", "Error ratio by server"),
    ),
)
SLOW_TOOL = Fault(
    "slow-tool",
    "a tool takes longer than callers wait",
    _ours("MCPLatencyHigh", "MCPToolSlow"),
    load=clients.calls("sleep", {"seconds": clients.SLOW_SECONDS}, number=20),
    shows=(
        ("mcp-latency", "Slow calls"),
        ("mcp-tools", "Slowest"),
    ),
)
CRASH_LOOP = Fault(
    "crash-loop",
    "each session's call crashes the stdio server's process",
    _ours("MCPServerRestarting", "MCPErrorRatioHigh", "MCPCallsLost"),
    Transport.STDIO,
    # Each session starts a process first, which a busy machine takes its time for.
    may_fire=_ours("MCPLatencyHigh"),
    load=clients.crashes(8),
    shows=(("mcp-sessions", "Restarts of stdio servers"),),
)
CHILD_KILLED = Fault(
    "child-killed",
    "the stdio server's processes are killed, as the kernel does for lack of memory",
    _ours("MCPServerProcessKilled", "MCPErrorRatioHigh", "MCPCallsLost"),
    Transport.STDIO,
    # It is started anew as often; and a session may be killed before its call arrives.
    may_fire=_ours("MCPServerRestarting", "MCPLatencyHigh", "MCPCallersAtFault"),
    load=clients.killed(4),
    shows=(("mcp-sessions", "Processes killed by a signal"),),
)
LABEL_OVERFLOW = Fault(
    "label-overflow",
    "the server has more tools than get series of their own",
    _ours("MCPLabelOverflow"),
    load=clients.each_tool(15),
    environment=(("MCP_PROXY_TOOL_CAP", "1"),),
    shows=(("mcp-tools", "Tool calls counted as other"),),
)
REQUESTS_REFUSED = Fault(
    "requests-refused",
    "a web page of elsewhere and a client with huge requests are turned away",
    _ours("MCPRequestsRejected", "MCPCallersAtFault"),
    load=clients.refused(40),
    environment=_NARROW,
    shows=(("mcp-sessions", "Requests rejected by the proxy"),),
)
CLIENTS_CANCEL = Fault(
    "clients-cancel",
    "clients cancel their calls",
    _ours("MCPErrorRatioHigh", "MCPCallersAtFault"),
    load=clients.cancelled(20),
    shows=(("mcp-server", "Errors by fault"),),
)
CLIENTS_LEAVE = Fault(
    "clients-leave",
    "clients go away in the middle of their calls",
    _ours("MCPErrorRatioHigh", "MCPCallersAtFault"),
    load=clients.left(20),
    shows=(("mcp-server", "Errors by fault"),),
)
SESSIONS_ABANDONED = Fault(
    "sessions-abandoned",
    "clients open sessions, and neither use nor end them",
    _ours("MCPClientsReconnecting"),
    load=clients.openings(40),
    shows=(
        ("mcp-sessions", "Sessions opened by server"),
        ("mcp-sessions", "Open sessions by server"),
    ),
)
PROXY_STARVED = Fault(
    "proxy-starved",
    "the proxy gets no CPU for moments",
    _ours("MCPEventLoopLag"),
    load=strikes.stall_proxy(3),
    shows=(("mcp-resources", "Event loop lag p99"),),
)
PROXY_RESTARTS = Fault(
    "proxy-restarts",
    "the proxy is killed and started again",
    _ours("MCPProxyRestarting"),
    # While it is away.
    may_fire=_GONE,
    strike=strikes.bounce_proxy,
    shows=(("mcp-resources", "Restarts of proxies"),),
    marks=(RESTARTS,),
)
PROXY_DIES = Fault(
    "proxy-dies",
    "the proxy is killed and stays away",
    _GONE,
    strike=strikes.kill_proxy,
)
COLLECTOR_STOPS = Fault(
    "collector-stops",
    "the collector ends",
    # What it collected for Prometheus to scrape goes with it.
    (("MCPCollectorSilent", Source.COLLECTOR), *_SILENCED),
    None,
    # Spans are lost once queues are full.
    may_fire=_ours("MCPTelemetryDropped"),
    # What was written is seen for another five minutes, by Prometheus' lookback.
    late=tuple((alert, Source.REMOTE_WRITE) for alert, _ in _SILENCED),
    strike=strikes.end("collector"),
    heal=strikes.begin("collector"),
)
JAEGER_STOPS = Fault(
    "jaeger-stops",
    "Jaeger ends, and traces wait in the collector",
    (("MCPCollectorQueueFilling", Source.COLLECTOR),),
    None,
    strike=strikes.end("jaeger", signal.SIGKILL),
    heal=strikes.begin("jaeger"),
    shows=(("mcp-pipeline", "Sending queue usage"),),
)
PROMETHEUS_RESTARTS = Fault(
    "prometheus-restarts",
    "Prometheus ends and starts again, on the same data",
    (),
    None,
    # Until all is scraped anew, which a busy machine takes its time for.
    may_fire=_ours("MCPTelemetryAbsent", "MCPTelemetryStale", "MCPCollectorSilent"),
    strike=strikes.restart("prometheus"),
)
WRITES_REJECTED = Fault(
    "writes-rejected",
    "somebody writes to Prometheus what it must refuse",
    (("MCPRemoteWriteRejected", Source.REMOTE_WRITE),),
    None,
    load=strikes.write_garbage,
    needs=Source.REMOTE_WRITE,
    shows=(("mcp-pipeline", "Remote writes received"),),
)

FAULTS: dict[str, Fault] = {
    each.name: each
    for each in (
        SERVER_HANGS,
        SERVER_DIES,
        SERVER_BABBLES,
        TOOL_ERRORS,
        PROTOCOL_ERRORS,
        SLOW_TOOL,
        CRASH_LOOP,
        CHILD_KILLED,
        LABEL_OVERFLOW,
        REQUESTS_REFUSED,
        CLIENTS_CANCEL,
        CLIENTS_LEAVE,
        SESSIONS_ABANDONED,
        PROXY_STARVED,
        PROXY_RESTARTS,
        PROXY_DIES,
        JAEGER_STOPS,
        PROMETHEUS_RESTARTS,
        WRITES_REJECTED,
        COLLECTOR_STOPS,
    )
}
"""All of them, by name."""
