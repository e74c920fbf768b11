"""Tool by tool: how often it is called, how often it fails, how long it takes."""

from dashboards import series
from dashboards.promql import Match, aggregate, ne, or_zero, over_time
from dashboards.recording import Recording
from dashboards.series import SELECTED, SELECTED_RANGE, Scope
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


def over_all(operator: str, recording: Recording, *where: Match) -> str:
    """`operator` (avg, max) of a recorded value of each tool, over all the time a board shows.

    The newest value, where less time is shown than lies between two.
    """
    samples = recording.series.select(SELECTED_RANGE, *where)
    over_all_time = aggregate("max", over_time(operator, samples, SELECTED_RANGE.window), EACH_TOOL)
    newest = recording.series.now(SELECTED, *where, by=EACH_TOOL, operator="max")
    return f"({over_all_time} or {newest})"


def failed_rate(scope: Scope, by: By) -> str:
    """Failed tool calls per second; 0 where none failed."""
    return or_zero(CALLS.rate(scope, FAILED, by=by), call_rate(scope, by))
