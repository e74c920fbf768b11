"""Alerts on histories of calls that fail."""

from tests.dashboards.alerts.cases import (
    TOOL,
    Fires,
    Quiet,
    alerts_test,
    calls,
    outcomes,
    tool_calls,
)

OK = ("ok", "none")
ERROR = ("tool_error", "server")
TIMEOUT = ("timeout", "server")
BROKEN = ("transport_error", "server")
DEFECT = ("protocol_error", "proxy")

FIRES = (
    Fires(
        "MCPErrorRatioHigh",
        calls("0+54x30", "0+6x30"),
        ("9m", "15m"),
        "10%",
        beside=outcomes({OK: "0+54x30", ERROR: "0+6x30"}),
    ),
    Fires(
        "MCPInitializeFailing", calls("0+1x20", "0+3x20", method="initialize"), ("9m", "15m"), "75%"
    ),
    Fires(
        "MCPCallsLost",
        outcomes({OK: "0+54x30", TIMEOUT: "0+3x20", BROKEN: "0+3x20"}),
        ("9m", "15m"),
        "10%",
    ),
    Fires("MCPToolFailing", tool_calls("0+1x20", "0+3x20"), ("9m", "15m"), "75%", labels=TOOL),
    Fires("MCPProxyDefect", outcomes({OK: "0+60x20", DEFECT: "0+1x20"}), ("1m", "15m"), "15"),
)

QUIET = (
    Quiet("MCPErrorRatioHigh", "5 % is the bound itself", calls("0+57x40", "0+3x40")),
    Quiet("MCPErrorRatioHigh", "every call fails, but there are too few", calls("0x40", "0+2x40")),
    Quiet(
        "MCPErrorRatioHigh",
        "streams that end badly are no calls",
        calls("0+60x40", "0x40") | calls("0x40", "0+60x40", method="unknown"),
    ),
    Quiet(
        "MCPInitializeFailing",
        "50 % is the bound itself",
        calls("0+3x40", "0+3x40", method="initialize"),
    ),
    Quiet(
        "MCPInitializeFailing",
        "every one fails, but there are too few",
        calls("0x40", "0+1x40", method="initialize"),
    ),
    Quiet("MCPInitializeFailing", "other calls fail", calls("0x40", "0+60x40")),
    Quiet("MCPCallsLost", "2 % is the bound itself", outcomes({OK: "0+98x40", TIMEOUT: "0+2x40"})),
    Quiet("MCPCallsLost", "all are lost, but there are too few", outcomes({TIMEOUT: "0+2x40"})),
    Quiet(
        "MCPCallsLost",
        "a tool that fails has answered",
        outcomes({OK: "0+6x40", ("tool_error", "server"): "0+54x40"}),
    ),
    Quiet("MCPToolFailing", "50 % is the bound itself", tool_calls("0+6x40", "0+6x40")),
    Quiet(
        "MCPToolFailing", "every call fails, but there are too few", tool_calls("5x40", "0+1x40")
    ),
    Quiet("MCPToolFailing", "it was one burst", tool_calls("5x40", "0 0 50x40")),
    Quiet(
        "MCPToolFailing",
        "callers guess a name that no server offers",
        tool_calls("0x40", "0+60x40"),
    ),
    Quiet("MCPErrorRatioHigh", "it was one burst", calls("0 0 50x40", "0 0 50x40")),
    Quiet(
        "MCPProxyDefect", "the faults are the server's", outcomes({OK: "0+60x40", BROKEN: "0+9x40"})
    ),
    Quiet("MCPProxyDefect", "it was long ago", outcomes({OK: "0+60x40", DEFECT: "5x40"})),
)

test_alerts = alerts_test(FIRES, QUIET)
