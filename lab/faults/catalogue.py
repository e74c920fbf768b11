"""All faults, with the alerts and panels that must show them."""

import signal
from pathlib import Path

from dashboards.annotations import CHANGED, RESTARTS
from dashboards.promql.schema import Source
from lab.faults import actions, clients
from lab.faults.fault import Fault
from stacks.servers import Transport

_PROXY = Source.PROXY
_SHORT_TIMEOUTS = (("MCP_PROXY_UPSTREAM_TIMEOUT", "1"), ("MCP_PROXY_PROBE_INTERVAL", "1"))
_PROXY_DOWN = (
    ("MCPScrapeFailing", Source.SCRAPE_PROXY),
    ("MCPTelemetryStale", Source.SCRAPE_PROXY),
)
"""A failed scrape shows at once that a proxy is down; pushed series take minutes to expire."""
_COLLECTOR_DOWN = (
    ("MCPTelemetryAbsent", Source.COLLECTOR_METRICS),
    ("MCPTelemetryStale", Source.COLLECTOR_METRICS),
)
APPROVED_TOOLS = Path(__file__).with_name("approved_tools.json")
"""Those of the echo server without `garble`, and `crash` with another title."""
_SMALL_BODIES = (("MCP_PROXY_BODY_LIMIT", str(clients.LARGE_BYTES)),)


def _alerts(*alerts: str) -> tuple[tuple[str, Source], ...]:
    return tuple((alert, _PROXY) for alert in alerts)


