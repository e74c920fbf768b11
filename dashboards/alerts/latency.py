"""Latency: calls are slow, and whether it is the server, one tool or the proxy."""

from dashboards.alerts.alert import Alert, Runbook, Severity
from dashboards.alerts.burn import BurnAlertText, burns
from dashboards.expressions import proxies
from dashboards.promql.expression import Aggregation, Paren
from dashboards.promql.scope import EACH_SERVER, RULE
from dashboards.recordings.catalogue import CALL_RATE, LATENCY_P95, TOOL_LATENCY_P95, TOOL_RATE
from dashboards.recordings.objectives import speed
from dashboards.thresholds import Thresholds

_OVERHEAD = proxies.OVERHEAD.quantile(0.99, RULE, by=EACH_SERVER)


def latency(t: Thresholds) -> tuple[Alert, ...]:
    """The alerts of this group, in the order of urgency."""
    latency_high = Alert(
        "MCPLatencyHigh",
        LATENCY_P95.value,
        (LATENCY_P95.value > t.latency_seconds) & (CALL_RATE.value > t.call_floor),
        "10m",
        Severity.WARNING,
        "MCP server {server} is slow",
        "5 % of the calls to {server} take longer than {duration}, over 5 minutes.",
        Runbook(
            "5 % of calls take longer than the alert says. Streams are not counted.",
            "The server or one of its tools is slow, or the proxy is short of CPU.",
            "One tool: its own dependency is slow. All tools: give the server more CPU or replicas."
            " {slow_proxy}",
            Aggregation("topk", TOOL_LATENCY_P95.value, EACH_SERVER, top=5),
        ),
        ("latency_seconds", "call_floor"),
    )
    tool_slow = Alert(
        "MCPToolSlow",
        TOOL_LATENCY_P95.value,
        (TOOL_LATENCY_P95.value > t.tool_latency_seconds) & (TOOL_RATE.value > t.tool_call_floor),
        "10m",
        Severity.WARNING,
        "Tool {tool} of {server} is slow",
        "5 % of the calls to tool {tool} of {server} take longer than {duration}, over 5 minutes.",
        Runbook(
            "One tool takes so long that clients begin to give up.",
            "It waits for something slow, or has more to do than usual.",
            "Read the trace of a slow call: does the tool work or wait? Let it respond in parts or"
            " with a timeout of its own. If it is slow by design, raise `tool_latency_seconds`.",
            TOOL_LATENCY_P95.value > t.tool_latency_seconds,
        ),
        ("tool_latency_seconds", "tool_call_floor"),
    )
    proxy_slow = Alert(
        "MCPProxySlow",
        _OVERHEAD,
        (Paren(_OVERHEAD) > t.overhead_seconds) & (CALL_RATE.value > t.call_floor),
        "10m",
        Severity.WARNING,
        "The proxy of {server} slows its calls down",
        "1 % of the calls to {server} spend more than {duration} in the proxy itself, over 5"
        " minutes.",
        Runbook(
            "Calls lose time in the proxy itself, not in the server.",
            "The proxy is short of CPU: a limit throttles it, its node is full, or one process has"
            " too much to do. Very large messages take time too.",
            'See "CPU of the proxy". Near 100 %: add replicas. Below: raise or remove its CPU'
            " limit.",
            _OVERHEAD,
        ),
        ("overhead_seconds", "call_floor"),
    )
    text = BurnAlertText(
        "MCPLatencyBudgetBurn",
        f"take longer than {t.slow_seconds:g} s",
        "slow",
        ("slo_fast", "slow_seconds", "burn_calls"),
        latency_high.name,
        "The server is short of CPU or replicas, or a tool waits for something slow.",
        'Find what is slow: panel "Latency p95 by tool", then the trace of a slow call.'
        " {proxy_part} Give more CPU or replicas to what is saturated. If the tools of this server"
        " do slow work by design, raise `slow_seconds`.",
    )
    return (*burns(speed(t), text, t.burn_calls), latency_high, tool_slow, proxy_slow)
