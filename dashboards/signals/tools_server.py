"""The tools of one server, on its own board: what each is worth a look for.

Lines are of recorded values and of the foremost tools only, so that the board also opens on a
whole fleet's thousands of tools.
"""

from dashboards import limits
from dashboards.links import TO_TOOL, TO_TRACES
from dashboards.promql import or_zero, ratio
from dashboards.recording import Recording
from dashboards.recordings import TOOL_ERROR_RATIO, TOOL_LATENCY_P95, TOOL_RATE
from dashboards.series import SELECTED, SELECTED_RANGE, Source
from dashboards.signal import Query, Signal
from dashboards.signals.calls import FAILED, HONEST
from dashboards.signals.fleet import TOP
from dashboards.signals.tools import CALLS, EACH_TOOL, over_all
from dashboards.signals.tools_fleet import WHICH


def _recorded(recording: Recording) -> str:
    return recording.series.now(SELECTED, by=EACH_TOOL, operator="max")


def _foremost(recording: Recording) -> tuple[Query]:
    return (Query(f"topk({TOP}, {_recorded(recording)})", WHICH),)


RATE = Signal(
    "Calls by tool",
    f"Calls per second of the {TOP} busiest tools, over 5 minutes, as recorded. A name that no"
    " server offers is a client that guesses.",
    "reqps",
    _foremost(TOOL_RATE),
    Source.PROXY,
    links=(TO_TOOL,),
)
ERROR_RATIO = Signal(
    "Error ratio by tool",
    f"Failed calls of all calls of the {TOP} tools that fail most, as recorded. {HONEST}",
    "percentunit",
    _foremost(TOOL_ERROR_RATIO),
    Source.PROXY,
    limits.TOOL_ERRORS,
    links=(TO_TOOL,),
)
LATENCY = Signal(
    "Latency p95 by tool",
    f"95 of 100 calls of a tool are answered within this time, of the {TOP} slowest tools, as"
    " recorded. The slowest tool decides how long an agent's turn takes.",
    "s",
    _foremost(TOOL_LATENCY_P95),
    Source.PROXY,
    limits.TOOL_LATENCY_SECONDS,
    links=(TO_TOOL, TO_TRACES),
)

_CALLS = CALLS.increase(SELECTED_RANGE, by=EACH_TOOL)
_ERRORS = or_zero(CALLS.increase(SELECTED_RANGE, FAILED, by=EACH_TOOL), _CALLS)

TABLE = Signal(
    "Tools",
    "All tools called within the shown time, counted call by call: which one fails, which one is"
    " slow. A click on a name leads to it. Latency is as recorded over 5 minutes each, and missing"
    " where the proxy does not measure it by tool (ToolHive before 0.9.4).",
    "short",
    (
        Query(_CALLS, "Calls", "none", integer=True),
        Query(_ERRORS, "Errors", "none", integer=True),
        Query(ratio(_ERRORS, _CALLS), "Error ratio", "percentunit", limits.TOOL_ERRORS),
        Query(
            over_all("avg", TOOL_LATENCY_P95),
            "p95, mean",
            "s",
            limits.TOOL_LATENCY_SECONDS,
        ),
        Query(
            over_all("max", TOOL_LATENCY_P95),
            "p95, worst",
            "s",
            limits.TOOL_LATENCY_SECONDS,
        ),
    ),
    Source.PROXY,
    keys=EACH_TOOL,
    links=(TO_TOOL, TO_TRACES),
)
