"""Which tools are used, from what rules recorded of each tool: cheap for any number of them."""

from dashboards import limits
from dashboards.expressions import calls, proxies, tools
from dashboards.links import TO_SERVER, TO_TOOL, TO_TRACES
from dashboards.promql.expression import Expr, Paren
from dashboards.promql.functions import TOP, aggregate, or_zero, ratio, top, zero_if_none
from dashboards.promql.scope import (
    EACH_SERVER,
    EACH_TOOL,
    SELECTED,
    SELECTED_RANGE,
    Match,
    eq,
    like,
    ne,
    selected,
    variable,
)
from dashboards.recordings.catalogue import (
    TOOL_ERROR_RATIO,
    TOOL_ERRORS,
    TOOL_LATENCY_P95,
    TOOL_RATE,
)
from dashboards.recordings.recording import Recording
from dashboards.signal import SERVER_LEGEND, Query, Signal
from dashboards.signals.calls import by_label
from dashboards.signals.recorded import requests
from proxy.telemetry.catalogue import WasteReason

TOOL_LEGEND = "{server} {tool}"
_THE_TOOL = selected("tool")
_THE_NAME = like(tools.NAME, variable("tool"))


def over_range(operator: str, recording: Recording, *where: Match) -> Expr:
    """`operator` (avg, max) of a recorded value of each tool, over the board's time range.

    The newest value, where the range is shorter than the time between two.
    """
    samples = recording.series.select(SELECTED_RANGE, *where)
    within = samples.over(f"{operator}_over_time", SELECTED_RANGE.window)
    newest = recording.series.now(SELECTED, *where, by=EACH_TOOL, operator="max")
    return Paren(aggregate("max", within, EACH_TOOL) | newest)


def first_called(*where: Match) -> Expr:
    """Tools whose series began within the time range, with a call that no rate shows."""
    now = TOOL_RATE.series.now(SELECTED, *where, by=EACH_TOOL, operator="max")
    before = TOOL_RATE.series.select(SELECTED, *where).ago(SELECTED_RANGE.window)
    return now.unless(aggregate("max", before, EACH_TOOL))


def latency_columns(*where: Match) -> tuple[Query, Query]:
    """The columns of a tool's recorded p95."""
    mean, worst = (over_range(each, TOOL_LATENCY_P95, *where) for each in ("avg", "max"))
    limit = limits.TOOL_LATENCY_SECONDS
    return Query(mean, "p95, mean", "s", limit), Query(worst, "p95, worst", "s", limit)


def highest(vector: Expr) -> tuple[Query]:
    """The tools with the highest values."""
    return (Query(top(vector), TOOL_LEGEND),)


def _highest_now(recording: Recording) -> tuple[Query]:
    return highest(recording.series.select(SELECTED, _THE_TOOL))


def _mean(recording: Recording) -> Expr:
    """Of each selected tool, over the board's time range."""
    return over_range("avg", recording, _THE_TOOL)


_CALLS = _mean(TOOL_RATE)
_FIRST_CALLED = first_called(_THE_TOOL)
_FAILED = _mean(TOOL_ERRORS)
_P95 = _mean(TOOL_LATENCY_P95)
_KNOWN = tools.CALLS.now(SELECTED, _THE_TOOL, by=EACH_TOOL, operator="group")
_A_DAY_AGO = aggregate("group", tools.CALLS.select(SELECTED, _THE_TOOL).ago("1d"), EACH_TOOL)
_NEW = Paren(_KNOWN.unless(_A_DAY_AGO)).and_on((), aggregate("group", _A_DAY_AGO))

