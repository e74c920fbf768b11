"""Availability: a server is away, comes and goes, or is no longer heard of."""

from dashboards import series
from dashboards.alerts.alert import (
    NUMBER,
    PIPELINE_BOARD,
    PRESENT,
    WHO,
    Alert,
    Severity,
    either,
    over,
)
from dashboards.alerts.burn import BurnAlertText, burns
from dashboards.objectives import success
from dashboards.promql import aggregate, or_zero
from dashboards.signal import EACH_SERVER
from dashboards.signals import calls, proxies
from dashboards.thresholds import Thresholds
from proxy.telemetry import catalogue

_NOW = over("")
_BEST = proxies.UP.now(_NOW, by=EACH_SERVER, operator="max")
_WORST = proxies.UP.now(_NOW, by=EACH_SERVER, operator="min")
_RESTARTS = or_zero(proxies.RESTARTS.increase(over("15m"), by=EACH_SERVER), PRESENT)
_KILLED = proxies.KILLED.increase(over("15m"), by=(*EACH_SERVER, "signal"))
_STARTED = series.of(catalogue.PROCESS_START_TIME).select(_NOW, proxies.OF_A_PROXY)
_STARTS = aggregate("max", f"changes({_STARTED}[1h])", EACH_SERVER)

SERVER_DOWN = Alert(
    "MCPServerDown",
    _BEST,
    f"{_BEST} == 0",
    "2m",
    Severity.CRITICAL,
    f"MCP server {WHO} is down",
    f"No proxy has reached the MCP server {WHO} for 2 minutes"
    " (mcp_proxy_upstream_up is {{ $value }}): every call fails.",
    inhibits=(
        "MCPServerPartlyDown",
        "MCPErrorRatioHigh",
        "MCPInitializeFailing",
        "MCPCallsLost",
        "MCPToolFailing",
        "MCPErrorBudgetBurnSlow",
        "MCPErrorBudgetBurnCreeping",
    ),
)
SERVER_PARTLY_DOWN = Alert(
    "MCPServerPartlyDown",
    _WORST,
    f"{_WORST} == 0 and {_BEST} == 1",
    "10m",
    Severity.WARNING,
    f"Some replicas of MCP server {WHO} are down",
    f"Some proxies of {WHO} have not reached their server for 10 minutes"
    " (the lowest mcp_proxy_upstream_up is {{ $value }}): a part of the calls fails.",
)
PROCESS_KILLED = Alert(
    "MCPServerProcessKilled",
    _KILLED,
    f"{_KILLED} > 0",
    "2m",
    Severity.WARNING,
    f"Processes of MCP server {WHO} are killed",
    f"{{{{ $labels.signal }}}} ended {NUMBER} processes of the stdio server {WHO} in 15 minutes,"
    " and their sessions with them; the proxy did not send it.",
)
TELEMETRY_ABSENT = Alert(
    "MCPTelemetryAbsent",
    either(),
    f"absent({proxies.UP.name}) and absent({calls.REQUESTS.name})"
    f" and on () (count({either('1d')}))",
    "5m",
    Severity.CRITICAL,
    "No MCP telemetry arrives any more",
    "For 5 minutes Prometheus has had no series of any MCP proxy, and within the last day it had"
    " (absent is {{ $value }}): boards and all other MCP alerts are blind.",
    board=PIPELINE_BOARD,
    about=(),
    inhibits=("MCPTelemetryStale",),
)
TELEMETRY_STALE = Alert(
    "MCPTelemetryStale",
    either("1h"),
    f"({either('1h')}) unless ({either()})",
    "5m",
    Severity.WARNING,
    f"MCP server {WHO} went silent",
    f"{WHO} told of itself within the last hour, and for 5 minutes does no more"
    " (series seen: {{ $value }}): the proxy is gone, or its road is.",
    board=PIPELINE_BOARD,
)


def availability(t: Thresholds) -> tuple[Alert, ...]:
    """The alerts of this group, in the order of urgency."""
    server_restarting = Alert(
        "MCPServerRestarting",
        _RESTARTS,
        f"{_RESTARTS} > {t.server_restarts:g}",
        "2m",
        Severity.WARNING,
        f"MCP server {WHO} crashes again and again",
        f"The process of the stdio server {WHO} was started again {NUMBER} times in 15 minutes.",
        ("server_restarts",),
    )
    proxy_restarting = Alert(
        "MCPProxyRestarting",
        _STARTS,
        f"{_STARTS} > {t.proxy_restarts:g}",
        "2m",
        Severity.WARNING,
        f"The proxy of {WHO} restarts again and again",
        f"A proxy of {WHO} was started {NUMBER} times within an hour; each time sessions are lost.",
        ("proxy_restarts",),
    )
    threshold_keys = ("slo_success", "burn_calls")
    story = BurnAlertText("MCPErrorBudgetBurn", "fail", threshold_keys, "MCPErrorRatioHigh")
    return (
        SERVER_DOWN,
        TELEMETRY_ABSENT,
        *burns(success(t), story, t.burn_calls),
        SERVER_PARTLY_DOWN,
        PROCESS_KILLED,
        server_restarting,
        proxy_restarting,
        TELEMETRY_STALE,
    )
