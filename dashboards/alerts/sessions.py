"""Sessions and streams that clients hold open and do not use."""

from dashboards.alerts.alert import Alert, Runbook, Severity
from dashboards.expressions import calls, proxies
from dashboards.promql.expression import Expr, Paren
from dashboards.promql.functions import aggregate
from dashboards.promql.scope import EACH_SERVER, RULE
from dashboards.promql.series import Series
from dashboards.recordings.objectives import CALL_RATES
from dashboards.thresholds import Thresholds

_CALLS = CALL_RATES["1h"].value


def _held(operator: str, held: Series, window: str, ago: str = "") -> Expr:
    """The most or least that clients held open over the window, pods added up."""
    samples = held.select(RULE).ago(ago).over(f"{operator}_over_time", window)
    return aggregate("sum", samples, EACH_SERVER)


def _leaking(name: str, held: Series, noun: str, bound: float, runbook: Runbook) -> Alert:
    more = _held("min", held, "1h") - _held("max", held, "1h", "6h")
    return Alert(
        name,
        held.now(RULE, by=EACH_SERVER),
        (more > bound).unless(_CALLS > 1.5 * Paren(_CALLS.ago("6h"))),
        "30m",
        Severity.WARNING,
        f"Open {noun} of {{server}} accumulate",
        f"{{count}} more {noun} of {{server}} are open than 6 hours ago, without more calls.",
        runbook,
        (f"leaked_{noun}",),
    )


_STUCK = (
    (_held("min", proxies.SESSIONS, "2h") > 0)
    & (aggregate("sum", proxies.SESSIONS.select(RULE).ago("2h"), EACH_SERVER) > 0)
    & calls.REQUESTS.increase(RULE.over("2h"), by=EACH_SERVER).equals(0)
    & _held("max", proxies.STREAMS, "2h").equals(0)
)
_SESSIONS_STUCK = Alert(
    "MCPSessionsStuck",
    proxies.SESSIONS.now(RULE, by=EACH_SERVER),
    _STUCK,
    "10m",
    Severity.WARNING,
    "Sessions of {server} are stuck",
    "{count} sessions of {server} have been open for 2 hours without a request or a stream; the"
    " proxy should have ended them.",
    Runbook(
        "Sessions are open for 2 hours without a single request or stream, although unused ones"
        " should have ended after `--session-idle` (5 minutes or an hour by default).",
        "`--session-idle` is longer than 2 hours, or the proxy does not end what it should.",
        "Longer on purpose: silence the alert for this server. Otherwise restart the proxy while"
        " it is not in use, and report the defect with its log.",
        aggregate("sum", proxies.SESSIONS.select(RULE).over("min_over_time", "2h"), EACH_SERVER)
        > 0,
    ),
)


def sessions(t: Thresholds) -> tuple[Alert, ...]:
    """The sessions' part of the group, in the order of urgency."""
    return (
        _leaking(
            "MCPSessionsLeaking",
            proxies.SESSIONS,
            "sessions",
            t.leaked_sessions,
            Runbook(
                "More and more sessions stay open without more calls; for a stdio server each is a"
                " process.",
                "Clients start a session for each task and never end it.",
                "Ask the clients' owners to send DELETE at the end. Until then lower"
                " `--session-idle`, so that the proxy ends them sooner.",
                proxies.SESSIONS.now(RULE, by=EACH_SERVER),
            ),
        ),
        _leaking(
            "MCPStreamsLeaking",
            proxies.STREAMS,
            "streams",
            t.leaked_streams,
            Runbook(
                "More and more event streams stay open without more calls.",
                "Clients open a stream for each task and forget it, or something in between keeps"
                " dead connections open.",
                'Compare with "Open sessions, streams and connections". More streams than'
                " sessions: a client opens them twice. Otherwise check the idle timeouts of what"
                " is between clients and proxy.",
                proxies.STREAMS.now(RULE, by=EACH_SERVER),
            ),
        ),
        _SESSIONS_STUCK,
    )
