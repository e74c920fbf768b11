"""Tool by tool: how often it is called, how often it fails, how long it takes."""

from dashboards import series
from dashboards.promql import ne, or_zero, ratio
from dashboards.series import Scope
from dashboards.signal import EACH_SERVER
from dashboards.signals.calls import FAILED, By
from proxy.telemetry import catalogue

CALLS = series.of(catalogue.TOOL_CALLS)
BUCKETS = series.buckets(catalogue.OPERATION_DURATION)

# The semantic conventions' duration names the tool otherwise than ToolHive's counter does.
NAME = "gen_ai_tool_name"
NAMED = ne(NAME, "")

EACH_TOOL = (*EACH_SERVER, "tool")
"""The labels that tell tools apart: servers may offer tools of the same name."""


def call_rate(scope: Scope, by: By) -> str:
    """Tool calls per second."""
    return CALLS.rate(scope, by=by)


def error_ratio(scope: Scope, by: By) -> str:
    """Failed tool calls of all calls of that tool."""
    calls = call_rate(scope, by)
    return ratio(or_zero(CALLS.rate(scope, FAILED, by=by), calls), calls)
