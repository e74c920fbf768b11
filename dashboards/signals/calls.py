"""What callers feel: rate, errors and duration of MCP calls, by server and method.

The headline questions use the families that ToolHive's proxy emits too; outcome and fault exist
behind our own proxy only.
"""

from dataclasses import replace

from dashboards import limits, series
from dashboards.links import TO_FAILING_TOOLS, TO_SLOW_CALLS
from dashboards.promql import eq, or_zero, ratio, unlike
from dashboards.series import SELECTED, Scope, Source, at_most
from dashboards.signal import Query, Signal
from proxy.telemetry import catalogue
from proxy.telemetry.catalogue import Fault, Status

By = tuple[str, ...]

# ToolHive counts a stream for as long as it lives, as method "unknown", and opened legacy SSE
# connections as "sse_connection"; a notification has no answer to wait for. Our proxy calls what
# it turns away unread "unknown" too: a stranger at the door spends no error budget.
IS_CALL = unlike("mcp_method", "unknown|sse_connection|notifications/.+")
ALL = eq("le", "+Inf")
FAILED = eq("status", Status.ERROR)

# Our proxy writes the counter's error series at 0 before the first error, the histogram's not:
# rate() sees a first error in the counter only.
REQUESTS = series.of(catalogue.REQUESTS)
BUCKETS = series.buckets(catalogue.REQUEST_DURATION)
COUNT = series.count(catalogue.REQUEST_DURATION)
SUM = series.total(catalogue.REQUEST_DURATION)
OUTCOMES = series.of(catalogue.OUTCOMES)


def call_rate(scope: Scope, by: By = ()) -> str:
    """Calls per second."""
    return REQUESTS.rate(scope, IS_CALL, by=by)


def error_ratio(scope: Scope, by: By = ()) -> str:
    """Failed calls of all calls; 0 where all succeeded."""
    calls = call_rate(scope, by)
    return ratio(or_zero(REQUESTS.rate(scope, IS_CALL, FAILED, by=by), calls), calls)


def latency(q: float, scope: Scope, by: By = ()) -> str:
    """The q-quantile of call durations, in seconds."""
    return BUCKETS.quantile(q, scope, IS_CALL, by=by)


def mean(scope: Scope, by: By = ()) -> str:
    """The mean of call durations, in seconds."""
    return ratio(SUM.rate(scope, IS_CALL, by=by), COUNT.rate(scope, IS_CALL, by=by))


def slow_ratio(seconds: float, scope: Scope, by: By = ()) -> str:
    """Calls that took longer, of all calls; `seconds` is a bucket's bound."""
    within = BUCKETS.rate(scope, IS_CALL, at_most(catalogue.REQUEST_DURATION, seconds), by=by)
    return f"1 - {ratio(within, BUCKETS.rate(scope, IS_CALL, ALL, by=by))}"


def fault_ratio(fault: Fault) -> str:
    """Calls that ended by this fault, of all calls."""
    calls = OUTCOMES.rate(SELECTED)
    return ratio(or_zero(OUTCOMES.rate(SELECTED, eq("fault", fault)), calls), calls)


HONEST = "A tool result with isError and a JSON-RPC error count as errors although HTTP says 200."