IN_USE = Signal(
    "Tools in use",
    "Tools that were called in the time range.",
    "short",
    (Query(aggregate("count", (_CALLS > 0) | _FIRST_CALLED), "tools"),),
    no_value_text="none",
)
UNUSED = Signal(
    "Tools no longer called",
    "Tools that were called since their proxy started, but not in the time range. The table lists"
    " them at its end: nobody needs them any more, or agents no longer find them.",
    "short",
    (Query(zero_if_none(aggregate("count", _CALLS.equals(0).unless(_FIRST_CALLED))), "tools"),),
)
NEW = Signal(
    "Tools new since yesterday",
    "Tools that are called now and had not been a day ago. Expected after a release; otherwise"
    " check who calls them. 0 where there is no data from yesterday.",
    "short",
    (Query(zero_if_none(aggregate("count", _NEW)), "tools"),),
)
CALLS = Signal(
    "Tool calls",
    "Calls of the selected tools per second over the whole time range, as recorded.",
    "reqps",
    (Query(aggregate("sum", _CALLS), "calls"),),
    no_value_text="no calls",
)
ERRORS = Signal(
    "Error ratio",
    "Failed calls as a share of all calls of the selected tools over the whole time range, as"
    " recorded. {counted_as_errors}",
    "percentunit",
    (Query(ratio(aggregate("sum", _FAILED), aggregate("sum", _CALLS)), "errors"),),
    limits.TOOL_ERRORS,
    no_value_text="no calls",
)
SLOWEST = Signal(
    "p95 of the slowest tool",
    "95 % of the calls of the slowest of the selected tools completed within this time, as its mean"
    " over the whole time range.",
    "s",
    (Query(aggregate("max", _P95), "p95"),),
    limits.TOOL_LATENCY_SECONDS,
    no_value_text="no calls",
)
TABLE = Signal(
    "Tools",
    "Every selected tool over the whole time range, as recorded, the busiest first. Click a name to"
    " open its traces. Latency is missing where the proxy does not measure it by tool (ToolHive"
    " before 0.9.4).",
    "short",
    (
        Query(_CALLS, "Calls", "reqps"),
        Query(_FAILED, "Errors", "reqps"),
        Query(ratio(_FAILED, _CALLS), "Error ratio", "percentunit", limits.TOOL_ERRORS),
        *latency_columns(_THE_TOOL),
    ),
    keys=EACH_TOOL,
    links=(TO_TRACES, TO_TOOL, TO_SERVER),
)
BUSIEST = Signal(
    "Most called",
    f"The {TOP} tools with the most calls per second, over the whole time range.",
    "reqps",
    highest(_CALLS),
    no_value_text="no calls",
    links=(TO_TOOL,),
)
FAILING = Signal(
    "Most errors",
    f"The {TOP} tools with the most failed calls per second, over the whole time range: fixing the"
    " first helps most.",
    "reqps",
    highest(_FAILED > 0),
    limits.FAILING,
    no_value_text="no errors",
    links=(TO_TOOL, TO_TRACES),
)
SLOW = Signal(
    "Slowest",
    f"The {TOP} tools with the highest p95, as its mean over the whole time range.",
    "s",
    highest(_P95),
    limits.TOOL_LATENCY_SECONDS,
    no_value_text="no calls",
    links=(TO_TOOL, TO_TRACES),
)
SLOWEST_NAMES = Signal(
    "Slowest tools",
    f"The {TOP} tools with the highest p95, as its mean over the whole time range. Click to open"
    " the tool or its traces.",
    "s",
    highest(over_range("avg", TOOL_LATENCY_P95)),
    limits.TOOL_LATENCY_SECONDS,
    no_value_text="no calls",
    links=(TO_TOOL, TO_TRACES),
)
RATES = Signal(
    "Calls by tool",
    f"Calls per second of the {TOP} busiest tools. A sudden rise of one is an agent in a loop.",
    "reqps",
    _highest_now(TOOL_RATE),
    links=(TO_TOOL, TO_TRACES),
)
ERROR_RATIOS = Signal(
    "Error ratio by tool",
    f"Failed calls as a share of all calls, of the {TOP} tools that fail most."
    f" {{counted_as_errors}}",
    "percentunit",
    _highest_now(TOOL_ERROR_RATIO),
    limits.TOOL_ERRORS,
    links=(TO_TOOL, TO_TRACES),
)
LATENCIES = Signal(
    "Latency p95 by tool",
    f"95 % of the calls of a tool complete within this time, of the {TOP} slowest tools.",
    "s",
    _highest_now(TOOL_LATENCY_P95),
    limits.TOOL_LATENCY_SECONDS,
    links=(TO_TOOL, TO_TRACES),
)
ERROR_TYPES = Signal(
    "Errors by type",
    "Failed tool calls per second by error type. tool_error: the tool reported an error. -32602:"
    " bad arguments, or no such tool. timeout, connection_error: the server could not be reached.",
    "reqps",
    by_label(
        calls.OPERATIONS.rate(SELECTED, _THE_NAME, ne("error_type", ""), by=("error_type",)),
        "error_type",
    ),
    no_value_text="no errors",
)


def _wasted(reason: WasteReason) -> Query:
    rate = tools.WASTED.rate(SELECTED, eq("reason", reason))
    return Query(or_zero(rate, proxies.UP.now(SELECTED)), reason.replace("_", " "))


IN_VAIN = Signal(
    "Requests in vain",
    "Requests per second that brought nothing. repeated error: the same call failed before in the"
    " same session. unlisted tool, invalid arguments: the server's list says that it cannot work."
    " unchanged list: a list fetched again. Improve the descriptions, or tell the client's owner.",
    "reqps",
    tuple(map(_wasted, WasteReason)),
)
LISTS_PER_CALL = Signal(
    "Lists per tool call",
    "How many times clients list the tools for each tool that they call. Above 1 they list more"
    " than they work; a client that lists before every call should cache the list.",
    "short",
    (
        Query(
            ratio(
                requests(eq("mcp_method", "tools/list"), by=EACH_SERVER),
                requests(eq("mcp_method", "tools/call"), by=EACH_SERVER),
            ),
            SERVER_LEGEND,
        ),
    ),
    links=(TO_SERVER,),
)
