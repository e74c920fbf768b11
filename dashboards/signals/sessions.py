"""Sessions: whether clients can open them, keep them, and end them."""

from dashboards import limits
from dashboards.expressions import calls, proxies
from dashboards.links import TO_SERVER
from dashboards.promql.expression import Expr
from dashboards.promql.functions import TOP, aggregate, or_zero, ratio
from dashboards.promql.scope import EACH_SERVER, SELECTED, eq, ne
from dashboards.promql.series import Series
from dashboards.recordings.catalogue import OUTCOMES, SESSION_BUCKETS, VERSIONS
from dashboards.signal import SERVER_LEGEND, Query, Signal
from dashboards.signals.calls import by_label
from dashboards.signals.fleet import highest
from dashboards.signals.recorded import quantiles, requests
from proxy.telemetry.catalogue import Outcome

_TOOL_CALL = eq("mcp_method", "tools/call")
_VERSION = "mcp_protocol_version"
_OPENED = requests(calls.IS_INITIALIZE, calls.SUCCEEDED, by=EACH_SERVER)
_ENDED = SESSION_BUCKETS.series.now(SELECTED, calls.ALL, by=EACH_SERVER)


def _open(held: Series) -> tuple[Query]:
    """What clients of the servers that hold most keep open."""
    return highest(held.now(SELECTED, by=EACH_SERVER))


def _total(vector: Expr, name: str) -> Query:
    return Query(aggregate("sum", vector), name)


OPENING = Signal(
    "Sessions opened",
    "Successful initialize calls per second: each is a new session. If there are none while agents"
    " work, clients cannot connect, or they keep their sessions.",
    "reqps",
    (_total(_OPENED, "opened"),),
    no_value_text="none",
)
_INITIALIZED = requests(calls.IS_INITIALIZE)
REFUSED = Signal(
    "Failed initialize calls",
    "Failed initialize calls as a share of all initialize calls. If high, clients cannot connect."
    " {why_initialize_fails}",
    "percentunit",
    (
        Query(
            ratio(or_zero(requests(calls.IS_INITIALIZE, calls.FAILED), _INITIALIZED), _INITIALIZED),
            "failed",
        ),
    ),
    limits.ERRORS.with_reason("Above {percent} new clients notice."),
    no_value_text="none",
)
CALLS_EACH = Signal(
    "Tool calls per session",
    "How many tools a client calls for each session that it opens. Below 1, clients reconnect"
    " instead of working, or only list tools.",
    "short",
    (Query(ratio(requests(_TOOL_CALL), requests(calls.IS_INITIALIZE, calls.SUCCEEDED)), "calls"),),
    no_value_text="no sessions",
)
OPEN_STREAMS = Signal(
    "Open streams",
    "Server-sent event streams open to clients now. Each holds a connection and some memory.",
    "short",
    (Query(proxies.STREAMS.now(SELECTED), "streams"),),
)
OPENED_BY_SERVER = Signal(
    "Sessions opened by server",
    f"Successful initialize calls per second, of the {TOP} servers that get most. A sawtooth is a"
    " client that reconnects in a loop.",
    "reqps",
    highest(_OPENED),
    links=(TO_SERVER,),
)
REJECTED = Signal(
    "Requests rejected by the proxy",
    "Requests per second that the proxy rejected before the server saw them: unknown session,"
    " origin or host not allowed, body too large, session limit. 404s after a restart stop when"
    " clients reconnect.",
    "reqps",
    (
        Query(
            or_zero(
                OUTCOMES.series.now(SELECTED, eq("outcome", Outcome.REJECTED), by=EACH_SERVER),
                proxies.present(SELECTED),
            ),
            SERVER_LEGEND,
        ),
    ),
    links=(TO_SERVER,),
)
REFUSALS = Signal(
    "Requests rejected, by reason",
    "HTTP requests per second that the proxy rejected unread. host and origin: add them to"
    " --allowed-hosts or --allowed-origins if they are yours. path and method: a wrong address, or"
    " a scanner. `--log-calls all` logs each.",
    "reqps",
    by_label(calls.REFUSALS.rate(SELECTED, by=("reason",)), "reason"),
)
SESSIONS = Signal(
    "Open sessions by server",
    f"The {TOP} servers with the most. If a line keeps rising while calls do not, sessions are"
    " abandoned; the proxy ends them after they have been idle for long.",
    "short",
    _open(proxies.SESSIONS),
    links=(TO_SERVER,),
)
STREAMS = Signal(
    "Open streams by server",
    f"The {TOP} servers with the most. Many with few calls mean clients that only listen.",
    "short",
    _open(proxies.STREAMS),
    links=(TO_SERVER,),
)
CONNECTIONS = Signal(
    "Open connections by server",
    f"The {TOP} servers with the most. A flat line at a client's pool size is a client that waits.",
    "short",
    _open(proxies.CONNECTIONS),
    links=(TO_SERVER,),
)
LIFE = Signal(
    "Session duration",
    "Duration of the sessions that ended. If p50 is below a second, clients open a session for each"
    " call, and each call pays for an initialize.",
    "s",
    quantiles(SESSION_BUCKETS, 0.5, 0.95),
    no_value_text="none ended",
)
ENDED_BY_TYPE = Signal(
    "Sessions ended",
    "Sessions that ended per second, by error type; no type is a normal end. timeout: the client"
    " disappeared. upstream_exited: the server's process exited.",
    "reqps",
    (Query(calls.SESSION_ENDS.rate(SELECTED, by=("error_type",)), "ended {error_type}"),),
)
GROWTH = Signal(
    "Sessions opened and ended",
    "Sessions opened and ended per second. If more open than end for long, they accumulate.",
    "reqps",
    (_total(_OPENED, "opened"), _total(_ENDED, "ended")),
)
BY_TRANSPORT = Signal(
    "Calls by transport",
    "MCP calls per second by the transport of the server.",
    "reqps",
    by_label(requests(calls.IS_CALL, by=("transport",)), "transport"),
)
BY_VERSION = Signal(
    "Calls by protocol version",
    "MCP calls per second by the protocol version that client and server negotiated. Recorded by"
    " this project's proxy only.",
    "reqps",
    by_label(VERSIONS.series.now(SELECTED, ne(_VERSION, ""), by=(_VERSION,)), _VERSION),
)
