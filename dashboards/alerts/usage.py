"""Usage: callers do what they did not do before, or what cannot succeed."""

from dashboards.alerts.alert import NUMBER, PERCENT, TOOL, WHO, Alert, Severity, older_than
from dashboards.alerts.errors import share
from dashboards.promql import eq, ne, or_zero
from dashboards.recordings import CALL_RATE, TOOL_RATE, TOOL_RATE_DAY, TOOL_RATE_HOUR
from dashboards.recordings import TOOL as EACH_TOOL
from dashboards.series import RULE
from dashboards.signal import EACH_SERVER
from dashboards.signals import calls, tools
from dashboards.thresholds import Thresholds
from proxy.telemetry.catalogue import OVERFLOW_LABEL, Fault, Outcome

_HOUR = "mcp:calls:rate1h"
_SILENT = f"{_HOUR} offset 1d"
_CALLED = tools.CALLS.now(RULE, ne("tool", OVERFLOW_LABEL), by=EACH_TOOL)
# Each recorded day tells of the day before it: together they tell of eight.
_KNOWN = " or ".join(
    f"last_over_time({TOOL_RATE_DAY.record}[1h] offset {ago})"
    for ago in ("1h", *(f"{day}d" for day in range(1, 8)))
)
_BUSIEST = f"max_over_time({TOOL_RATE_HOUR.record}[1d] offset 6h)"
_WRONG = share(eq("fault", Fault.CALLER))
_ENDED = calls.OUTCOMES.rate(RULE, by=EACH_SERVER)
_REJECTED = or_zero(
    calls.OUTCOMES.rate(RULE, eq("outcome", Outcome.REJECTED), by=EACH_SERVER), _ENDED
)
_OPENED = calls.REQUESTS.rate(RULE, eq("mcp_method", "initialize"), by=EACH_SERVER)
_WORKED = f"sum by (namespace, server) ({TOOL_RATE.record})"


def usage(t: Thresholds) -> tuple[Alert, ...]:
    """The alerts of this group, in the order of urgency."""
    return (_no_calls(t), _surge(t), _rejected(t), _wrong(t), _reconnecting(t), FIRST_SEEN)


def _no_calls(t: Thresholds) -> Alert:
    return Alert(
        "MCPNoCalls",
        _HOUR,
        f"({_SILENT} > {t.usual_calls:g}) and {_HOUR} == 0 unless {_HOUR} offset 7d == 0",
        "15m",
        Severity.WARNING,
        f"Nobody calls MCP server {WHO} any more",
        f"At this time yesterday {WHO} got "
        '{{ $value | printf "%.2f" }} calls per second, and for an hour it has got none.',
        ("usual_calls",),
    )


def _surge(t: Thresholds) -> Alert:
    hour = TOOL_RATE_HOUR.record
    return Alert(
        "MCPToolSurge",
        hour,
        f"{hour} > {t.surge_factor:g} * {_BUSIEST} and {hour} > {t.surge_floor:g}"
        f" and last_over_time({hour}[1h] offset 1d)",
        "5m",
        Severity.WARNING,
        f"Tool {TOOL} of {WHO} is called far more than ever",
        f"Tool {TOOL} of {WHO} is called "
        '{{ $value | printf "%.2f" }} times per second over the last hour, more than'
        f" {t.surge_factor:g} times as often as in the busiest hour of the day before.",
        ("surge_factor", "surge_floor"),
    )


FIRST_SEEN = Alert(
    "MCPToolFirstSeen",
    _CALLED,
    f"{_CALLED} unless ({_KNOWN}) and on (namespace, server) {older_than('1d')}",
    "2m",
    Severity.INFO,
    f"Tool {TOOL} of {WHO} is called for the first time",
    f"Tool {TOOL} of {WHO} was not called within the week before; now it was, {NUMBER} times.",
)


def _rejected(t: Thresholds) -> Alert:
    return Alert(
        "MCPRequestsRejected",
        _REJECTED,
        f"{_REJECTED} > {t.rejected_rate:g}",
        "10m",
        Severity.WARNING,
        f"The proxy of {WHO} turns requests away",
        '{{ $value | printf "%.2f" }} requests per second to '
        f"{WHO} are turned away at the door (size, origin, host, form), over 5 minutes.",
        ("rejected_rate",),
    )


def _wrong(t: Thresholds) -> Alert:
    return Alert(
        "MCPCallersAtFault",
        _WRONG,
        f"{_WRONG} > {t.caller_fault_ratio:g} and {_ENDED} > {t.call_floor:g}",
        "15m",
        Severity.INFO,
        f"Callers of {WHO} send what cannot succeed",
        f"{PERCENT} of the calls to {WHO} fail by the caller's fault, over 5 minutes.",
        ("caller_fault_ratio", "call_floor"),
    )


def _reconnecting(t: Thresholds) -> Alert:
    return Alert(
        "MCPClientsReconnecting",
        _OPENED,
        f"{_OPENED} > {t.openings_per_call:g} * ({_WORKED} or 0 * {CALL_RATE.record})"
        f" and {_OPENED} > {t.call_floor:g}",
        "15m",
        Severity.INFO,
        f"Clients of {WHO} open sessions and do not use them",
        '{{ $value | printf "%.2f" }} sessions of '
        f"{WHO} are opened per second, more than {t.openings_per_call:g} for every tool call.",
        ("openings_per_call", "call_floor"),
    )
