"""Alerts on histories of calls that are slow."""

from tests.dashboards.alerts.cases import (
    TOOL,
    Fires,
    Quiet,
    alerts_test,
    buckets,
    calls,
    latencies,
    tool_calls,
)

OPERATION = 'mcp_server_operation_duration_seconds,gen_ai_tool_name="fetch"'
OVERHEAD = "mcp_proxy_overhead_seconds"


FIRES = (
    Fires(
        "MCPLatencyHigh",
        latencies({"2": "0+54x20", "5": "0+60x20", "+Inf": "0+60x20"}),
        ("9m", "15m"),
        "3.5s",
        beside=buckets(OPERATION, {"2": "0+54x20", "5": "0+60x20", "+Inf": "0+60x20"}),
    ),
    Fires(
        "MCPToolSlow",
        buckets(OPERATION, {"10": "0x30", "30": "0+6x30", "+Inf": "0+6x30"})
        | tool_calls("0+6x30", "0x30"),
        ("9m", "15m"),
        "29s",
        labels=TOOL,
    ),
    Fires(
        "MCPProxySlow",
        buckets(OVERHEAD, {"0.05": "0x30", "0.1": "0+60x30", "+Inf": "0+60x30"})
        | calls("0+60x30", "0x30"),
        ("9m", "15m"),
        "99.5ms",
    ),
)

QUIET = (
    Quiet(
        "MCPLatencyHigh",
        "2 s is the bound itself",
        latencies({"2": "0+57x40", "5": "0+60x40", "+Inf": "0+60x40"}),
    ),
    Quiet(
        "MCPLatencyHigh",
        "every call is slow, but there are too few",
        latencies({"2": "0x40", "5": "0+2x40", "+Inf": "0+2x40"}),
    ),
    Quiet(
        "MCPLatencyHigh",
        "ToolHive 0.3.5 knows no call below 5 s",
        latencies(
            {"0": "0x40", "5": "0+60x40", "10": "0+60x40", "7500": "0+60x40", "+Inf": "0+60x40"}
        ),
    ),
    Quiet(
        "MCPLatencyHigh",
        "a stream may last for long",
        latencies({"2": "0+60x40", "5": "0+60x40", "+Inf": "0+60x40"})
        | latencies({"2": "0x40", "300": "0+60x40", "+Inf": "0+60x40"}, method="unknown"),
    ),
    Quiet(
        "MCPToolSlow",
        "10 s is the bound itself",
        buckets(OPERATION, {"10": "0+19x40", "30": "0+20x40", "+Inf": "0+20x40"})
        | tool_calls("0+20x40", "0x40"),
    ),
    Quiet(
        "MCPToolSlow",
        "every call is slow, but there are too few",
        buckets(OPERATION, {"10": "0x40", "30": "0+1x40", "+Inf": "0+1x40"})
        | tool_calls("0+1x40", "0x40"),
    ),
    Quiet(
        "MCPProxySlow",
        "a little less than 50 ms",
        buckets(OVERHEAD, {"0.05": "0+991x40", "0.1": "0+1000x40", "+Inf": "0+1000x40"})
        | calls("0+1000x40", "0x40"),
    ),
    Quiet(
        "MCPProxySlow",
        "every call is slow, but there are too few",
        buckets(OVERHEAD, {"0.05": "0x40", "0.1": "0+2x40", "+Inf": "0+2x40"})
        | calls("0+2x40", "0x40"),
    ),
)

test_alerts = alerts_test(FIRES, QUIET)
