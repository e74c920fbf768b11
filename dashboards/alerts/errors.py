"""Errors: what callers get instead of a result."""

from dashboards.alerts.alert import Alert, Runbook, Severity
from dashboards.expressions import calls, tools
from dashboards.promql.functions import or_zero, ratio
from dashboards.promql.scope import EACH_SERVER, EACH_TOOL, RULE, eq, like, ne
from dashboards.recordings.catalogue import CALL_RATE, ERROR_RATIO, TOOL_ERROR_RATIO, TOOL_RATE
from dashboards.thresholds import Thresholds
from proxy.telemetry.catalogue import Fault, Outcome

_OPENINGS = calls.REQUESTS.rate(RULE, calls.IS_INITIALIZE, by=EACH_SERVER)
_REFUSED = or_zero(
    calls.REQUESTS.rate(RULE, calls.IS_INITIALIZE, calls.FAILED, by=EACH_SERVER), _OPENINGS
)
_ENDED = calls.OUTCOMES.rate(RULE, by=EACH_SERVER)
_IS_LOST = like("outcome", f"{Outcome.TRANSPORT_ERROR}|{Outcome.TIMEOUT}")
_LOST = calls.outcome_ratio(RULE, _IS_LOST, by=EACH_SERVER)
# A name that never worked is a caller's guess, not a tool that fails.
_WORKED = tools.CALLS.now(RULE, calls.SUCCEEDED, by=EACH_TOOL)
_FOR = "10m"
"""Longer than the window of the ratios: a burst of failures that is over is no alert."""

_QUARTER = RULE.over("15m")
_BY_FAULT = eq("fault", Fault.PROXY)
_DEFECTS = or_zero(
    calls.OUTCOMES.increase(_QUARTER, _BY_FAULT, by=EACH_SERVER),
    calls.OUTCOMES.increase(_QUARTER, by=EACH_SERVER),
)


def errors(t: Thresholds) -> tuple[Alert, ...]:
    """The alerts of this group, in the order of urgency."""
    return (_error_ratio_high(t), _initialize_failing(t), _calls_lost(t), _tool_failing(t), _DEFECT)


def _error_ratio_high(t: Thresholds) -> Alert:
    return Alert(
        "MCPErrorRatioHigh",
        ERROR_RATIO.value,
        (ERROR_RATIO.value > t.error_ratio) & (CALL_RATE.value > t.call_floor),
        _FOR,
        Severity.WARNING,
        "Calls to MCP server {server} fail",
        "{percent} of the calls to {server} fail, over 5 minutes.",
        Runbook(
            "{errors_symptom}",
            "The server, what it depends on, or the connection to it is broken, or clients send"
            " invalid requests. {errors_by_fault}",
            '{errors_fix} Panel "Error ratio by tool" shows where it is.',
            calls.OUTCOMES.rate(
                RULE, ne("outcome", Outcome.OK), by=(*EACH_SERVER, "outcome", "fault")
            ),
        ),
        ("error_ratio", "call_floor"),
    )


def _initialize_failing(t: Thresholds) -> Alert:
    return Alert(
        "MCPInitializeFailing",
        _OPENINGS,
        (ratio(_REFUSED, _OPENINGS) > t.initialize_error_ratio) & (_OPENINGS > t.tool_call_floor),
        _FOR,
        Severity.WARNING,
        "MCP server {server} rejects new clients",
        "{percent} of the initialize requests to {server} fail, over 5 minutes: new clients get no"
        " session.",
        Runbook(
            "Agents cannot connect: most `initialize` requests fail. Open sessions may continue.",
            "The server is at its session limit, rejects the client's protocol version, or fails at"
            " startup; or one broken client keeps retrying.",
            "By status code. {session_limit} 200 with an error: read the trace, compare protocol"
            " versions. 4xx: the client's request is wrong, tell its owner.",
            calls.REQUESTS.rate(RULE, calls.IS_INITIALIZE, by=(*EACH_SERVER, "status_code")),
        ),
        ("initialize_error_ratio", "tool_call_floor"),
    )


def _calls_lost(t: Thresholds) -> Alert:
    return Alert(
        "MCPCallsLost",
        _LOST,
        (_LOST > t.lost_ratio) & (_ENDED > t.call_floor),
        _FOR,
        Severity.WARNING,
        "Calls to MCP server {server} get no response",
        "{percent} of the calls to {server} get no response: the connection fails or times out,"
        " over 5 minutes.",
        Runbook(
            "Callers wait and get no response: connections fail, the server's process exits, or the"
            " timeout expires.",
            "The server crashes, hangs, or is disconnected while it works; a tool takes longer than"
            " `--upstream-timeout`.",
            "`timeout`: find the tool in the traces, make it respond sooner or raise"
            " `--upstream-timeout`. `transport_error`: check for restarts and"
            " {MCPServerRestarting}, then for what breaks connections between proxy and server.",
            calls.OUTCOMES.rate(RULE, _IS_LOST, by=(*EACH_SERVER, "outcome")),
        ),
        ("lost_ratio", "call_floor"),
    )


def _tool_failing(t: Thresholds) -> Alert:
    return Alert(
        "MCPToolFailing",
        TOOL_ERROR_RATIO.value,
        (TOOL_ERROR_RATIO.value > t.tool_error_ratio)
        & (TOOL_RATE.value > t.tool_call_floor)
        & (_WORKED > 0),
        _FOR,
        Severity.WARNING,
        "Tool {tool} of {server} fails",
        "{percent} of the calls to tool {tool} of {server} fail, over 5 minutes.",
        Runbook(
            "One tool fails more often than it works. The server as a whole may look healthy when"
            " the tool is a small part of its calls.",
            "What the tool depends on is broken: a token expired, a service is down, a quota is"
            " used up. Or clients call it with wrong arguments. A name that has not worked once"
            " since the proxy started is a caller's guess and ignored.",
            "Read a trace of a failed call and the server's log at that time, and fix what the tool"
            " depends on. Until then remove the tool from the server's list, so that agents stop"
            " trying it.",
            TOOL_ERROR_RATIO.value > t.tool_error_ratio,
        ),
        ("tool_error_ratio", "tool_call_floor"),
    )


_DEFECT = Alert(
    "MCPProxyDefect",
    _DEFECTS,
    _DEFECTS > 0,
    "2m",
    Severity.WARNING,
    "The proxy of {server} causes calls to fail",
    "{count} calls to {server} failed because of a defect of the proxy, in 15 minutes.",
    Runbook(
        "Calls fail with fault `proxy`: neither the caller nor the server is responsible.",
        "A defect of the proxy, or a limit of its own that it reached.",
        "Save the proxy's log of these minutes, restart the proxy if calls keep failing, and report"
        " the defect with the log.",
        calls.OUTCOMES.increase(_QUARTER, _BY_FAULT, by=(*EACH_SERVER, "outcome")),
    ),
)
