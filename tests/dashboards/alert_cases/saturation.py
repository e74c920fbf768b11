"""Histories of what fills up."""

from tests.dashboards.alert_cases.case import (
    OF,
    UP,
    WHO,
    WHOLE_PIPELINE,
    Fires,
    Quiet,
    buckets,
    calls,
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
        at="15m",
        pending="9m",
        labels=WHO,
        summary="The proxy of ns/echo is late",
        description="1 of 100 timers in the proxy of ns/echo runs more than 497.5ms late,"
        " over 5 minutes.",
    ),
    Fires(
        "MCPProxyCpuFull",
        {CPU: "0+57x30", EVENT_LOOP: "0+60x30"},
        at="20m",
        pending="14m",
        labels=WHO,
        summary="The proxy of ns/echo uses all of its core",
        description="A proxy of ns/echo uses 0.95 cores, over 5 minutes;"
        " one process cannot use more than one.",
    ),
    Fires(
        "MCPProxyMemoryHigh",
        {MEMORY: f"{600 * MIB}x30"},
        at="20m",
        pending="14m",
        labels=WHO,
        summary="The proxy of ns/echo needs much memory",
        description="A proxy of ns/echo holds 600MiB in memory.",
    ),
    Fires(
        "MCPSessionsLeaking",
        {SESSIONS: "10x60 10+1x500"},
        at="500m",
        pending="370m",
        labels=WHO,
        summary="Open sessions of ns/echo pile up",
        description="301 more sessions of ns/echo are open than 6 hours ago,"
        " and calls are not more.",
    ),
    Fires(
        "MCPStreamsLeaking",
        {STREAMS: "10x60 10+1x500"},
        at="500m",
        pending="370m",
        labels=WHO,
        summary="Open streams of ns/echo pile up",
        description="301 more streams of ns/echo are open than 6 hours ago,"
        " and calls are not more.",
    ),
    Fires(
        "MCPSessionsStuck",
        {SESSIONS: "3x200", STREAMS: "0x200", **calls("5x200", "0x200")},
        at="131m",
        pending="125m",
        labels=WHO,
        summary="Sessions of ns/echo are stuck",
        description="3 sessions of ns/echo have been open for 2 hours without a request or a"
        " stream; the proxy should have ended them.",
    ),
    Fires(
        "MCPLabelOverflow",
        {f"{UP}}}": "1x40", OVERFLOW: "0+2x40"},
        at="20m",
        pending="14m",
        labels=WHO,
        summary="Tool names of ns/echo exceed the cap",
        description="30 calls to ns/echo were counted as tool `other`, in 15 minutes:"
        " callers invent names, or the server has more tools than the cap.",
    ),
    Fires(
        "MCPSeriesTooMany",
        MANY,
        at="20m",
        pending="14m",
        labels={"family": "toolhive_mcp_tool_calls_total"},
        summary="Metric toolhive_mcp_tool_calls_total has too many series",
        description="toolhive_mcp_tool_calls_total has 110 series: one of its labels has no bound.",
        board=WHOLE_PIPELINE,
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
    Quiet(
        "MCPSeriesTooMany",
        "110 is the bound itself",
        MANY,
        given={"series_per_family": 110},
    ),
)
