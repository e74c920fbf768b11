"""Histories of servers that are away, come and go, or fall silent."""

from tests.dashboards.alert_cases.case import (
    OF,
    ON_PIPELINE,
    UP,
    WHO,
    WHOLE_PIPELINE,
    Fires,
    Quiet,
    Told,
    calls,
    recorded,
)
from tests.dashboards.promtool import History

RESTARTS = f"mcp_proxy_upstream_restarts_total{UP.removeprefix('mcp_proxy_upstream_up')}}}"
KILLED = "mcp_proxy_upstream_killed_total{{" + OF + ',signal="{}"}}'
STARTED = f'process_start_time_seconds{UP.removeprefix("mcp_proxy_upstream_up")},pod="a"}}'


def burning(noun: str, long: str, short: str, ratio: str, rate: str, now: str = "") -> History:
    """A server of some age whose bad calls are recorded, hourly; `now` in the short window."""
    return recorded(
        {
            "mcp:calls:rate5m": "1x200",
            f"mcp:{noun}:ratio_rate{long}": ratio,
            f"mcp:{noun}:ratio_rate{short}": now or ratio,
            f"mcp:{noun}:rate{long}": rate,
        }
    )


def spent(speed: str, share: str, over: str) -> Told:
    return {
        "summary": f"MCP server ns/echo spends its availability budget at over {speed} times the"
        " allowed pace",
        "description": f"{share} of the calls to ns/echo fail, over {over}; the objective allows"
        " 0.5 %, over 30 days.",
    }


FIRES = (
    Fires(
        "MCPServerDown",
        {f'{UP},pod="a"}}': "1 1 0x20", f'{UP},pod="b"}}': "1 1 0x20"},
        at="5m",
        pending="3m",
        labels=WHO,
        summary="MCP server ns/echo is down",
        description="No proxy has reached the MCP server ns/echo for 2 minutes"
        " (mcp_proxy_upstream_up is 0): every call fails.",
    ),
    Fires(
        "MCPServerPartlyDown",
        {f'{UP},pod="a"}}': "1 1 0x20", f'{UP},pod="b"}}': "1x20"},
        at="12m",
        pending="11m",
        labels=WHO,
        summary="Some replicas of MCP server ns/echo are down",
        description="Some proxies of ns/echo have not reached their server for 10 minutes"
        " (the lowest mcp_proxy_upstream_up is 0): a part of the calls fails.",
    ),
    Fires(
        "MCPServerProcessKilled",
        {KILLED.format("SIGKILL"): "0x5 1x20", KILLED.format("SIGSEGV"): "0x25"},
        at="9m",
        pending="7m",
        labels={**WHO, "signal": "SIGKILL"},
        summary="Processes of MCP server ns/echo are killed",
        description="SIGKILL ended 1 processes of the stdio server ns/echo in 15 minutes,"
        " and their sessions with them; the proxy did not send it.",
    ),
    Fires(
        "MCPServerRestarting",
        {f"{UP}}}": "1x20", RESTARTS: "0+1x20"},
        at="10m",
        pending="5m",
        labels=WHO,
        summary="MCP server ns/echo crashes again and again",
        description="The process of the stdio server ns/echo was started again 10 times"
        " in 15 minutes.",
    ),
    Fires(
        "MCPProxyRestarting",
        {STARTED: "100x4 500x4 900x4 1300x10"},
        at="17m",
        pending="14m",
        labels=WHO,
        summary="The proxy of ns/echo restarts again and again",
        description="A proxy of ns/echo was started 3 times within an hour;"
        " each time sessions are lost.",
    ),
    Fires(
        "MCPTelemetryAbsent",
        {f"{UP}}}": "1x10 stale", 'up{job="otel-collector"}': "1x40"},
        at="17m",
        pending="15m",
        labels={},
        summary="No MCP telemetry arrives any more",
        description="For 5 minutes Prometheus has had no series of any MCP proxy, and within the"
        " last day it had (absent is 1): boards and all other MCP alerts are blind.",
        board=WHOLE_PIPELINE,
    ),
    Fires(
        "MCPTelemetryStale",
        {f"{UP}}}": "1x10 stale", 'mcp_proxy_upstream_up{namespace="ns",server="b"}': "1x90"},
        at="20m",
        pending="14m",
        labels=WHO,
        summary="MCP server ns/echo went silent",
        description="ns/echo told of itself within the last hour, and for 5 minutes does no more"
        " (series seen: 1): the proxy is gone, or its road is.",
        board=ON_PIPELINE,
    ),
    Fires(
        "MCPErrorBudgetBurnFast",
        calls("0+50x240", "0+10x240"),
        at="70m",
        pending="61m",
        labels=WHO,
        **spent("14.4", "16.67%", "1h"),
    ),
    Fires(
        "MCPErrorBudgetBurnSteady",
        calls("0+57x480", "0+3x480"),
        at="390m",
        pending="370m",
        labels=WHO,
        **spent("6", "5%", "6h"),
    ),
    Fires(
        "MCPErrorBudgetBurnSlow",
        burning("errors", "1d", "2h", "0.016x200", "0.01x200"),
        at="26h",
        pending="24h",
        labels=WHO,
        every="1h",
        **spent("3", "1.6%", "1d"),
    ),
    Fires(
        "MCPErrorBudgetBurnCreeping",
        burning("errors", "3d", "6h", "0.0055x200", "0.01x200"),
        at="76h",
        pending="74h",
        labels=WHO,
        every="1h",
        **spent("1", "0.55%", "3d"),
    ),
)

