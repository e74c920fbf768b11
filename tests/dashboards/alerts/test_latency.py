"""Alerts on histories of calls that are slow."""

from tests.dashboards.alerts.cases import (
    TOOL,
    Fires,
    Quiet,
    buckets,
    burning,
    calls,
    firing_test,
    latencies,
    quiet_test,
    tool_calls,
)

OPERATION = 'mcp_server_operation_duration_seconds,gen_ai_tool_name="fetch"'
OVERHEAD = "mcp_proxy_overhead_seconds"


FIRES = (
    Fires(
        "MCPLatencyHigh",
        latencies({"2": "0+54x20", "5": "0+60x20", "+Inf": "0+60x20"}),
        at="15m",
        pending="9m",
        value="3.5s",
        beside=buckets(OPERATION, {"2": "0+54x20", "5": "0+60x20", "+Inf": "0+60x20"}),
    ),
    Fires(
        "MCPToolSlow",
        buckets(OPERATION, {"10": "0x30", "30": "0+6x30", "+Inf": "0+6x30"})
        | tool_calls("0+6x30", "0x30"),
        at="15m",
        pending="9m",
        labels=TOOL,
        value="29s",
    ),
    Fires(
        "MCPProxySlow",
        buckets(OVERHEAD, {"0.05": "0x30", "0.1": "0+60x30", "+Inf": "0+60x30"})
        | calls("0+60x30", "0x30"),
        at="15m",
        pending="9m",
        value="99.5ms",
    ),
    Fires(
        "MCPLatencyBudgetBurnFast",
        latencies({"2": "0+10x240", "5": "0+60x240", "+Inf": "0+60x240"}),
        at="70m",
        pending="61m",
        value="83.33%",
    ),
    Fires(
        "MCPLatencyBudgetBurnSteady",
        latencies({"2.0": "0+30x480", "5.0": "0+60x480", "+Inf": "0+60x480"}),
        at="390m",
        pending="370m",
        value="50%",
    ),
    Fires(
        "MCPLatencyBudgetBurnSlow",
        burning("slow", "1d", "2h", "0.16x200", "0.01x200"),
        at="26h",
        pending="24h",
        every="1h",
        value="16%",
    ),
    Fires(
        "MCPLatencyBudgetBurnCreeping",
        burning("slow", "3d", "6h", "0.055x200", "0.01x200"),
        at="76h",
        pending="74h",
        every="1h",
        value="5.5%",
    ),
)

LONG = ("62m", "90m", "3h")
LONGER = ("380m", "420m", "480m")
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
    Quiet(
        "MCPLatencyBudgetBurnFast",
        "71 % is a little less than the bound",
        latencies({"2": "0+29x240", "5": "0+100x240", "+Inf": "0+100x240"}),
        at=LONG,
    ),
    Quiet(
        "MCPLatencyBudgetBurnFast",
        "every call is slow, but there are too few",
        latencies({"2": "0x240", "5": "0+0.15x240", "+Inf": "0+0.15x240"}),
        at=LONG,
    ),
    Quiet(
        "MCPLatencyBudgetBurnSteady",
        "30 % is the bound itself",
        latencies({"2": "0+70x480", "5": "0+100x480", "+Inf": "0+100x480"}),
        at=LONGER,
    ),
    Quiet(
        "MCPLatencyBudgetBurnSteady",
        "every call is slow, but there are too few",
        latencies({"2": "0x480", "5": "0+0.02x480", "+Inf": "0+0.02x480"}),
        at=LONGER,
    ),
    Quiet(
        "MCPLatencyBudgetBurnSlow",
        "15 % is the bound itself",
        burning("slow", "1d", "2h", "0.15x200", "0.01x200"),
        at=("26h", "40h"),
        every="1h",
    ),
    Quiet(
        "MCPLatencyBudgetBurnSlow",
        "every call is slow, but there are too few",
        burning("slow", "1d", "2h", "1x200", "0.0001x200"),
        at=("26h", "40h"),
        every="1h",
    ),
    Quiet(
        "MCPLatencyBudgetBurnCreeping",
        "5 % is the bound itself",
        burning("slow", "3d", "6h", "0.05x200", "0.01x200"),
        at=("76h", "90h"),
        every="1h",
    ),
    Quiet(
        "MCPLatencyBudgetBurnCreeping",
        "every call is slow, but there are too few",
        burning("slow", "3d", "6h", "1x200", "0.00003x200"),
        at=("76h", "90h"),
        every="1h",
    ),
    Quiet(
        "MCPLatencyBudgetBurnSlow",
        "it has ended: the last 2 hours were good",
        burning("slow", "1d", "2h", "0.5x200", "0.01x200", now="0x200"),
        at=("26h", "40h"),
        every="1h",
    ),
    Quiet(
        "MCPLatencyBudgetBurnCreeping",
        "it has ended: the last 6 hours were good",
        burning("slow", "3d", "6h", "0.5x200", "0.01x200", now="0x200"),
        at=("76h", "90h"),
        every="1h",
    ),
)

test_fires = firing_test(FIRES)
test_stays_quiet = quiet_test(QUIET)
