"""Which tools are used, by what rules recorded of each tool: cheap for any number of them."""

from dashboards import limits, series
from dashboards.links import TO_SERVER, TO_TOOL, TO_TRACES
from dashboards.promql import aggregate, eq, like, ne, ratio
from dashboards.recording import Recording
from dashboards.recordings import TOOL_ERROR_RATIO, TOOL_ERRORS, TOOL_LATENCY_P95, TOOL_RATE
from dashboards.series import SELECTED, Source
from dashboards.signal import EACH_SERVER, WHO, Query, Signal
from dashboards.signals import calls, tools
from dashboards.signals.fleet import TOP
from dashboards.signals.recorded import requests
from dashboards.signals.tools import EACH_TOOL
from proxy.telemetry import catalogue

WHICH = "{{server}} {{tool}}"
_THE_TOOL = like("tool", "$tool")
_THE_NAME = like(tools.NAME, "$tool")
OPERATIONS = series.count(catalogue.OPERATION_DURATION)


def _foremost(recording: Recording) -> str:
    """The highest recorded values of the chosen tools."""
    return _top(recording.series.select(SELECTED, _THE_TOOL))


def _mean(recording: Recording) -> str:
    """Of each chosen tool, over all the time shown."""
    return tools.over_all("avg", recording, _THE_TOOL)


def _top(vector: str) -> str:
    return f"topk({TOP}, {vector})"


_CALLS = _mean(TOOL_RATE)
_FAILED = _mean(TOOL_ERRORS)
_KNOWN = tools.CALLS.now(SELECTED, _THE_TOOL, by=EACH_TOOL, operator="group")
_A_DAY_AGO = aggregate("group", f"{tools.CALLS.select(SELECTED, _THE_TOOL)} offset 1d", EACH_TOOL)
_SOME_A_DAY_AGO = aggregate("group", _A_DAY_AGO)

