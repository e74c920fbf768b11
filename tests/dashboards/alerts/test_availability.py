"""Alerts on histories of servers that are away, come and go, or fall silent."""

import pytest

from tests.dashboards.alerts.cases import (
    BY_NAME,
    OF,
    SERVER,
    UP,
    Fires,
    Quiet,
    alerts_test,
    calls,
    replay,
)
from tests.dashboards.promtool import Promtool

RESTARTS = f"mcp_proxy_upstream_restarts_total{UP.removeprefix('mcp_proxy_upstream_up')}}}"
KILLED = "mcp_proxy_upstream_killed_total{{" + OF + ',signal="{}"}}'
STARTED = f'process_start_time_seconds{UP.removeprefix("mcp_proxy_upstream_up")},pod="a"}}'


FIRES = (
    Fires(
        "MCPServerDown",
        {f'{UP},pod="a"}}': "1 1 0x20", f'{UP},pod="b"}}': "1 1 0x20"},
        ("3m", "5m"),
        "0",
    ),
    Fires(
        "MCPServerPartlyDown",
        {f'{UP},pod="a"}}': "1 1 0x20", f'{UP},pod="b"}}': "1x20"},
        ("11m", "12m"),
        "0",
    ),
    Fires(
        "MCPServerProcessKilled",
        {KILLED.format("SIGKILL"): "0x5 1x20", KILLED.format("SIGSEGV"): "0x25"},
        ("7m", "9m"),
        "1",
        labels={**SERVER, "signal": "SIGKILL"},
    ),
    Fires("MCPServerRestarting", {f"{UP}}}": "1x20", RESTARTS: "0+1x20"}, ("5m", "10m"), "10"),
    Fires("MCPProxyRestarting", {STARTED: "100x4 500x4 900x4 1300x10"}, ("14m", "17m"), "3"),
    Fires(
        "MCPTelemetryAbsent",
        {f"{UP}}}": "1x10 stale", 'up{job="otel-collector"}': "1x40"},
        ("15m", "17m"),
        "1",
        labels={},
    ),
    Fires(
        "MCPTelemetryStale",
        {f"{UP}}}": "1x10 stale", 'mcp_proxy_upstream_up{namespace="ns",server="b"}': "1x90"},
        ("14m", "20m"),
        "1",
    ),
)

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
        ("8m", "9m", "10m", "11m", "20m"),
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
        ("40m", "60m"),
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
    Quiet("MCPTelemetryAbsent", "an idle proxy of ours has its own series", {f"{UP}}}": "1x40"}),
    Quiet(
        "MCPTelemetryAbsent",
        "ToolHive's proxy counts calls",
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
        ("72m", "80m"),
    ),
    Quiet(
        "MCPTelemetryStale",
        "only the pod was replaced",
        {f'{UP},pod="a"}}': "1x10 stale", f'{UP},pod="b"}}': "_x10 1x20"},
    ),
)

test_alerts = alerts_test(FIRES, QUIET)


@pytest.mark.slow
def test_an_alert_names_a_server_that_has_no_namespace(promtool: Promtool) -> None:
    history = {'mcp_proxy_upstream_up{job="mcp",server="echo"}': "0x20"}
    down = Fires("MCPServerDown", history, ("1m", "5m"), "0", labels={"server": "echo"})
    alert = BY_NAME[down.name]

    assert promtool.replays([replay(down, alert, promtool, history, down.labels)]) == ""
    assert down.firing(alert, down.labels).annotations["summary"] == "MCP server echo is down"
