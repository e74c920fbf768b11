"""Usage: callers do what they did not do before, or what cannot succeed."""

from dashboards.alerts.alert import Alert, Runbook, Severity, older_than
from dashboards.expressions import calls, tools
from dashboards.promql.expression import Expr, Paren
from dashboards.promql.functions import aggregate, or_zero
from dashboards.promql.scope import EACH_SERVER, EACH_TOOL, RULE, eq, ne
from dashboards.recordings.catalogue import CALL_RATE, TOOL_RATE, TOOL_RATE_DAY, TOOL_RATE_HOUR
from dashboards.recordings.objectives import CALL_RATES
from dashboards.thresholds import Thresholds
from proxy.telemetry.catalogue import OVERFLOW_LABEL, Fault, Outcome

_HOUR = CALL_RATES["1h"].value
_TOOL_HOUR, _TOOL_DAY = TOOL_RATE_HOUR.value, TOOL_RATE_DAY.value
_CALLED = tools.CALLS.now(RULE, ne("tool", OVERFLOW_LABEL), by=EACH_TOOL)
_BUSIEST = _TOOL_HOUR.ago("6h").over("max_over_time", "1d")
_BY_CALLER = eq("fault", Fault.CALLER)
_WRONG = calls.outcome_ratio(RULE, _BY_CALLER, by=EACH_SERVER)
_ENDED = calls.OUTCOMES.rate(RULE, by=EACH_SERVER)
_REJECTED = or_zero(
    calls.OUTCOMES.rate(RULE, eq("outcome", Outcome.REJECTED), by=EACH_SERVER), _ENDED
)
_OPENED = calls.REQUESTS.rate(RULE, calls.IS_INITIALIZE, by=EACH_SERVER)
_WORKED = aggregate("sum", TOOL_RATE.value, EACH_SERVER)


def _known() -> Expr:
    """The tools called within the last eight days: each recorded day is about the day before."""
    known: Expr = _TOOL_DAY.ago("1h").over("last_over_time", "1h")
    for day in range(1, 8):
        known = known | _TOOL_DAY.ago(f"{day}d").over("last_over_time", "1h")
    return known


def usage(t: Thresholds) -> tuple[Alert, ...]:
    """The alerts of this group, in the order of urgency."""
    return (_no_calls(t), _surge(t), _rejected(t), _wrong(t), _reconnecting(t), _FIRST_SEEN)


def _no_calls(t: Thresholds) -> Alert:
    yesterday, now = _HOUR.ago("1d"), _HOUR.equals(0)
    return Alert(
        "MCPNoCalls",
        _HOUR,
        (Paren(yesterday > t.usual_calls) & now).unless(_HOUR.ago("7d").equals(0)),
        "15m",
        Severity.WARNING,
        "MCP server {server} is no longer called",
        "At this time yesterday {server} received {rate} calls per second; for an hour it has"
        " received none.",
        Runbook(
            "Calls stopped: at this time yesterday there were some, for an hour there have been"
            " none, and a week ago there were calls at this hour.",
            "Clients cannot reach the proxy (an ingress, a token, a name), or they stopped on"
            " purpose: a holiday, a migration.",
            "Call the server as a client does, from where clients are. If it works, ask the"
            " clients' owners. If it fails, fix what is between clients and proxy.",
            yesterday & now,
        ),
        ("usual_calls",),
    )


def _surge(t: Thresholds) -> Alert:
    return Alert(
        "MCPToolSurge",
        _TOOL_HOUR,
        (_TOOL_HOUR > t.surge_factor * _BUSIEST)
        & (_TOOL_HOUR > t.surge_floor)
        & _TOOL_HOUR.ago("1d").over("last_over_time", "1h"),
        "5m",
        Severity.WARNING,
        "Tool {tool} of {server} is called far more than usual",
        "Tool {tool} of {server} is called {rate} times per second over the last hour, more than"
        f" {t.surge_factor:g} times as often as in the busiest hour of the day before.",
        Runbook(
            "A tool is called several times as often as in the busiest hour of the day before.",
            "An agent loops, someone explores or scrapes with it, a new client went live.",
            "Find the caller in the traces. A loop or misuse: stop that client. New normal: do"
            " nothing, the alert resolves within a day.",
            _TOOL_HOUR / _BUSIEST > t.surge_factor,
        ),
        ("surge_factor", "surge_floor"),
    )


