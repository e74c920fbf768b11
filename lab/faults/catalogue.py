"""All faults: those that can be switched on at any time, and those that a demo has from its start.

Drills name the alerts and panels that must show a fault.
"""

from dataclasses import replace
from pathlib import Path

from dashboards.annotations import CHANGED, RESTARTS
from dashboards.promql.schema import Source
from lab.faults import actions, clients
from lab.faults.cluster.throttle import CPU
from lab.faults.fault import COLLECTOR, JAEGER, PARTS, REFUSING, SLOW, STOPPED, Fault, Target
from lab.faults.process_faults import Crashes, Refusing, Slow, Stopped, broken
from proxy.faults import levels, names
from stacks.servers import Transport

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


def _alerts(*alerts: str) -> tuple[tuple[str, Source], ...]:
    return tuple((alert, Source.PROXY) for alert in alerts)


_TOOL_FAILS = _alerts("MCPErrorRatioHigh", "MCPToolFailing")

_ANSWERS = (
    Fault(
        names.TOOL_ERRORS,
        "tool calls get a result with isError",
        levels.SHARE,
        "50%",
        fires=_TOOL_FAILS,
        start_level="100%",
        panels=(("mcp-tools", "Error ratio by tool"), ("mcp-tools", "Most errors")),
    ),
    Fault(names.PROTOCOL_ERRORS, "tool calls get a JSON-RPC error", levels.SHARE, "50%"),
    Fault(
        names.LATENCY,
        "tool calls are answered later",
        levels.LATENCY,
        "1s",
        fires=_alerts("MCPLatencyHigh", "MCPToolSlow"),
        start_level="2.5s",  # slower than the latency objective
        panels=(("mcp-latency", "Slow calls"), ("mcp-tools", "Slowest")),
    ),
    Fault(names.HANG, "tool calls get no answer", levels.SHARE, "100%"),
    Fault(
        names.MALFORMED_FRAME,
        "answers to tool calls are not JSON",
        levels.SHARE,
        "50%",
        fires=(*_TOOL_FAILS, *_alerts("MCPCallsLost")),
        start_level="100%",
        panels=(("mcp-proxy-cost", "Calls without a response"),),
    ),
    Fault(
        names.OVERSIZE_ANSWER,
        "one tool call in ten has a very large answer",
        levels.SIZE,
        "20MiB",
    ),
    Fault(
        names.LIST_CHANGED_STORM,
        "each tool call is answered after so many list_changed notifications",
        levels.NUMBER,
        "20",
    ),
    Fault(
        names.LABEL_BOMB,
        "each list has so many more tools, of other names",
        levels.NUMBER,
        "1000",
        load=clients.listed,
    ),
    Fault(
        names.SESSION_EXPIRY_STORM,
        "requests end their session, with 404",
        levels.SHARE,
        "20%",
        Target.HTTP_SERVER,
    ),
    Fault(
        names.STREAM_CUT,
        "the connection closes within the answer to a tool call",
        levels.SHARE,
        "50%",
        Target.HTTP_SERVER,
    ),
)
_PAUSES, _LITTLE_CPU = "pauses again and again, for so long", "runs with so little CPU"
_CRASH = Fault(
    names.CRASH,
    "the process is killed, and starts again",
    levels.INTERVAL,
    "10s",
    begin=Crashes,
    fires=_alerts("MCPServerProcessKilled", "MCPServerRestarting", "MCPCallsLost")
    + _alerts("MCPErrorRatioHigh", "MCPLatencyHigh"),
    # Longer than the time between two.
    load=clients.calls("sleep", {"seconds": 12}, number=5),
    transport=Transport.STDIO,
    may_fire=_alerts("MCPCallersAtFault"),  # it may hit a session before its call arrives
    panels=(("mcp-sessions", "Processes killed by a signal"),),
)


