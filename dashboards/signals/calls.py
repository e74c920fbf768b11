"""What callers feel: rate, errors and duration of MCP calls, by server, method and tool.

The headline questions use the families that ToolHive's proxy emits too; outcome and fault exist
behind our own proxy only.
"""

from dashboards import limits, series
from dashboards.promql import Match, eq, ne, or_zero, quantile, ratio, renamed, unlike
from dashboards.series import CHOSEN, CHOSEN_RANGE, Scope, Source
from dashboards.signal import EACH_SERVER, WHO, Answer, Signal
from proxy.telemetry import catalogue
from proxy.telemetry.catalogue import Fault, Status

By = tuple[str, ...]

# ToolHive counts a stream for as long as it lives, as method "unknown", and opened legacy SSE
# connections as "sse_connection"; a notification has no answer to wait for.
IS_CALL = unlike("mcp_method", "unknown|sse_connection|notifications/.+")
IS_TOOL = ne("gen_ai_tool_name", "")
FAILED = eq("status", Status.ERROR)

# Our proxy writes the counter's error series at 0 before the first error, the histogram's not:
# rate() sees a first error in the counter only.
REQUESTS = series.of(catalogue.REQUESTS)
BUCKETS = series.buckets(catalogue.REQUEST_DURATION)
TOOL_CALLS = series.of(catalogue.TOOL_CALLS)
TOOL_BUCKETS = series.buckets(catalogue.OPERATION_DURATION)
OUTCOMES = series.of(catalogue.OUTCOMES)


def call_rate(scope: Scope, *where: Match, by: By = ()) -> str:
    """Calls per second."""
    return REQUESTS.rate(scope, IS_CALL, *where, by=by)


def error_rate(scope: Scope, *where: Match, by: By = ()) -> str:
    """Failed calls per second; 0 where all succeeded."""
    failed = REQUESTS.rate(scope, IS_CALL, FAILED, *where, by=by)
    return or_zero(failed, call_rate(scope, *where, by=by))


def error_ratio(scope: Scope, by: By = ()) -> str:
    """Failed calls of all calls."""
    return ratio(error_rate(scope, by=by), call_rate(scope, by=by))


def latency(q: float, scope: Scope, by: By = ()) -> str:
    """The q-quantile of call durations, in seconds."""
    return BUCKETS.quantile(q, scope, IS_CALL, by=by)


def tool_rate(scope: Scope, by: By) -> str:
    """Tool calls per second."""
    return TOOL_CALLS.rate(scope, by=by)


def tool_error_ratio(scope: Scope, by: By) -> str:
    """Failed tool calls of all calls of that tool."""
    calls = tool_rate(scope, by)
    return ratio(or_zero(TOOL_CALLS.rate(scope, FAILED, by=by), calls), calls)


def fault_ratio(fault: Fault) -> str:
    """Calls that ended by this fault, of all calls."""
    calls = OUTCOMES.rate(CHOSEN)
    return ratio(or_zero(OUTCOMES.rate(CHOSEN, eq("fault", fault)), calls), calls)


def tool_latency(q: float) -> str:
    """The q-quantile of tool calls, by tool, in seconds."""
    return TOOL_BUCKETS.quantile(q, CHOSEN, IS_TOOL, by=("gen_ai_tool_name",))


HONEST = "A tool result with isError and a JSON-RPC error count as errors although HTTP says 200."