_FIRST_SEEN = Alert(
    "MCPToolFirstSeen",
    _CALLED,
    _CALLED.unless(Paren(_known())).and_on(EACH_SERVER, older_than("1d")),
    "2m",
    Severity.INFO,
    "Tool {tool} of {server} is called for the first time",
    "Tool {tool} of {server} was not called within the week before; now it was, {count} times.",
    Runbook(
        "A tool is called that nobody called within the week before. Check this where tools can do"
        " damage.",
        "A new tool, a new client, a rare task; or a client that guesses, or was manipulated.",
        "Expected: do nothing, the alert resolves after an hour. Not expected: find the caller in"
        " the traces, and remove the tool from the server's list until you know.",
        tools.CALLS.now(RULE, by=EACH_TOOL).unless(
            _TOOL_DAY.ago("1h").over("last_over_time", "7d")
        ),
    ),
)


def _rejected(t: Thresholds) -> Alert:
    return Alert(
        "MCPRequestsRejected",
        _REJECTED,
        _REJECTED > t.rejected_rate,
        "10m",
        Severity.WARNING,
        "The proxy of {server} rejects requests",
        "{rate} requests per second to {server} are rejected by the proxy (size, origin, host,"
        " form), over 5 minutes.",
        Runbook(
            "The proxy rejects requests before the server sees them. They are not calls: error"
            " ratio and budget leave them out.",
            "A web page or proxy with another origin or host, bodies over the limit, or clients"
            " that do not speak MCP: a scanner, or a wrong address.",
            "`origin`, `host`: add it to `--allowed-origins` or `--allowed-hosts` if it is yours."
            " `body_size`: raise `--body-limit`. `connections`, `memory`: raise"
            " `--max-connections` or `--memory-limit`, with the pod's memory. Otherwise find the"
            " sender, and block it further upstream.",
            calls.REFUSALS.rate(RULE, by=(*EACH_SERVER, "reason")),
            "`--log-calls all` logs each rejected request with its reason and content.",
        ),
        ("rejected_rate",),
    )


def _wrong(t: Thresholds) -> Alert:
    return Alert(
        "MCPCallersAtFault",
        _WRONG,
        (_WRONG > t.caller_fault_ratio) & (_ENDED > t.call_floor),
        "15m",
        Severity.INFO,
        "Callers of {server} send invalid calls",
        "{percent} of the calls to {server} fail because of the caller, over 5 minutes.",
        Runbook(
            "Most calls cannot succeed: unknown tools, bad arguments, ended sessions.",
            "A client was not updated after the server's tools changed, or a model guesses names.",
            "Read a trace of a failed call, and tell the client's owner what was wrong with it."
            " Better descriptions in `tools/list` make models guess less.",
            calls.OUTCOMES.rate(RULE, _BY_CALLER, by=(*EACH_SERVER, "mcp_method", "outcome")),
        ),
        ("caller_fault_ratio", "call_floor"),
    )


def _reconnecting(t: Thresholds) -> Alert:
    return Alert(
        "MCPClientsReconnecting",
        _OPENED,
        (_OPENED > t.openings_per_call * or_zero(_WORKED, CALL_RATE.value))
        & (_OPENED > t.call_floor),
        "15m",
        Severity.INFO,
        "Clients of {server} open sessions and do not use them",
        "{rate} sessions of {server} are opened per second, more than"
        f" {t.openings_per_call:g} for every tool call.",
        Runbook(
            "Sessions are opened and hardly used; each costs an `initialize`, and a process for a"
            " stdio server.",
            "A client fails after `initialize` and starts over, or opens a session for every look"
            " at the tool list.",
            'Panel "Calls by method" shows what follows `initialize`. Nothing: the client fails on'
            " the response, see its log. `tools/list` only: tell its owner to keep sessions.",
            _OPENED,
        ),
        ("openings_per_call", "call_floor"),
    )
