"""What callers of one server experience: rate, errors and duration of its calls."""

from dataclasses import replace

from dashboards import limits
from dashboards.expressions import calls
from dashboards.links import TO_FAILING_TOOLS, TO_SLOW_CALLS
from dashboards.promql.expression import Expr
from dashboards.promql.scope import SELECTED
from dashboards.signal import Query, Signal
from proxy.telemetry.catalogue import Fault

FAULTS = tuple(each for each in Fault if each is not Fault.NONE)


def by_label(expr: Expr, label: str) -> tuple[Query]:
    """One line for each value of the label."""
    return (Query(expr, f"{{{label}}}"),)


RATE = Signal(
    "Calls",
    "MCP calls per second. If this drops to zero while clients are busy, they cannot reach the"
    " server: {check_if_calls_stop}",
    "reqps",
    (Query(calls.call_rate(SELECTED), "calls"),),
)
RATE_BY_METHOD = Signal(
    "Calls by method",
    "MCP calls per second by method. Many initialize or tools/list calls and few tools/call mean"
    " clients that reconnect, or list tools before every call.",
    "reqps",
    by_label(calls.call_rate(SELECTED, by=("mcp_method",)), "mcp_method"),
)
RATE_BY_POD = Signal(
    "Calls by pod",
    "MCP calls per second by replica. If one is far above the others, sessions are pinned to it; if"
    " one has none, it is not ready, or new to clients that keep their connections.",
    "reqps",
    by_label(calls.call_rate(SELECTED, by=("pod",)), "pod"),
)
ERROR_RATIO = Signal(
    "Error ratio",
    "Failed calls as a share of all calls. {counted_as_errors} {http_errors_only}",
    "percentunit",
    (Query(calls.error_ratio(SELECTED), "errors"),),
    limits.ERRORS,
    no_value_text="no calls",
    links=(TO_FAILING_TOOLS,),
)
ERROR_RATIO_BY_METHOD = Signal(
    "Error ratio by method",
    "Failed calls as a share of all calls, by method. {counted_as_errors}",
    "percentunit",
    by_label(calls.error_ratio(SELECTED, by=("mcp_method",)), "mcp_method"),
    limits.ERRORS,
)
OUTCOME_RATE = Signal(
    "Calls by outcome",
    "The outcome of each call. tool_error: the tool reported an error. protocol_error: the request"
    " or the server violated the protocol. transport_error and timeout: no response arrived."
    " rejected: the proxy refused the request. Recorded by this project's proxy only.",
    "reqps",
    by_label(calls.OUTCOMES.rate(SELECTED, by=("outcome",)), "outcome"),
)
FAULT_RATIO = Signal(
    "Errors by fault",
    "Failed calls as a share of all calls, by who is responsible. caller: the request was wrong,"
    " tell the client's owner. operator: the proxy is configured for another address or transport"
    " than the server's, its log says what to change. server: fix the server. proxy: a defect of"
    " the proxy, report it. Recorded by this project's proxy only.",
    "percentunit",
    tuple(Query(calls.fault_ratio(each), each) for each in FAULTS),
    limits.ERRORS,
)
STATUS_CODES = Signal(
    "Responses by HTTP status",
    "HTTP status of the responses. 5xx: the server or the connection to it failed. 404 after a"
    " restart: clients use sessions that no longer exist. Other 4xx: clients send invalid"
    " requests.",
    "reqps",
    by_label(calls.REQUESTS.rate(SELECTED, calls.IS_CALL, by=("status_code",)), "status_code"),
)
MEAN = Signal(
    "Mean latency",
    "Mean time from a call's arrival to the end of its response, excluding streams. It hides a few"
    " very slow calls: only traces show single calls.",
    "s",
    (Query(calls.mean(SELECTED), "mean"),),
    no_value_text="no calls",
)
MEAN_BY_METHOD = Signal(
    "Mean latency by method",
    "Mean time of the calls of a method. If initialize or tools/list is slow, every new client"
    " waits.",
    "s",
    by_label(calls.mean(SELECTED, by=("mcp_method",)), "mcp_method"),
)
P95 = Signal(
    "Latency p95",
    "95 % of calls complete within this time, excluding streams. If high, {find_slow_part}",
    "s",
    (Query(calls.latency(0.95, SELECTED), "p95"),),
    limits.LATENCY_SECONDS,
    no_value_text="no calls",
    links=(TO_SLOW_CALLS,),
    fallback=replace(MEAN, links=(TO_SLOW_CALLS,)),
)
LATENCY = Signal(
    "Latency",
    "Time from a request's arrival to the end of its response, excluding streams. If p99 is far"
    " above p50, a few calls wait for something that the others do not need.",
    "s",
    tuple(Query(calls.latency(q, SELECTED), f"p{q * 100:g}") for q in (0.5, 0.95, 0.99)),
    limits.LATENCY_SECONDS,
    fallback=MEAN,
)
LATENCY_BY_METHOD = Signal(
    "Latency p95 by method",
    "95 % of the calls of a method complete within this time. If initialize or tools/list is slow,"
    " every new client waits.",
    "s",
    by_label(calls.latency(0.95, SELECTED, by=("mcp_method",)), "mcp_method"),
    limits.LATENCY_SECONDS,
    fallback=MEAN_BY_METHOD,
)
DURATIONS = Signal(
    "Durations",
    "How long calls took, excluding streams: darker means more. Two dark bands mean two kinds of"
    " calls. {exemplars}",
    "s",
    by_label(calls.BUCKETS.increase(SELECTED, calls.IS_CALL, by=("le",)), "le"),
    exemplars=True,
)
SLOW = Signal(
    "Slow calls",
    "Calls that took longer than this, as a share of all calls, excluding streams. It shows how"
    " many callers wait; a quantile shows how long.",
    "percentunit",
    tuple(Query(calls.slow_ratio(bound, SELECTED), f"over {bound:g} s") for bound in (0.5, 2, 10)),
)