RATE = Signal(
    "Calls",
    "MCP calls per second. A fall to nothing while clients are busy means that they cannot get"
    " through: look at the upstream and at the transport errors.",
    "reqps",
    (Query(call_rate(SELECTED), "calls"),),
    Source.PROXY,
)
RATE_BY_METHOD = Signal(
    "Calls by method",
    "MCP calls per second by method. Many initialize or tools/list calls next to few tools/call"
    " mean clients that reconnect or list for every call.",
    "reqps",
    (Query(call_rate(SELECTED, by=("mcp_method",)), "{{mcp_method}}"),),
    Source.PROXY,
)
RATE_BY_POD = Signal(
    "Calls by pod",
    "MCP calls per second by replica. One far above the others: sessions stick to it; one without"
    " any: it is not ready, or new to clients that keep their connections.",
    "reqps",
    (Query(call_rate(SELECTED, by=("pod",)), "{{pod}}"),),
    Source.PROXY,
)
ERROR_RATIO = Signal(
    "Error ratio",
    f"Failed calls of all calls. {HONEST} ToolHive's own proxy sees HTTP errors only.",
    "percentunit",
    (Query(error_ratio(SELECTED), "errors"),),
    Source.PROXY,
    limits.ERRORS,
    no_value_text="no calls",
    links=(TO_FAILING_TOOLS,),
)
ERROR_RATIO_BY_METHOD = Signal(
    "Error ratio by method",
    f"Failed calls of all calls, by method: which kind of call fails. {HONEST}",
    "percentunit",
    (Query(error_ratio(SELECTED, by=("mcp_method",)), "{{mcp_method}}"),),
    Source.PROXY,
    limits.ERRORS,
)
OUTCOME_RATE = Signal(
    "Calls by outcome",
    "What calls came to. Anything but ok grew out of a cause: tool_error in the tool's work,"
    " protocol_error in the request or the server, transport_error and timeout on the way,"
    " rejected at the proxy's door. Counted by our proxy only.",
    "reqps",
    (Query(OUTCOMES.rate(SELECTED, by=("outcome",)), "{{outcome}}"),),
    Source.PROXY,
)
FAULT_RATIO = Signal(
    "Errors by fault",
    "Failed calls of all calls, by whose fault it was. caller: bad requests, tell the client's"
    " owner. operator: the proxy is set up for another address or transport than the server's,"
    " its log says what to change. server: yours to repair. proxy: a defect of the proxy, report"
    " it. Counted by our proxy only.",
    "percentunit",
    tuple(Query(fault_ratio(each), each) for each in Fault if each is not Fault.NONE),
    Source.PROXY,
    limits.ERRORS,
)
STATUS_CODES = Signal(
    "Answers by HTTP status",
    "HTTP status of the answers. 5xx: the server or the way to it broke; 404 after a restart:"
    " clients use sessions that are gone; 4xx: clients send what nobody accepts.",
    "reqps",
    (Query(REQUESTS.rate(SELECTED, IS_CALL, by=("status_code",)), "{{status_code}}"),),
    Source.PROXY,
)
MEAN = Signal(
    "Mean latency",
    "Mean time from a call's arrival to the end of its answer, streams not counted. A few very slow"
    " calls hide in it: single calls are told by traces only.",
    "s",
    (Query(mean(SELECTED), "mean"),),
    Source.PROXY,
    no_value_text="no calls",
)
MEAN_BY_METHOD = Signal(
    "Mean latency by method",
    "Mean time of the calls of a method. A slow initialize or tools/list makes every new client"
    " wait.",
    "s",
    (Query(mean(SELECTED, by=("mcp_method",)), "{{mcp_method}}"),),
    Source.PROXY,
)
P95 = Signal(
    "Latency p95",
    "95 of 100 calls are answered within this time, streams not counted. High: compare with the"
    " proxy's own time below, then look at the slowest tool.",
    "s",
    (Query(latency(0.95, SELECTED), "p95"),),
    Source.PROXY,
    limits.LATENCY_SECONDS,
    no_value_text="no calls",
    links=(TO_SLOW_CALLS,),
    fallback=replace(MEAN, links=(TO_SLOW_CALLS,)),
)
LATENCY = Signal(
    "Latency",
    "Time from a request's arrival to the end of its answer, streams not counted. p99 far above"
    " p50 means that a few calls wait for something the others do not need.",
    "s",
    tuple(Query(latency(q, SELECTED), f"p{q * 100:g}") for q in (0.5, 0.95, 0.99)),
    Source.PROXY,
    limits.LATENCY_SECONDS,
    fallback=MEAN,
)
LATENCY_BY_METHOD = Signal(
    "Latency p95 by method",
    "95 of 100 calls of a method are answered within this time. A slow initialize or tools/list"
    " makes every new client wait.",
    "s",
    (Query(latency(0.95, SELECTED, by=("mcp_method",)), "{{mcp_method}}"),),
    Source.PROXY,
    limits.LATENCY_SECONDS,
    fallback=MEAN_BY_METHOD,
)
DURATIONS = Signal(
    "Durations",
    "How many calls took how long, streams not counted: the darker, the more. Two dark bands are"
    " two kinds of calls. A dot is one call; a click on it opens its trace.",
    "s",
    (Query(BUCKETS.increase(SELECTED, IS_CALL, by=("le",)), "{{le}}"),),
    Source.PROXY,
    exemplars=True,
)
SLOW = Signal(
    "Slow calls",
    "Calls that took longer than this, of all calls, streams not counted. It tells how many"
    " callers wait, where a quantile tells how long one of them does.",
    "percentunit",
    tuple(Query(slow_ratio(bound, SELECTED), f"over {bound:g} s") for bound in (0.5, 2, 10)),
    Source.PROXY,
)
