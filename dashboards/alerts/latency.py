"""Latency: calls are slow, and whether it is the server, one tool or the proxy."""

from dashboards.alerts.alert import DURATION, TOOL, WHO, Alert, Severity
from dashboards.alerts.burn import BurnAlertText, burns
from dashboards.objectives import speed
from dashboards.recordings import CALL_RATE, LATENCY_P95, TOOL_LATENCY_P95, TOOL_RATE
from dashboards.series import RULE
from dashboards.signal import EACH_SERVER
from dashboards.signals import proxies
from dashboards.thresholds import Thresholds

_OVERHEAD = proxies.OVERHEAD.quantile(0.99, RULE, by=EACH_SERVER)


def latency(t: Thresholds) -> tuple[Alert, ...]:
    """The alerts of this group, in the order of urgency."""
    latency_high = Alert(
        "MCPLatencyHigh",
        LATENCY_P95.record,
        f"{LATENCY_P95.record} > {t.latency_seconds:g} and {CALL_RATE.record} > {t.call_floor:g}",
        "10m",
        Severity.WARNING,
        f"MCP server {WHO} is slow",
        f"5 of 100 calls to {WHO} take longer than {DURATION}, over 5 minutes.",
        ("latency_seconds", "call_floor"),
    )
    tool_slow = Alert(
        "MCPToolSlow",
        TOOL_LATENCY_P95.record,
        f"{TOOL_LATENCY_P95.record} > {t.tool_latency_seconds:g}"
        f" and {TOOL_RATE.record} > {t.tool_call_floor:g}",
        "10m",
        Severity.WARNING,
        f"Tool {TOOL} of {WHO} is slow",
        f"5 of 100 calls to tool {TOOL} of {WHO} take longer than {DURATION}, over 5 minutes.",
        ("tool_latency_seconds", "tool_call_floor"),
    )
    proxy_slow = Alert(
        "MCPProxySlow",
        _OVERHEAD,
        f"({_OVERHEAD}) > {t.overhead_seconds:g} and {CALL_RATE.record} > {t.call_floor:g}",
        "10m",
        Severity.WARNING,
        f"The proxy of {WHO} slows its calls",
        f"1 of 100 calls to {WHO} spends more than {DURATION} in the proxy itself, over 5 minutes.",
        ("overhead_seconds", "call_floor"),
    )
    bad = f"take longer than {t.slow_seconds:g} s"
    threshold_keys = ("slo_fast", "slow_seconds", "burn_calls")
    story = BurnAlertText("MCPLatencyBudgetBurn", bad, threshold_keys, latency_high.name)
    return (*burns(speed(t), story, t.burn_calls), latency_high, tool_slow, proxy_slow)
