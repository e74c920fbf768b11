"""Alerts on histories of servers that are away, come and go, or fall silent."""

from tests.dashboards.alerts.cases import (
    OF,
    SERVER,
    UP,
    Fires,
    Quiet,
    burning,
    calls,
    firing_test,
    quiet_test,
)

RESTARTS = f"mcp_proxy_upstream_restarts_total{UP.removeprefix('mcp_proxy_upstream_up')}}}"
KILLED = "mcp_proxy_upstream_killed_total{{" + OF + ',signal="{}"}}'
STARTED = f'process_start_time_seconds{UP.removeprefix("mcp_proxy_upstream_up")},pod="a"}}'


FIRES = (
    Fires(
        "MCPServerDown",
        {f'{UP},pod="a"}}': "1 1 0x20", f'{UP},pod="b"}}': "1 1 0x20"},
        at="5m",
        pending="3m",
        value="0",
    ),
    Fires(
        "MCPServerPartlyDown",
        {f'{UP},pod="a"}}': "1 1 0x20", f'{UP},pod="b"}}': "1x20"},
        at="12m",
        pending="11m",
        value="0",
    ),
    Fires(
        "MCPServerProcessKilled",
        {KILLED.format("SIGKILL"): "0x5 1x20", KILLED.format("SIGSEGV"): "0x25"},
        at="9m",
        pending="7m",
        labels={**SERVER, "signal": "SIGKILL"},
        value="1",
    ),
    Fires(
        "MCPServerRestarting",
        {f"{UP}}}": "1x20", RESTARTS: "0+1x20"},
        at="10m",
        pending="5m",
        value="10",
    ),
    Fires(
        "MCPProxyRestarting",
        {STARTED: "100x4 500x4 900x4 1300x10"},
        at="17m",
        pending="14m",
        value="3",
    ),
    Fires(
        "MCPTelemetryAbsent",
        {f"{UP}}}": "1x10 stale", 'up{job="otel-collector"}': "1x40"},
        at="17m",
        pending="15m",
        labels={},
        value="1",
    ),
    Fires(
        "MCPTelemetryStale",
        {f"{UP}}}": "1x10 stale", 'mcp_proxy_upstream_up{namespace="ns",server="b"}': "1x90"},
        at="20m",
        pending="14m",
        value="1",
    ),
    Fires(
        "MCPErrorBudgetBurnFast",
        calls("0+50x240", "0+10x240"),
        at="70m",
        pending="61m",
        value="16.67%",
    ),
    Fires(
        "MCPErrorBudgetBurnSteady",
        calls("0+57x480", "0+3x480"),
        at="390m",
        pending="370m",
        value="5%",
    ),
    Fires(
        "MCPErrorBudgetBurnSlow",
        burning("errors", "1d", "2h", "0.016x200", "0.01x200"),
        at="26h",
        pending="24h",
        every="1h",
        value="1.6%",
    ),
    Fires(
        "MCPErrorBudgetBurnCreeping",
        burning("errors", "3d", "6h", "0.0055x200", "0.01x200"),
        at="76h",
        pending="74h",
        every="1h",
        value="0.55%",
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

test_fires = firing_test(FIRES)
test_stays_quiet = quiet_test(QUIET)