IN_USE = Signal(
    "Tools in use",
    "Tools that were called in the time shown.",
    "short",
    (Query(f"count({_CALLS} > 0)", "tools"),),
    Source.PROXY,
    no_value_text="none",
)
QUIET = Signal(
    "Tools gone quiet",
    "Tools that were called since their proxy started, but not in the time shown. The table has"
    " them at its end: nobody needs them any more, or agents no longer find them.",
    "short",
    (Query(f"count({_CALLS} == 0) or vector(0)", "tools"),),
    Source.PROXY,
)
NEW = Signal(
    "Tools new since yesterday",
    "Tools that are called now and had never been a day ago. After a release that is right; else"
    " look who calls them. 0 where nothing is known of yesterday.",
    "short",
    (
        Query(
            f"count(({_KNOWN} unless {_A_DAY_AGO}) and on () {_SOME_A_DAY_AGO}) or vector(0)",
            "tools",
        ),
    ),
    Source.PROXY,
)
CALLS = Signal(
    "Tool calls",
    "Calls of the chosen tools per second, over 5 minutes, as recorded.",
    "reqps",
    (Query(TOOL_RATE.series.now(SELECTED, _THE_TOOL), "calls"),),
    Source.PROXY,
    no_value_text="no calls",
)
ERRORS = Signal(
    "Error ratio",
    f"Failed calls of all calls of the chosen tools, over 5 minutes, as recorded. {calls.HONEST}",
    "percentunit",
    (
        Query(
            ratio(
                TOOL_ERRORS.series.now(SELECTED, _THE_TOOL),
                TOOL_RATE.series.now(SELECTED, _THE_TOOL),
            ),
            "errors",
        ),
    ),
    Source.PROXY,
    limits.TOOL_ERRORS,
    no_value_text="no calls",
)
SLOWEST = Signal(
    "p95 of the slowest tool",
    "95 of 100 calls of the slowest of the chosen tools were answered within this time, over 5"
    " minutes, as recorded.",
    "s",
    (Query(TOOL_LATENCY_P95.series.now(SELECTED, _THE_TOOL, operator="max"), "p95"),),
    Source.PROXY,
    limits.TOOL_LATENCY_SECONDS,
    no_value_text="no calls",
)
TABLE = Signal(
    "Tools",
    "Every chosen tool over all the time shown, by what was recorded, the busiest first. A click"
    " on a name leads to its traces. Latency is missing where the proxy does not measure it by"
    " tool (ToolHive before 0.9.4).",
    "short",
    (
        Query(_CALLS, "Calls", "reqps"),
        Query(_FAILED, "Errors", "reqps"),
        Query(ratio(_FAILED, _CALLS), "Error ratio", "percentunit", limits.TOOL_ERRORS),
        Query(_mean(TOOL_LATENCY_P95), "p95, mean", "s", limits.TOOL_LATENCY_SECONDS),
        Query(
            tools.over_all("max", TOOL_LATENCY_P95, _THE_TOOL),
            "p95, worst",
            "s",
            limits.TOOL_LATENCY_SECONDS,
        ),
    ),
    Source.PROXY,
    keys=EACH_TOOL,
    links=(TO_TRACES, TO_TOOL, TO_SERVER),
)
BUSIEST = Signal(
    "Most called",
    f"The {TOP} tools with the most calls per second, over all the time shown.",
    "reqps",
    (Query(_top(_CALLS), WHICH),),
    Source.PROXY,
    no_value_text="no calls",
    links=(TO_TOOL,),
)
FAILING = Signal(
    "Most errors",
    f"The {TOP} tools with the most failed calls per second, over all the time shown: repairing the"
    " first helps most.",
    "reqps",
    (Query(_top(f"{_FAILED} > 0"), WHICH),),
    Source.PROXY,
    limits.FAILING,
    no_value_text="no errors",
    links=(TO_TOOL, TO_TRACES),
)
SLOW = Signal(
    "Slowest",
    f"The {TOP} tools with the highest p95, as its mean over all the time shown.",
    "s",
    (Query(_top(_mean(TOOL_LATENCY_P95)), WHICH),),
    Source.PROXY,
    limits.TOOL_LATENCY_SECONDS,
    no_value_text="no calls",
    links=(TO_TOOL, TO_TRACES),
)
SLOWEST_NAMES = Signal(
    "Slowest tools",
    f"The {TOP} tools with the highest p95, as its mean over all the time shown. A click leads to"
    " the tool and to its traces.",
    "s",
    (Query(_top(tools.over_all("avg", TOOL_LATENCY_P95)), WHICH),),
    Source.PROXY,
    limits.TOOL_LATENCY_SECONDS,
    no_value_text="no calls",
    links=(TO_TOOL, TO_TRACES),
)
RATES = Signal(
    "Calls by tool",
    f"Calls per second of the {TOP} busiest tools. A sudden rise of one: an agent in a loop.",
    "reqps",
    (Query(_foremost(TOOL_RATE), WHICH),),
    Source.PROXY,
    links=(TO_TOOL, TO_TRACES),
)
ERROR_RATIOS = Signal(
    "Error ratio by tool",
    f"Failed calls of all calls, of the {TOP} tools that fail most. {calls.HONEST}",
    "percentunit",
    (Query(_foremost(TOOL_ERROR_RATIO), WHICH),),
    Source.PROXY,
    limits.TOOL_ERRORS,
    links=(TO_TOOL, TO_TRACES),
)
LATENCIES = Signal(
    "Latency p95 by tool",
    f"95 of 100 calls of a tool are answered within this time, of the {TOP} slowest tools.",
    "s",
    (Query(_foremost(TOOL_LATENCY_P95), WHICH),),
    Source.PROXY,
    limits.TOOL_LATENCY_SECONDS,
    links=(TO_TOOL, TO_TRACES),
)
ERROR_TYPES = Signal(
    "Errors by type",
    "Failed tool calls per second by error type. tool_error: the tool said so itself. -32602: it"
    " was asked wrongly, or is no tool. timeout, connection_error: the way to the server.",
    "reqps",
    (
        Query(
            OPERATIONS.rate(SELECTED, _THE_NAME, ne("error_type", ""), by=("error_type",)),
            "{{error_type}}",
        ),
    ),
    Source.PROXY,
    no_value_text="no errors",
)
LISTS_PER_CALL = Signal(
    "Lists per tool call",
    "How many times clients list the tools for each tool that they call. Above 1 they list more"
    " than they work; a client that lists before every call should keep the list.",
    "short",
    (
        Query(
            ratio(
                requests(eq("mcp_method", "tools/list"), by=EACH_SERVER),
                requests(eq("mcp_method", "tools/call"), by=EACH_SERVER),
            ),
            WHO,
        ),
    ),
    Source.PROXY,
    links=(TO_SERVER,),
)
