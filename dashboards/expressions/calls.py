"""Rate, errors and duration of MCP calls.

They use the metrics that ToolHive's proxy has too; outcome and fault exist for our own proxy only.
"""

from dashboards.promql import series
from dashboards.promql.expression import Expr
from dashboards.promql.functions import or_zero, ratio
from dashboards.promql.scope import EACH_SERVER, SELECTED, Match, Scope, eq, like, unlike
from dashboards.promql.series import By, at_most
from proxy.telemetry import catalogue
from proxy.telemetry.catalogue import Fault, Status

# ToolHive counts a stream for as long as it lives, as method "unknown", and opened legacy SSE
# connections as "sse_connection"; a notification has no answer to wait for. Our proxy records
# requests that it rejects unread as "unknown" too: they spend no error budget.
IS_CALL = unlike("mcp_method", "unknown|sse_connection|notifications/.+")
IS_INITIALIZE = eq("mcp_method", "initialize")
ALL = eq("le", "+Inf")
# One of the bounds that OpenTelemetry's SDKs have by default, for milliseconds. In seconds, as in
# ToolHive before 0.9.4, the first bucket ends at 5 s, and the p95 of fast calls would be 4.75 s.
_COARSE = like("le", r"7500(\.0)?")
FAILED = eq("status", Status.ERROR)
SUCCEEDED = eq("status", Status.SUCCESS)

# Our proxy writes the counter's error series at 0 before the first error, the histogram's not:
# rate() sees a first error in the counter only.
REQUESTS = series.of(catalogue.REQUESTS)
BUCKETS = series.buckets(catalogue.REQUEST_DURATION)
COUNT = series.count(catalogue.REQUEST_DURATION)
SUM = series.total(catalogue.REQUEST_DURATION)
OUTCOMES = series.of(catalogue.OUTCOMES)
OPERATIONS = series.count(catalogue.OPERATION_DURATION)
REFUSALS = series.of(catalogue.REFUSALS)
SESSION_ENDS = series.count(catalogue.SESSION_DURATION)


def call_rate(scope: Scope, by: By = ()) -> Expr:
    """Calls per second."""
    return REQUESTS.rate(scope, IS_CALL, by=by)


def error_ratio(scope: Scope, by: By = ()) -> Expr:
    """Failed calls of all calls; 0 where all succeeded."""
    calls = call_rate(scope, by)
    return ratio(or_zero(REQUESTS.rate(scope, IS_CALL, FAILED, by=by), calls), calls)


def latency(q: float, scope: Scope, by: By = ()) -> Expr:
    """The q-quantile of call durations, in seconds; absent where durations are coarse."""
    servers = tuple(each for each in by if each in EACH_SERVER)
    return unless_coarse(BUCKETS.quantile(q, scope, IS_CALL, by=by), scope, servers)


def unless_coarse(durations: Expr, scope: Scope, servers: By = EACH_SERVER) -> Expr:
    """Durations of servers whose buckets are fine enough for quantiles; `servers` are labels."""
    coarse = BUCKETS.now(scope, _COARSE, by=servers, operator="group")
    return durations.unless(coarse, on=tuple(servers))


def mean(scope: Scope, by: By = ()) -> Expr:
    """The mean of call durations, in seconds."""
    return ratio(SUM.rate(scope, IS_CALL, by=by), COUNT.rate(scope, IS_CALL, by=by))


def slow_ratio(seconds: float, scope: Scope, by: By = ()) -> Expr:
    """Calls that took longer, of all calls; `seconds` is a bucket's bound."""
    within = BUCKETS.rate(scope, IS_CALL, at_most(catalogue.REQUEST_DURATION, seconds), by=by)
    return 1 - ratio(within, BUCKETS.rate(scope, IS_CALL, ALL, by=by))


def in_flight() -> Expr:
    """Calls under way, by Little's law: seconds of calls per second."""
    return SUM.rate(SELECTED, IS_CALL)


def fault_ratio(fault: Fault) -> Expr:
    """Calls that ended by this fault, of all calls."""
    calls = OUTCOMES.rate(SELECTED)
    return ratio(or_zero(OUTCOMES.rate(SELECTED, eq("fault", fault)), calls), calls)


def outcome_ratio(scope: Scope, *where: Match, by: By = ()) -> Expr:
    """Calls with a certain outcome, of all calls that our proxies recorded."""
    ended = OUTCOMES.rate(scope, by=by)
    return ratio(or_zero(OUTCOMES.rate(scope, *where, by=by), ended), ended)
