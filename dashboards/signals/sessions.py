"""Sessions: whether clients get in, stay, and leave as they should."""

from dashboards import limits, series
from dashboards.links import TO_SERVER
from dashboards.promql import eq, ne, or_zero, ratio
from dashboards.recordings import OUTCOMES, SESSION_BUCKETS, VERSIONS
from dashboards.series import SELECTED, Series, Source
from dashboards.signal import EACH_SERVER, WHO, Query, Signal
from dashboards.signals import calls, proxies, recorded
from dashboards.signals.fleet import TOP
from proxy.telemetry import catalogue
from proxy.telemetry.catalogue import Outcome

ENDS = series.count(catalogue.SESSION_DURATION)

_REFUSALS = series.of(catalogue.REFUSALS)
_OPENS = eq("mcp_method", "initialize")
_CALLS = eq("mcp_method", "tools/call")
_VERSION = "mcp_protocol_version"
_SUCCEEDED = eq("status", catalogue.Status.SUCCESS)

_OPENED = recorded.requests(_OPENS, _SUCCEEDED, by=EACH_SERVER)
_ENDED = SESSION_BUCKETS.series.now(SELECTED, calls.ALL, by=EACH_SERVER)


def _open(held: Series) -> tuple[Query, ...]:
    """What clients of the servers that hold most keep open."""
    return (Query(f"topk({TOP}, {held.now(SELECTED, by=EACH_SERVER)})", WHO),)


OPENING = Signal(
    "Sessions opened",
    "Successful initialize calls per second: each is a new session. Nothing while agents work:"
    " clients cannot get in, or they keep their sessions.",
    "reqps",
    (Query(f"sum({_OPENED})", "opened"),),
    Source.PROXY,
    no_value_text="none",
)
REFUSED = Signal(
    "Failed openings",
    "Failed initialize calls of all of them. High: clients cannot get in. Look at the faults: a"
    " caller's is an unknown version or a bad request, a server's is a server that does not start.",
    "percentunit",
    (
        Query(
            ratio(
                or_zero(recorded.requests(_OPENS, calls.FAILED), recorded.requests(_OPENS)),
                recorded.requests(_OPENS),
            ),
            "failed",
        ),
    ),
    Source.PROXY,
    limits.ERRORS.with_reason("Beyond {percent} new clients notice."),
    no_value_text="no openings",
)
CALLS_EACH = Signal(
    "Tool calls per session",
    "How many tools a client calls for each session that it opens. Below 1: clients reconnect"
    " instead of working, or only look around.",
    "short",
    (
        Query(
            ratio(recorded.requests(_CALLS), recorded.requests(_OPENS, _SUCCEEDED)),
            "calls",
        ),
    ),
    Source.PROXY,
    no_value_text="no openings",
)
OPEN_STREAMS = Signal(
    "Open streams",
    "Server-sent-event streams open to clients now. Each holds a connection and some memory.",
    "short",
    (Query(proxies.STREAMS.now(SELECTED), "streams"),),
    Source.PROXY,
)
OPENED_BY_SERVER = Signal(
    "Sessions opened by server",
    f"Successful initialize calls per second, of the {TOP} servers that see most. A sawtooth is a"
    " client that reconnects in a loop.",
    "reqps",
    (Query(f"topk({TOP}, {_OPENED})", WHO),),
    Source.PROXY,
    links=(TO_SERVER,),
)
REJECTED = Signal(
    "Turned away at the door",
    "Requests per second that the proxy refused before the server saw them: unknown session, bad"
    " origin or host, too large, no session left. 404 after a restart ends when clients reconnect.",
    "reqps",
    (
        Query(
            or_zero(
                OUTCOMES.series.now(SELECTED, eq("outcome", Outcome.REJECTED), by=EACH_SERVER),
                proxies.PRESENT,
            ),
            WHO,
        ),
    ),
    Source.PROXY,
    links=(TO_SERVER,),
)
REFUSALS = Signal(
    "Refused by reason",
    "HTTP requests per second that the proxy refused unread. host and origin: name them in"
    " --allowed-hosts or --allowed-origins if they are yours. path and method: a wrong address, or"
    " a scanner. `--log-calls all` logs each.",
    "reqps",
    (Query(_REFUSALS.rate(SELECTED, by=("reason",)), "{{reason}}"),),
    Source.PROXY,
)
SESSIONS = Signal(
    "Open sessions by server",
    f"Of the {TOP} servers that have most. A line that only rises while calls do not is sessions"
    " that nobody ends; the proxy ends them once they are idle for long.",
    "short",
    _open(proxies.SESSIONS),
    Source.PROXY,
    links=(TO_SERVER,),
)
STREAMS = Signal(
    "Open streams by server",
    f"Of the {TOP} servers that have most. Many next to few calls: clients that only listen.",
    "short",
    _open(proxies.STREAMS),
    Source.PROXY,
    links=(TO_SERVER,),
)
CONNECTIONS = Signal(
    "Open connections by server",
    f"Of the {TOP} servers that have most. A line at a client's pool size is a client that waits.",
    "short",
    _open(proxies.CONNECTIONS),
    Source.PROXY,
    links=(TO_SERVER,),
)
LIFE = Signal(
    "Life of a session",
    "How long the sessions lived that ended. p50 below a second: a session for each call, so that"
    " each call pays for an initialize.",
    "s",
    tuple(Query(recorded.quantile_of(SESSION_BUCKETS, q), f"p{q * 100:g}") for q in (0.5, 0.95)),
    Source.PROXY,
    no_value_text="none ended",
)
ENDED_BY_TYPE = Signal(
    "Sessions ended",
    "Sessions that ended per second, by error type; none is an end as it should be. timeout: the"
    " client went away without a word. upstream_exited: the server's process died.",
    "reqps",
    (Query(ENDS.rate(SELECTED, by=("error_type",)), "ended {{error_type}}"),),
    Source.PROXY,
)
GROWTH = Signal(
    "Opened and ended",
    "Sessions opened and ended per second. Opened above ended for long: they pile up.",
    "reqps",
    (
        Query(f"sum({_OPENED})", "opened"),
        Query(f"sum({_ENDED})", "ended"),
    ),
    Source.PROXY,
)
BY_TRANSPORT = Signal(
    "Calls by transport",
    "MCP calls per second by the transport that the server speaks.",
    "reqps",
    (Query(recorded.requests(calls.IS_CALL, by=("transport",)), "{{transport}}"),),
    Source.PROXY,
)
BY_VERSION = Signal(
    "Calls by protocol version",
    "MCP calls per second by the revision of the protocol that client and server agreed on, where"
    " they came to agree. Told by our proxy only.",
    "reqps",
    (
        Query(
            VERSIONS.series.now(SELECTED, ne(_VERSION, ""), by=(_VERSION,)), f"{{{{{_VERSION}}}}}"
        ),
    ),
    Source.PROXY,
)