def _of_part(part: str) -> tuple[Fault, ...]:
    """The faults of a process of the pipeline."""
    name = "the collector" if part == COLLECTOR else part.capitalize()
    refused = "answers every request by 503 or UNAVAILABLE"
    of = Target.PIPELINE
    return (
        Fault(f"{part}-{STOPPED}", f"{name} is ended", target=of, part=part, begin=Stopped),
        Fault(f"{part}-{SLOW}", f"{name} {_PAUSES}", levels.PAUSE, "2s", of, part, Slow),
        Fault(f"{part}-{REFUSING}", f"{name} {refused}", target=of, part=part, begin=Refusing),
    )


def _by_name(*faults: Fault) -> dict[str, Fault]:
    return {each.name: each for each in faults}


_OF_PARTS = _by_name(*(each for part in PARTS for each in _of_part(part)))
_STOPPED = _by_name(
    replace(
        _OF_PARTS[f"{COLLECTOR}-{STOPPED}"],
        # The series that it exposes to Prometheus disappear with it.
        fires=(("MCPCollectorSilent", Source.COLLECTOR), *_COLLECTOR_DOWN),
        # Spans are dropped once queues are full.
        may_fire=_alerts("MCPTelemetryDropped"),
        # Written series stay visible for five minutes, Prometheus' lookback.
        late=tuple((alert, Source.REMOTE_WRITE) for alert, _ in _COLLECTOR_DOWN),
    ),
    replace(
        _OF_PARTS[f"{JAEGER}-{STOPPED}"],
        fires=(("MCPCollectorQueueFilling", Source.COLLECTOR),),
        panels=(("mcp-pipeline", "Sending queue usage"),),
    ),
)

