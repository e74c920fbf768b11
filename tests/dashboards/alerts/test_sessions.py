"""Alerts on histories of sessions and streams that clients hold open."""

from tests.dashboards.alerts.cases import OF, Fires, Quiet, alerts_test, calls

SESSIONS = f"mcp_proxy_sessions{{{OF}}}"
STREAMS = f"mcp_proxy_streams{{{OF}}}"
NIGHT = ("400m", "450m", "500m")

FIRES = (
    Fires("MCPSessionsLeaking", {SESSIONS: "10x60 10+1x500"}, ("370m", "500m"), "301"),
    Fires("MCPStreamsLeaking", {STREAMS: "10x60 10+1x500"}, ("370m", "500m"), "301"),
    Fires(
        "MCPSessionsStuck",
        {SESSIONS: "3x200", STREAMS: "0x200", **calls("5x200", "0x200")},
        ("125m", "131m"),
        "3",
    ),
)

QUIET = (
    Quiet("MCPSessionsLeaking", "100 is the bound itself", {SESSIONS: "10x400 110x100"}, at=NIGHT),
    Quiet(
        "MCPSessionsLeaking",
        "calls grew with them",
        {SESSIONS: "10x60 10+1x500", **calls("0+6x60 360+20x500", "0x560")},
        ("395m", "415m"),
    ),
    Quiet("MCPSessionsLeaking", "the server is new", {SESSIONS: "0+1x500"}, ("60m", "300m")),
    Quiet("MCPStreamsLeaking", "100 is the bound itself", {STREAMS: "10x400 110x100"}, at=NIGHT),
    Quiet(
        "MCPSessionsStuck",
        "a client only listens",
        {SESSIONS: "3x200", STREAMS: "1x200", **calls("5x200", "0x200")},
        ("131m", "180m"),
    ),
    Quiet(
        "MCPSessionsStuck",
        "a client calls once an hour",
        {SESSIONS: "3x200", STREAMS: "0x200", **calls("5x60 6x60 7x80", "0x200")},
        ("131m", "150m"),
    ),
    Quiet(
        "MCPSessionsStuck",
        "the session is 100 minutes old",
        {SESSIONS: "0x30 1x100 0x70", STREAMS: "0x200", **calls("0x30 1x170", "0x200")},
        ("110m", "130m", "150m"),
    ),
)

test_alerts = alerts_test(FIRES, QUIET)