SERVER_HANGS = Fault(
    "server-hangs",
    "the server accepts calls and does not answer",
    _alerts("MCPErrorRatioHigh", "MCPCallsLost", "MCPToolFailing", "MCPInitializeFailing"),
    # Timeouts take time; once the accept queue is full, even connecting takes too long.
    may_fire=_alerts("MCPServerDown", "MCPLatencyHigh"),
    own_process=True,
    inject=actions.hang_server,
    load=clients.calls("echo", {"text": "anybody there?"}, number=20),
    recover=actions.resume_server,
    environment=_SHORT_TIMEOUTS,
    panels=(
        ("mcp-server", "Errors by fault"),
        ("mcp-proxy-cost", "Calls without a response"),
    ),
)
SERVER_DIES = Fault(
    "server-dies",
    "the server's process is killed",
    _alerts(
        "MCPServerDown",
        "MCPErrorRatioHigh",
        "MCPInitializeFailing",
        "MCPCallsLost",
        "MCPToolFailing",
    ),
    own_process=True,
    inject=actions.kill_server,
    load=clients.calls("echo", {"text": "anybody there?"}),
    recover=actions.start_server,
    environment=_SHORT_TIMEOUTS,
    panels=(
        ("mcp-fleet", "Servers down"),
        ("mcp-proxy-cost", "Calls without a response"),
    ),
)
SERVER_BABBLES = Fault(
    "server-babbles",
    "the server answers with invalid JSON",
    _alerts("MCPErrorRatioHigh", "MCPCallsLost"),
    load=clients.calls("garble"),
    panels=(("mcp-proxy-cost", "Calls without a response"),),
)
TOOL_ERRORS = Fault(
    "tool-errors",
    "a tool that worked answers with errors",
    _alerts("MCPErrorRatioHigh", "MCPToolFailing"),
    load=clients.calls("echo", {"text": 42}),
    panels=(
        ("mcp-tools", "Error ratio by tool"),
        ("mcp-tools", "Most errors"),
    ),
)
PROTOCOL_ERRORS = Fault(
    "protocol-errors",
    "clients call a tool that does not exist",
    _alerts("MCPErrorRatioHigh", "MCPCallersAtFault"),
    load=clients.calls("absent"),
    panels=(
        ("mcp-server", "Errors by fault"),
        ("mcp-fleet", "Error ratio by server"),
    ),
)
SLOW_TOOL = Fault(
    "slow-tool",
    "a tool takes longer than callers wait",
    _alerts("MCPLatencyHigh", "MCPToolSlow"),
    load=clients.calls("sleep", {"seconds": clients.SLOW_SECONDS}, number=20),
    panels=(
        ("mcp-latency", "Slow calls"),
        ("mcp-tools", "Slowest"),
    ),
)
CRASH_LOOP = Fault(
    "crash-loop",
    "each session's call crashes the stdio server's process",
    _alerts("MCPServerRestarting", "MCPErrorRatioHigh", "MCPCallsLost"),
    Transport.STDIO,
    # Each session starts a process first, which takes long on a busy machine.
    may_fire=_alerts("MCPLatencyHigh"),
    load=clients.crashes(8),
    panels=(("mcp-sessions", "Restarts of stdio servers"),),
)
CHILD_KILLED = Fault(
    "child-killed",
    "the stdio server's processes are killed, as the kernel does for lack of memory",
    _alerts("MCPServerProcessKilled", "MCPErrorRatioHigh", "MCPCallsLost"),
    Transport.STDIO,
    # Each kill causes a restart, and may hit a session before its call arrives.
    may_fire=_alerts("MCPServerRestarting", "MCPLatencyHigh", "MCPCallersAtFault"),
    load=clients.killed(4),
    panels=(("mcp-sessions", "Processes killed by a signal"),),
)
LABEL_OVERFLOW = Fault(
    "label-overflow",
    "the server has more tools than get series of their own",
    _alerts("MCPLabelOverflow"),
    load=clients.each_tool(15),
    environment=(("MCP_PROXY_TOOL_CAP", "1"),),
    panels=(("mcp-tools", "Tool calls counted as other"),),
)
REQUESTS_REFUSED = Fault(
    "requests-refused",
    "requests with a foreign Origin and requests that are too large are rejected",
    _alerts("MCPRequestsRejected", "MCPCallersAtFault"),
    load=clients.rejected(40),
    environment=_SMALL_BODIES,
    panels=(("mcp-sessions", "Requests rejected by the proxy"),),
)
TOOLS_CHANGE = Fault(
    "tools-change",
    "the server lists other tools than before",
    _alerts("MCPToolsChanged", "MCPToolsChangedIncompatibly"),
    load=clients.changed_lists,
    panels=(
        ("mcp-changes", "Changes by kind"),
        ("mcp-changes", "Breaking changes"),
    ),
    annotations=(CHANGED,),
)
TOOLS_NOT_APPROVED = Fault(
    "tools-not-approved",
    "the server lists tools that differ from the approved ones",
    _alerts("MCPToolsNotApproved", "MCPToolsDrifted"),
    load=clients.listed,
    environment=(("MCP_PROXY_TOOL_BASELINE", str(APPROVED_TOOLS)),),
    panels=(("mcp-changes", "Differences from the approved list"),),
)
CLIENTS_CANCEL = Fault(
    "clients-cancel",
    "clients cancel their calls",
    _alerts("MCPErrorRatioHigh", "MCPCallersAtFault"),
    load=clients.cancelled(20),
    panels=(("mcp-server", "Errors by fault"),),
)
CLIENTS_LEAVE = Fault(
    "clients-leave",
    "clients disconnect during their calls",
    _alerts("MCPErrorRatioHigh", "MCPCallersAtFault"),
    load=clients.disconnected(20),
    panels=(("mcp-server", "Errors by fault"),),
)
SESSIONS_ABANDONED = Fault(
    "sessions-abandoned",
    "clients open sessions, and neither use nor delete them",
    _alerts("MCPClientsReconnecting"),
    load=clients.abandoned_sessions(40),
    panels=(
        ("mcp-sessions", "Sessions opened by server"),
        ("mcp-sessions", "Open sessions by server"),
    ),
)
PROXY_STARVED = Fault(
    "proxy-starved",
    "the proxy gets no CPU for seconds",
    _alerts("MCPEventLoopLag"),
    load=actions.stall_proxy(3),
    panels=(("mcp-resources", "Event loop lag p99"),),
)
PROXY_RESTARTS = Fault(
    "proxy-restarts",
    "the proxy is killed and started again",
    _alerts("MCPProxyRestarting"),
    # While it is down.
    may_fire=_PROXY_DOWN,
    inject=actions.restart_proxy,
    panels=(("mcp-resources", "Proxy restarts"),),
    annotations=(RESTARTS,),
)
PROXY_DIES = Fault(
    "proxy-dies",
    "the proxy is killed and not restarted",
    _PROXY_DOWN,
    inject=actions.kill_proxy,
)
COLLECTOR_STOPS = Fault(
    "collector-stops",
    "the collector stops",
    # The series that it exposes to Prometheus disappear with it.
    (("MCPCollectorSilent", Source.COLLECTOR), *_COLLECTOR_DOWN),
    None,
    # Spans are dropped once queues are full.
    may_fire=_alerts("MCPTelemetryDropped"),
    # Written series stay visible for five minutes, Prometheus' lookback.
    late=tuple((alert, Source.REMOTE_WRITE) for alert, _ in _COLLECTOR_DOWN),
    inject=actions.stop("collector"),
    recover=actions.start("collector"),
)
JAEGER_STOPS = Fault(
    "jaeger-stops",
    "Jaeger stops, and traces wait in the collector",
    (("MCPCollectorQueueFilling", Source.COLLECTOR),),
    None,
    inject=actions.stop("jaeger", signal.SIGKILL),
    recover=actions.start("jaeger"),
    panels=(("mcp-pipeline", "Sending queue usage"),),
)
PROMETHEUS_RESTARTS = Fault(
    "prometheus-restarts",
    "Prometheus restarts with the same data",
    (),
    None,
    # Until everything is scraped again, which takes long on a busy machine.
    may_fire=_alerts("MCPTelemetryAbsent", "MCPTelemetryStale", "MCPCollectorSilent"),
    inject=actions.restart("prometheus"),
)
WRITES_REJECTED = Fault(
    "writes-rejected",
    "a client sends Prometheus invalid remote writes",
    (("MCPRemoteWriteRejected", Source.REMOTE_WRITE),),
    None,
    load=actions.write_garbage,
    needs=Source.REMOTE_WRITE,
    panels=(("mcp-pipeline", "Remote writes received"),),
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
        TOOLS_CHANGE,
        TOOLS_NOT_APPROVED,
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
