"""Alerts on histories of callers that change their ways."""

from tests.dashboards.alerts.cases import (
    OF,
    TOOL,
    Fires,
    Quiet,
    alerts_test,
    calls,
    outcomes,
    recorded,
    tool_calls,
)

NAMED = ',tool="fetch"'
HOUR = "mcp:calls:rate1h"
TOOL_HOUR = "mcp:tool_calls:rate1h"
TOOL_DAY = "mcp:tool_calls:rate1d"
CALLED = f'toolhive_mcp_tool_calls_total{{{OF},tool="fetch",status="success"}}'
KNOWN_SERVER = recorded({"mcp:calls:rate5m": "1x300"})
OK = ("ok", "none")
WRONG = ("protocol_error", "caller")
REJECTED = ("rejected", "caller")

FIRES = (
    Fires("MCPNoCalls", recorded({HOUR: "0.5x30 0x30"}), ("31h", "32h"), "0.50", every="1h"),
    Fires(
        "MCPToolSurge",
        recorded({TOOL_HOUR: "0.01x30 0.06x30"}, NAMED),
        ("31h", "32h"),
        "0.06",
        labels=TOOL,
        every="1h",
    ),
    Fires(
        "MCPToolFirstSeen",
        KNOWN_SERVER | {CALLED: "_x30 4x10"},
        ("30h", "32h"),
        "4",
        labels=TOOL,
        every="1h",
    ),
    Fires(
        "MCPRequestsRejected",
        outcomes({OK: "0+60x40", REJECTED: "0+12x40"}),
        ("9m", "15m"),
        "0.20",
        beside={f'mcp_proxy_refusals_total{{{OF},reason="origin"}}': "0+12x40"},
    ),
    Fires("MCPCallersAtFault", outcomes({OK: "0+15x40", WRONG: "0+45x40"}), ("14m", "20m"), "75%"),
    Fires(
        "MCPClientsReconnecting",
        calls("0+30x40", "0x40", method="initialize") | tool_calls("0+1x40", "0x40"),
        ("14m", "20m"),
        "0.50",
    ),
)

DAYS = ("30h", "40h", "170h", "200h")
QUIET = (
    Quiet(
        "MCPNoCalls",
        "yesterday there were hardly any: 0.01 is the bound itself",
        recorded({HOUR: "0.01x30 0x30"}),
        ("31h", "40h"),
        every="1h",
    ),
    Quiet("MCPNoCalls", "a new server is idle", recorded({HOUR: "0x60"}), at=DAYS, every="1h"),
    Quiet(
        "MCPNoCalls",
        "a week ago it was silent at this hour too",
        recorded({HOUR: "0x24 1x144 0x30"}),
        ("170h", "180h", "190h"),
        every="1h",
    ),
    Quiet(
        "MCPToolSurge",
        "5 times is the bound itself",
        recorded({TOOL_HOUR: "0.02x30 0.1x10"}, NAMED),
        ("32h", "35h"),
        every="1h",
    ),
    Quiet(
        "MCPToolSurge",
        "it is ten times as much, but there are too few",
        recorded({TOOL_HOUR: "0.005x30 0.05x10"}, NAMED),
        ("32h", "35h"),
        every="1h",
    ),
    Quiet(
        "MCPToolSurge",
        "a new tool has no past to be judged by",
        recorded({TOOL_HOUR: "0.01x3 1x10"}, NAMED),
        ("5h", "8h", "12h"),
        every="1h",
    ),
    Quiet(
        "MCPToolFirstSeen",
        "it was called a week ago",
        KNOWN_SERVER | {CALLED: "_x200 4x10"} | recorded({TOOL_DAY: "0x40"}, NAMED),
        ("201h", "203h"),
        every="1h",
    ),
    Quiet(
        "MCPToolFirstSeen",
        "the server is new, so every tool is",
        recorded({"mcp:calls:rate5m": "1x20"}) | {CALLED: "1x20"},
        ("5h", "20h"),
        every="1h",
    ),
    Quiet(
        "MCPToolFirstSeen",
        "names beyond the cap are one",
        KNOWN_SERVER | {CALLED.replace("fetch", "other"): "_x30 4x10"},
        ("31h", "32h"),
        every="1h",
    ),
    Quiet(
        "MCPRequestsRejected",
        "0.1 per second is the bound itself",
        outcomes({OK: "0+60x40", REJECTED: "0+6x40"}),
    ),
    Quiet(
        "MCPCallersAtFault", "50 % is the bound itself", outcomes({OK: "0+30x40", WRONG: "0+30x40"})
    ),
    Quiet("MCPCallersAtFault", "all are wrong, but there are too few", outcomes({WRONG: "0+2x40"})),
    Quiet(
        "MCPClientsReconnecting",
        "5 for every call is the bound itself",
        calls("0+30x40", "0x40", method="initialize") | tool_calls("0+6x40", "0x40"),
    ),
    Quiet(
        "MCPClientsReconnecting",
        "nobody calls a tool, but sessions are too few",
        calls("0+2x40", "0x40", method="initialize"),
    ),
)

test_alerts = alerts_test(FIRES, QUIET)
