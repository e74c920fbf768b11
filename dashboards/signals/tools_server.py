"""The tools of one server, on its own board.

Lines are of recorded values and of the highest tools only, so that the board also opens on a whole
fleet's thousands of tools.
"""

from dashboards import limits
from dashboards.expressions.calls import FAILED
from dashboards.expressions.tools import CALLS
from dashboards.links import TO_TOOL, TO_TRACES
from dashboards.promql.functions import TOP, or_zero, ratio
from dashboards.promql.scope import EACH_TOOL, SELECTED, SELECTED_RANGE
from dashboards.recordings.catalogue import TOOL_ERROR_RATIO, TOOL_LATENCY_P95, TOOL_RATE
from dashboards.recordings.recording import Recording
from dashboards.signal import Query, Signal
from dashboards.signals.tools_fleet import highest, latency_columns


def _highest(recording: Recording) -> tuple[Query]:
    return highest(recording.series.now(SELECTED, by=EACH_TOOL, operator="max"))


RATE = Signal(
    "Calls by tool",
    f"Calls per second of the {TOP} busiest tools, over 5 minutes, as recorded. A name that no"
    " server offers is a client that guesses.",
    "reqps",
    _highest(TOOL_RATE),
    links=(TO_TOOL,),
)
ERROR_RATIO = Signal(
    "Error ratio by tool",
    f"Failed calls as a share of all calls of the {TOP} tools that fail most, as recorded."
    " {counted_as_errors}",
    "percentunit",
    _highest(TOOL_ERROR_RATIO),
    limits.TOOL_ERRORS,
    links=(TO_TOOL,),
)
LATENCY = Signal(
    "Latency p95 by tool",
    f"95 % of the calls of a tool complete within this time, of the {TOP} slowest tools, as"
    " recorded. The slowest tool decides how long an agent's turn takes.",
    "s",
    _highest(TOOL_LATENCY_P95),
    limits.TOOL_LATENCY_SECONDS,
    links=(TO_TOOL, TO_TRACES),
)

_CALLS = CALLS.increase(SELECTED_RANGE, by=EACH_TOOL)
_ERRORS = or_zero(CALLS.increase(SELECTED_RANGE, FAILED, by=EACH_TOOL), _CALLS)

TABLE = Signal(
    "Tools",
    "All tools called in the time range, counted call by call: which ones fail, which ones are"
    " slow. Click a name to open it. Latency is as recorded over 5 minutes each, and missing where"
    " the proxy does not measure it by tool (ToolHive before 0.9.4).",
    "short",
    (
        Query(_CALLS, "Calls", "none", integer=True),
        Query(_ERRORS, "Errors", "none", integer=True),
        Query(ratio(_ERRORS, _CALLS), "Error ratio", "percentunit", limits.TOOL_ERRORS),
        *latency_columns(),
    ),
    keys=EACH_TOOL,
    links=(TO_TOOL, TO_TRACES),
)
