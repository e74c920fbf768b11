"""Alerts on histories of what fills up."""

from tests.dashboards.alerts.cases import (
    OF,
    UP,
    Fires,
    Quiet,
    buckets,
    calls,
    firing_test,
    quiet_test,
)

LAG = "mcp_proxy_event_loop_lag_seconds"
CPU = f'process_cpu_seconds_total{{{OF},pod="a"}}'
EVENT_LOOP = f"mcp_proxy_event_loop_lag_seconds_count{{{OF}}}"
MEMORY = f"process_resident_memory_bytes{{{OF}}}"
SESSIONS = f"mcp_proxy_sessions{{{OF}}}"
STREAMS = f"mcp_proxy_streams{{{OF}}}"
OVERFLOW = f'mcp_proxy_label_overflow_total{{{OF},label="tool"}}'
MIB = 2**20

# Ten label sets each, so that a thousand lines of one label make ten thousand series.
MANY = {
    f'toolhive_mcp_tool_calls_total{{{OF},tool="t{tool}",status="{status}"}}': "1x40"
    for tool in range(55)
    for status in ("error", "success")
}

FIRES = (
    Fires(
        "MCPEventLoopLag",
        buckets(LAG, {"0.25": "0x30", "0.5": "0+60x30", "+Inf": "0+60x30"}),
        between=("9m", "15m"),
        value="497.5ms",
    ),
    Fires(
        "MCPProxyCpuFull",
        {CPU: "0+57x30", EVENT_LOOP: "0+60x30"},
        between=("14m", "20m"),
        value="0.95",
    ),
    Fires("MCPProxyMemoryHigh", {MEMORY: f"{600 * MIB}x30"}, between=("14m", "20m"), value="600Mi"),
    Fires(
        "MCPSessionsLeaking", {SESSIONS: "10x60 10+1x500"}, between=("370m", "500m"), value="301"
    ),
    Fires("MCPStreamsLeaking", {STREAMS: "10x60 10+1x500"}, between=("370m", "500m"), value="301"),
    Fires(
        "MCPSessionsStuck",
        {SESSIONS: "3x200", STREAMS: "0x200", **calls("5x200", "0x200")},
        between=("125m", "131m"),
        value="3",
    ),
    Fires(
        "MCPLabelOverflow",
        {f"{UP}}}": "1x40", OVERFLOW: "0+2x40"},
        between=("14m", "20m"),
        value="30",
    ),
    Fires(
        "MCPSeriesTooMany",
        MANY,
        between=("14m", "20m"),
        labels={"family": "toolhive_mcp_tool_calls_total"},
        value="110",
        given={"series_per_family": 100},
    ),
)

NIGHT = ("400m", "450m", "500m")
QUIET = (
    Quiet(
        "MCPEventLoopLag",
        "a little less than 0.25 s",
        buckets(LAG, {"0.25": "0+991x40", "0.5": "0+1000x40", "+Inf": "0+1000x40"}),
    ),
    Quiet("MCPProxyCpuFull", "0.9 is the bound itself", {CPU: "0+54x40", EVENT_LOOP: "0+60x40"}),
    Quiet("MCPProxyCpuFull", "ToolHive's proxy may use several cores", {CPU: "0+120x40"}),
    Quiet(
        "MCPProxyCpuFull",
        "two replicas share the work",
        {EVENT_LOOP: "0+60x40", CPU: "0+30x40", CPU.replace('"a"', '"b"'): "0+30x40"},
    ),
    Quiet(
        "MCPProxyMemoryHigh",
        "Prometheus itself may need a gigabyte",
        {'process_resident_memory_bytes{job="prometheus"}': f"{2**30}x40"},
    ),
    Quiet("MCPProxyMemoryHigh", "512 MiB is the bound itself", {MEMORY: f"{512 * MIB}x40"}),
    Quiet("MCPSessionsLeaking", "100 is the bound itself", {SESSIONS: "10x400 110x100"}, at=NIGHT),
    Quiet(
        "MCPSessionsLeaking",
        "calls grew with them",
        {SESSIONS: "10x60 10+1x500", **calls("0+6x60 360+20x500", "0x560")},
        at=("395m", "415m"),
    ),
    Quiet("MCPSessionsLeaking", "the server is new", {SESSIONS: "0+1x500"}, at=("60m", "300m")),
    Quiet("MCPStreamsLeaking", "100 is the bound itself", {STREAMS: "10x400 110x100"}, at=NIGHT),
    Quiet(
        "MCPSessionsStuck",
        "a client only listens",
        {SESSIONS: "3x200", STREAMS: "1x200", **calls("5x200", "0x200")},
        at=("131m", "180m"),
    ),
    Quiet(
        "MCPSessionsStuck",
        "somebody calls once an hour",
        {SESSIONS: "3x200", STREAMS: "0x200", **calls("5x60 6x60 7x80", "0x200")},
        at=("131m", "150m"),
    ),
    Quiet(
        "MCPSessionsStuck",
        "the session is 100 minutes old",
        {SESSIONS: "0x30 1x100 0x70", STREAMS: "0x200", **calls("0x30 1x170", "0x200")},
        at=("110m", "130m", "150m"),
    ),
    Quiet("MCPLabelOverflow", "it was long ago", {f"{UP}}}": "1x40", OVERFLOW: "7x40"}),
    Quiet("MCPLabelOverflow", "every tool has its name", {f"{UP}}}": "1x40"}),
    Quiet("MCPSeriesTooMany", "110 is the bound itself", MANY, given={"series_per_family": 110}),
)

test_fires = firing_test(FIRES)
test_stays_quiet = quiet_test(QUIET)
