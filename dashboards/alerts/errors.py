"""Errors: what callers get instead of an answer."""

from dashboards.alerts.alert import NUMBER, PERCENT, TOOL, WHO, Alert, Severity, over
from dashboards.promql import Match, eq, like, or_zero, ratio
from dashboards.recordings import CALL_RATE, ERROR_RATIO, TOOL_ERROR_RATIO, TOOL_RATE
from dashboards.recordings import TOOL as EACH_TOOL
from dashboards.series import RULE
from dashboards.signal import EACH_SERVER
from dashboards.signals import calls, tools
from dashboards.thresholds import Thresholds
from proxy.telemetry.catalogue import Fault, Outcome, Status

_OPENING = eq("mcp_method", "initialize")
_OPENINGS = calls.REQUESTS.rate(RULE, _OPENING, by=EACH_SERVER)
_REFUSED = or_zero(calls.REQUESTS.rate(RULE, _OPENING, calls.FAILED, by=EACH_SERVER), _OPENINGS)
_ENDED = calls.OUTCOMES.rate(RULE, by=EACH_SERVER)


def share(*where: Match) -> str:
    """Calls that ended in a certain way, of all calls that our proxies accounted for."""
    return ratio(or_zero(calls.OUTCOMES.rate(RULE, *where, by=EACH_SERVER), _ENDED), _ENDED)


_LOST = share(like("outcome", f"{Outcome.TRANSPORT_ERROR}|{Outcome.TIMEOUT}"))
# A name that never worked is a caller's guess, and no tool that fails.
_WORKED = tools.CALLS.now(over(""), eq("status", Status.SUCCESS), by=EACH_TOOL)
_HOLD = "10m"
"""Longer than the window of the shares: a burst of failures that is over is no alert."""

_QUARTER = over("15m")
_DEFECTS = or_zero(
    calls.OUTCOMES.increase(_QUARTER, eq("fault", Fault.PROXY), by=EACH_SERVER),
    calls.OUTCOMES.increase(_QUARTER, by=EACH_SERVER),
)


def errors(t: Thresholds) -> tuple[Alert, ...]:
    """The alerts of this group, in the order of urgency."""
    return (_error_ratio_high(t), _initialize_failing(t), _calls_lost(t), _tool_failing(t), _defect)


def _error_ratio_high(t: Thresholds) -> Alert:
    return Alert(
        "MCPErrorRatioHigh",
        ERROR_RATIO.record,
        f"{ERROR_RATIO.record} > {t.error_ratio:g} and {CALL_RATE.record} > {t.call_floor:g}",
        _HOLD,
        Severity.WARNING,
        f"Calls to MCP server {WHO} fail",
        f"{PERCENT} of the calls to {WHO} fail, over 5 minutes.",
        ("error_ratio", "call_floor"),
    )


def _initialize_failing(t: Thresholds) -> Alert:
    return Alert(
        "MCPInitializeFailing",
        _OPENINGS,
        f"{ratio(_REFUSED, _OPENINGS)} > {t.initialize_error_ratio:g}"
        f" and {_OPENINGS} > {t.tool_call_floor:g}",
        _HOLD,
        Severity.WARNING,
        f"MCP server {WHO} turns new clients away",
        f"{PERCENT} of the initialize requests to {WHO} fail, over 5 minutes:"
        " new clients get no session.",
        ("initialize_error_ratio", "tool_call_floor"),
    )


def _calls_lost(t: Thresholds) -> Alert:
    return Alert(
        "MCPCallsLost",
        _LOST,
        f"{_LOST} > {t.lost_ratio:g} and {_ENDED} > {t.call_floor:g}",
        _HOLD,
        Severity.WARNING,
        f"Calls to MCP server {WHO} get no answer",
        f"{PERCENT} of the calls to {WHO} are lost on the way or time out, over 5 minutes.",
        ("lost_ratio", "call_floor"),
    )


def _tool_failing(t: Thresholds) -> Alert:
    return Alert(
        "MCPToolFailing",
        TOOL_ERROR_RATIO.record,
        f"{TOOL_ERROR_RATIO.record} > {t.tool_error_ratio:g}"
        f" and {TOOL_RATE.record} > {t.tool_call_floor:g} and {_WORKED} > 0",
        _HOLD,
        Severity.WARNING,
        f"Tool {TOOL} of {WHO} fails",
        f"{PERCENT} of the calls to tool {TOOL} of {WHO} fail, over 5 minutes.",
        ("tool_error_ratio", "tool_call_floor"),
    )


_defect = Alert(
    "MCPProxyDefect",
    _DEFECTS,
    f"{_DEFECTS} > 0",
    "2m",
    Severity.WARNING,
    f"The proxy of {WHO} fails calls by its own fault",
    f"{NUMBER} calls to {WHO} failed by a fault of the proxy itself, in 15 minutes.",
)