LONG = ("62m", "90m", "3h")
QUIET = (
    Quiet(
        "MCPServerDown",
        "one replica still reaches its server",
        {f'{UP},pod="a"}}': "0x20", f'{UP},pod="b"}}': "1x20"},
    ),
    Quiet("MCPServerDown", "a proxy that just started has not looked yet", {f"{UP}}}": "0 0 1x20"}),
    Quiet(
        "MCPServerPartlyDown",
        "all are down, which is another alert",
        {f'{UP},pod="a"}}': "0x40", f'{UP},pod="b"}}': "0x40"},
    ),
    Quiet(
        "MCPServerPartlyDown",
        "a replica was down for 9 minutes",
        {f'{UP},pod="a"}}': "0x9 1x30", f'{UP},pod="b"}}': "1x40"},
        at=("8m", "9m", "10m", "11m", "20m"),
    ),
    Quiet(
        "MCPServerRestarting",
        "fewer than 3 in 15 minutes",
        {f"{UP}}}": "1x40", RESTARTS: "0+0.19x40"},
    ),
    Quiet(
        "MCPServerProcessKilled",
        "the proxy ended its processes, or they ended by themselves",
        {f"{UP}}}": "1x40", RESTARTS: "0+1x40", KILLED.format("SIGKILL"): "0x40"},
    ),
    Quiet(
        "MCPServerProcessKilled",
        "the last one was killed half an hour ago",
        {KILLED.format("SIGKILL"): "0x5 1x60"},
        at=("40m", "60m"),
    ),
    Quiet("MCPServerRestarting", "it never restarted", {f"{UP}}}": "1x40"}),
    Quiet(
        "MCPProxyRestarting", "2 in an hour is the bound itself", {STARTED: "100x4 500x4 900x40"}
    ),
    Quiet(
        "MCPProxyRestarting",
        "another program restarts again and again",
        {'process_start_time_seconds{job="x",pod="a"}': "100x4 500x4 900x4 1300x10"},
    ),
    Quiet("MCPTelemetryAbsent", "an idle proxy of ours tells of itself", {f"{UP}}}": "1x40"}),
    Quiet(
        "MCPTelemetryAbsent",
        "ToolHive's proxy tells of calls",
        {f'{UP},pod="a"}}': "1x5 stale", **calls("5x40", "0x40")},
    ),
    Quiet(
        "MCPTelemetryAbsent",
        "a new installation has no server yet",
        {'up{job="otel-collector"}': "1x40"},
    ),
    Quiet(
        "MCPTelemetryStale",
        "the server has been gone for more than an hour",
        {f"{UP}}}": "1x10 stale"},
        at=("72m", "80m"),
    ),
    Quiet(
        "MCPTelemetryStale",
        "only the pod was replaced",
        {f'{UP},pod="a"}}': "1x10 stale", f'{UP},pod="b"}}': "_x10 1x20"},
    ),
    Quiet(
        "MCPErrorBudgetBurnFast",
        "7.2 % is the bound itself",
        calls("0+1160x240", "0+90x240"),
        at=LONG,
    ),
    Quiet(
        "MCPErrorBudgetBurnFast",
        "every call fails, but there are too few",
        calls("0x240", "0+0.15x240"),
        at=LONG,
    ),
    Quiet(
        "MCPErrorBudgetBurnFast",
        "it has ended: the last 5 minutes were good",
        calls("0+50x240", "0+50x60 3000x180"),
        at=("67m", "70m", "90m"),
    ),
    Quiet(
        "MCPErrorBudgetBurnFast",
        "a new server has no past to be judged by",
        calls("0+50x240", "0+50x240"),
        at=("10m", "30m", "59m"),
    ),
    Quiet(
        "MCPErrorBudgetBurnSteady",
        "3 % is the bound itself",
        calls("0+97x480", "0+3x480"),
        at=("380m", "420m", "480m"),
    ),
    Quiet(
        "MCPErrorBudgetBurnSteady",
        "every call fails, but there are too few",
        calls("0x480", "0+0.02x480"),
        at=("380m", "420m", "480m"),
    ),
    Quiet(
        "MCPErrorBudgetBurnSlow",
        "1.5 % is the bound itself",
        burning("errors", "1d", "2h", "0.015x200", "0.01x200"),
        at=("26h", "40h"),
        every="1h",
    ),
    Quiet(
        "MCPErrorBudgetBurnSlow",
        "every call fails, but there are too few",
        burning("errors", "1d", "2h", "1x200", "0.0001x200"),
        at=("26h", "40h"),
        every="1h",
    ),
    Quiet(
        "MCPErrorBudgetBurnCreeping",
        "0.5 % is the bound itself",
        burning("errors", "3d", "6h", "0.005x200", "0.01x200"),
        at=("76h", "90h"),
        every="1h",
    ),
    Quiet(
        "MCPErrorBudgetBurnCreeping",
        "every call fails, but there are too few",
        burning("errors", "3d", "6h", "1x200", "0.00003x200"),
        at=("76h", "90h"),
        every="1h",
    ),
    Quiet(
        "MCPErrorBudgetBurnSlow",
        "it has ended: the last 2 hours were good",
        burning("errors", "1d", "2h", "0.1x200", "0.01x200", now="0x200"),
        at=("26h", "40h"),
        every="1h",
    ),
    Quiet(
        "MCPErrorBudgetBurnCreeping",
        "it has ended: the last 6 hours were good",
        burning("errors", "3d", "6h", "0.1x200", "0.01x200", now="0x200"),
        at=("76h", "90h"),
        every="1h",
    ),
)