_AT_START = (
    Fault(
        "server-hangs",
        "the server's process hangs, so that sessions do not open either",
        begin=broken(actions.hang_server, actions.resume_server),
        fires=(*_TOOL_FAILS, *_alerts("MCPCallsLost", "MCPInitializeFailing")),
        environment=_SHORT_TIMEOUTS,
        # Timeouts take time; once the accept queue is full, even connecting takes too long.
        may_fire=_alerts("MCPServerDown", "MCPLatencyHigh"),
        panels=(
            ("mcp-server", "Errors by fault"),
            ("mcp-proxy-cost", "Calls without a response"),
        ),
    ),
    Fault(
        "server-dies",
        "the server's process is killed, and does not start again",
        begin=broken(actions.kill_server, actions.start_server),
        fires=(*_TOOL_FAILS, *_alerts("MCPServerDown", "MCPInitializeFailing", "MCPCallsLost")),
        environment=_SHORT_TIMEOUTS,
        panels=(
            ("mcp-fleet", "Servers down"),
            ("mcp-proxy-cost", "Calls without a response"),
        ),
    ),
    Fault(
        "crash-loop",
        "each session's call crashes the stdio server's process",
        fires=_alerts("MCPServerRestarting", "MCPErrorRatioHigh", "MCPCallsLost"),
        load=clients.crashes,
        transport=Transport.STDIO,
        # Each session starts a process first, which takes long on a busy machine.
        may_fire=_alerts("MCPLatencyHigh"),
        panels=(("mcp-sessions", "Restarts of stdio servers"),),
    ),
    Fault(
        "label-overflow",
        "the server has more tools than get series of their own",
        fires=_alerts("MCPLabelOverflow"),
        load=clients.each_tool,
        environment=(("MCP_PROXY_TOOL_CAP", "1"),),
        panels=(("mcp-tools", "Tool calls counted as other"),),
    ),
    Fault(
        "tools-change",
        "the server lists other tools than before",
        fires=_alerts("MCPToolsChanged", "MCPToolsChangedIncompatibly"),
        load=clients.changed_lists,
        panels=(("mcp-changes", "Changes by kind"), ("mcp-changes", "Breaking changes")),
        annotations=(CHANGED,),
    ),
    Fault(
        "tools-not-approved",
        "the server lists tools that differ from the approved ones",
        fires=_alerts("MCPToolsNotApproved", "MCPToolsDrifted"),
        load=clients.listed,
        environment=(("MCP_PROXY_TOOL_BASELINE", str(APPROVED_TOOLS)),),
        panels=(("mcp-changes", "Differences from the approved list"),),
    ),
    Fault(
        "unknown-tool",
        "clients call a tool that does not exist",
        target=Target.CLIENTS,
        fires=_alerts("MCPErrorRatioHigh", "MCPCallersAtFault"),
        load=clients.calls("absent"),
        panels=(("mcp-server", "Errors by fault"), ("mcp-fleet", "Error ratio by server")),
    ),
    Fault(
        "requests-refused",
        "requests with a foreign Origin and requests that are too large are rejected",
        target=Target.CLIENTS,
        fires=_alerts("MCPRequestsRejected", "MCPCallersAtFault"),
        load=clients.rejected,
        environment=(("MCP_PROXY_BODY_LIMIT", str(clients.LARGE_BYTES)),),
        panels=(("mcp-sessions", "Requests rejected by the proxy"),),
    ),
    Fault(
        "clients-cancel",
        "clients cancel their calls",
        target=Target.CLIENTS,
        fires=_alerts("MCPErrorRatioHigh", "MCPCallersAtFault"),
        load=clients.cancelled,
        panels=(("mcp-server", "Errors by fault"),),
    ),
    Fault(
        "clients-leave",
        "clients disconnect during their calls",
        target=Target.CLIENTS,
        fires=_alerts("MCPErrorRatioHigh", "MCPCallersAtFault"),
        load=clients.disconnected,
        panels=(("mcp-server", "Errors by fault"),),
    ),
    Fault(
        "sessions-abandoned",
        "clients open sessions, and neither use nor delete them",
        target=Target.CLIENTS,
        fires=_alerts("MCPClientsReconnecting"),
        load=clients.abandoned_sessions,
        panels=(
            ("mcp-sessions", "Sessions opened by server"),
            ("mcp-sessions", "Open sessions by server"),
        ),
    ),
    Fault(
        "proxy-starved",
        "the proxy gets no CPU for seconds",
        target=Target.PROXY,
        fires=_alerts("MCPEventLoopLag"),
        load=actions.stall_proxy,
        panels=(("mcp-resources", "Event loop lag p99"),),
    ),
    Fault(
        "proxy-restarts",
        "the proxy is killed and started again",
        target=Target.PROXY,
        begin=broken(actions.restart_proxy),
        fires=_alerts("MCPProxyRestarting"),
        may_fire=_PROXY_DOWN,  # while it is down
        panels=(("mcp-resources", "Proxy restarts"),),
        annotations=(RESTARTS,),
    ),
    Fault(
        "proxy-dies",
        "the proxy is killed and not restarted",
        target=Target.PROXY,
        begin=broken(actions.kill_proxy),
        fires=_PROXY_DOWN,
    ),
    Fault(
        "prometheus-restarts",
        "Prometheus restarts with the same data",
        target=Target.PIPELINE,
        begin=broken(actions.restart_prometheus),
        # Until everything is scraped again, which takes long on a busy machine.
        may_fire=_alerts("MCPTelemetryAbsent", "MCPTelemetryStale", "MCPCollectorSilent"),
    ),
    Fault(
        "writes-rejected",
        "a client sends Prometheus invalid remote writes",
        target=Target.PIPELINE,
        fires=(("MCPRemoteWriteRejected", Source.REMOTE_WRITE),),
        load=actions.write_garbage,
        needs=Source.REMOTE_WRITE,
        panels=(("mcp-pipeline", "Remote writes received"),),
    ),
)


LIVE_FAULTS = _by_name(*_ANSWERS, _CRASH) | _OF_PARTS | _STOPPED
"""Those that can be switched on at any time."""

START_FAULTS = _by_name(*_AT_START)
"""Those that only a demo has that starts with them, by its clients or by settings of a proxy."""

FAULTS = {**LIVE_FAULTS, **START_FAULTS}

CLUSTER_FAULTS = LIVE_FAULTS | _by_name(
    *(
        replace(each, what=each.what.replace(_PAUSES, _LITTLE_CPU), level=CPU, default="20m")
        for each in _OF_PARTS.values()
        if each.begin is Slow
    )
)
"""Those of a stack on a cluster, where nothing can pause a process."""
