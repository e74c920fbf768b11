"""Tool by tool: how often it is called, how often it fails, how long it takes."""

from dashboards.expressions.calls import FAILED
from dashboards.promql import series
from dashboards.promql.expression import Expr
from dashboards.promql.functions import or_zero, rename_label
from dashboards.promql.scope import EACH_SERVER, Scope, ne
from dashboards.promql.series import By, quantile
from proxy.telemetry import catalogue

CALLS = series.of(catalogue.TOOL_CALLS)
BUCKETS = series.buckets(catalogue.OPERATION_DURATION)
WASTED = series.of(catalogue.WASTED_REQUESTS)

# The semantic conventions' duration names the tool otherwise than ToolHive's counter does.
NAME = "gen_ai_tool_name"
NAMED = ne(NAME, "")


def call_rate(scope: Scope, by: By) -> Expr:
    """Tool calls per second."""
    return CALLS.rate(scope, by=by)


def failed_rate(scope: Scope, by: By) -> Expr:
    """Failed tool calls per second; 0 where none failed."""
    return or_zero(CALLS.rate(scope, FAILED, by=by), call_rate(scope, by))


def latency(q: float, scope: Scope) -> Expr:
    """The q-quantile of the durations of each tool's calls, in seconds."""
    spans = BUCKETS.rate(scope, NAMED, by=("le", *EACH_SERVER, NAME))
    return rename_label(quantile(q, spans), NAME, "tool", keep=EACH_SERVER)