RATE = Signal(
    "Calls",
    "MCP calls per second. A fall to nothing while clients are busy means that they cannot get"
    " through: look at the upstream and at the transport errors.",
    "reqps",
    (Answer(call_rate(CHOSEN), "calls"),),
    Source.PROXY,
)
RATE_BY_METHOD = Signal(
    "Calls by method",
    "MCP calls per second by method. Many initialize or tools/list calls next to few tools/call"
    " mean clients that reconnect or list for every call.",
    "reqps",
    (Answer(call_rate(CHOSEN, by=("mcp_method",)), "{{mcp_method}}"),),
    Source.PROXY,
)
RATE_BY_SERVER = Signal(
    "Calls by server",
    "MCP calls per second by server. One server that falls while the others do not is in trouble"
    " itself.",
    "reqps",
    (Answer(call_rate(CHOSEN, by=EACH_SERVER), WHO),),
    Source.PROXY,
)
ERROR_RATIO = Signal(
    "Error ratio",
    f"Failed calls of all calls. {HONEST} ToolHive's own proxy sees HTTP errors only.",
    "percentunit",
    (Answer(error_ratio(CHOSEN), "errors"),),
    Source.PROXY,
    limits.ERRORS,
    quiet="no calls",
)
ERROR_RATIO_BY_METHOD = Signal(
    "Error ratio by method",
    f"Failed calls of all calls, by method: which kind of call fails. {HONEST}",
    "percentunit",
    (Answer(error_ratio(CHOSEN, by=("mcp_method",)), "{{mcp_method}}"),),
    Source.PROXY,
    limits.ERRORS,
)
OUTCOME_RATE = Signal(
    "Calls by outcome",
    "What calls came to. Anything but ok grew out of a cause: tool_error in the tool's work,"
    " protocol_error in the request or the server, transport_error and timeout on the way,"
    " rejected at the proxy's door. Counted by our proxy only.",
    "reqps",
    (Answer(OUTCOMES.rate(CHOSEN, by=("outcome",)), "{{outcome}}"),),
    Source.PROXY,
)
FAULT_RATIO = Signal(
    "Errors by fault",
    "Failed calls of all calls, by whose fault it was. caller: bad requests, tell the client's"
    " owner. server: yours to repair. proxy: a defect of the proxy, report it. Counted by our"
    " proxy only.",
    "percentunit",
    tuple(Answer(fault_ratio(each), each) for each in (Fault.CALLER, Fault.SERVER, Fault.PROXY)),
    Source.PROXY,
    limits.ERRORS,
)
STATUS_CODES = Signal(
    "Answers by HTTP status",
    "HTTP status of the answers. 5xx: the server or the way to it broke; 404 after a restart:"
    " clients use sessions that are gone; 4xx: clients send what nobody accepts.",
    "reqps",
    (Answer(REQUESTS.rate(CHOSEN, IS_CALL, by=("status_code",)), "{{status_code}}"),),
    Source.PROXY,
)
P95 = Signal(
    "Latency p95",
    "95 of 100 calls are answered within this time, streams not counted. High: compare with the"
    " proxy's own time below, then look at the slowest tool.",
    "s",
    (Answer(latency(0.95, CHOSEN), "p95"),),
    Source.PROXY,
    limits.LATENCY_SECONDS,
    quiet="no calls",
)
LATENCY = Signal(
    "Latency",
    "Time from a request's arrival to the end of its answer, streams not counted. p99 far above"
    " p50 means that a few calls wait for something the others do not need.",
    "s",
    tuple(Answer(latency(q, CHOSEN), f"p{q * 100:g}") for q in (0.5, 0.95, 0.99)),
    Source.PROXY,
    limits.LATENCY_SECONDS,
)
LATENCY_BY_METHOD = Signal(
    "Latency p95 by method",
    "95 of 100 calls of a method are answered within this time. A slow initialize or tools/list"
    " makes every new client wait.",
    "s",
    (Answer(latency(0.95, CHOSEN, by=("mcp_method",)), "{{mcp_method}}"),),
    Source.PROXY,
    limits.LATENCY_SECONDS,
)
TOOL_RATE = Signal(
    "Calls by tool",
    "Tool calls per second. A name that no server offers is a client that guesses.",
    "reqps",
    (Answer(tool_rate(CHOSEN, ("tool",)), "{{tool}}"),),
    Source.PROXY,
)
TOOL_ERROR_RATIO = Signal(
    "Error ratio by tool",
    f"Failed calls of all calls of a tool. {HONEST}",
    "percentunit",
    (Answer(tool_error_ratio(CHOSEN, ("tool",)), "{{tool}}"),),
    Source.PROXY,
    limits.TOOL_ERRORS,
)
TOOL_LATENCY = Signal(
    "Latency p95 by tool",
    "95 of 100 calls of a tool are answered within this time. The slowest tool decides how long"
    " an agent's turn takes.",
    "s",
    (Answer(tool_latency(0.95), "{{gen_ai_tool_name}}"),),
    Source.PROXY,
    limits.LATENCY_SECONDS,
)


def _tool_calls_in_range(*where: Match) -> str:
    return TOOL_CALLS.increase(CHOSEN_RANGE, *where, by=("tool",))


def _tool_latency_in_range(q: float) -> str:
    spans = TOOL_BUCKETS.increase(CHOSEN_RANGE, IS_TOOL, by=("le", "gen_ai_tool_name"))
    return renamed(quantile(q, spans), "gen_ai_tool_name", "tool")


def _tool_errors_in_range() -> str:
    return or_zero(_tool_calls_in_range(FAILED), _tool_calls_in_range())


def _tool_error_ratio_in_range() -> str:
    return ratio(_tool_errors_in_range(), _tool_calls_in_range())


TOOLS = Signal(
    "Tools",
    "All tools called within the shown time: which one fails, which one is slow. Latency is"
    " missing where the proxy does not measure it by tool (ToolHive before 0.9.4).",
    "short",
    (
        Answer(_tool_calls_in_range(), "Calls"),
        Answer(_tool_errors_in_range(), "Errors"),
        Answer(
            ratio(_tool_errors_in_range(), _tool_calls_in_range()), "Error ratio", "percentunit"
        ),
        Answer(_tool_latency_in_range(0.5), "p50", "s"),
        Answer(_tool_latency_in_range(0.95), "p95", "s"),
    ),
    Source.PROXY,
)
