"""What the model pays: the size of tool lists and results, by server and by tool."""

from dashboards import limits
from dashboards.expressions import context
from dashboards.links import TO_CLIENT, TO_CONTEXT, TO_SERVER, TO_TOOL
from dashboards.promql.expression import Expr, Paren
from dashboards.promql.functions import TOP, aggregate, ratio, top, zero_if_none
from dashboards.promql.functions import rename_label as renamed
from dashboards.promql.scope import EACH_SERVER, EACH_TOOL, SELECTED, SELECTED_RANGE, Match, eq
from dashboards.promql.series import By
from dashboards.recordings.catalogue import (
    CLIENT_RESULT_BYTES,
    RESULT_BYTES,
    RESULTS,
    TOOL_LIST_BYTES,
    TOOL_RATE,
    TOOL_RESULT_DAY,
)
from dashboards.recordings.recording import Recording
from dashboards.signal import SERVER_LEGEND, Query, Signal
from dashboards.signals.calls import by_label
from dashboards.signals.tools_fleet import TOOL_LEGEND, first_called, over_range
from proxy.telemetry.catalogue import BYTES_PER_TOKEN

TOKENS = f" A token is taken as {BYTES_PER_TOKEN:g} bytes."
_RECEIVED = (
    "Estimated tokens of the results, and of the lists of tools, that each client gets in a minute."
    " What of it enters a model's context is paid again with every later request."
)
_PAID = " Clients usually send the whole list to the model with every request."


def _tokens(size: Expr) -> Expr:
    return Paren(size) / BYTES_PER_TOKEN


def tokens_per_minute(bytes_per_second: Expr) -> Expr:
    """Estimated, of a rate."""
    return _tokens(bytes_per_second) * 60


def _list(recording: Recording = TOOL_LIST_BYTES) -> Expr:
    return recording.series.now(SELECTED, by=EACH_SERVER, operator="max")


def _growth(recording: Recording, by: By) -> Expr:
    """Against a week ago, as a share; 0 where there is no data from then."""
    now = recording.series.now(SELECTED, by=by, operator="max")
    before = aggregate("max", recording.series.select(SELECTED).ago("7d"), by)
    return ratio(now, before | now) - 1


def _mean(*where: Match, by: By) -> Expr:
    """Mean bytes of a result over the board's time range, or of the newest rate within it."""
    return ratio(_over_range(RESULT_BYTES, *where, by=by), _over_range(RESULTS, *where, by=by))


def _over_range(recording: Recording, *where: Match, by: By) -> Expr:
    samples = recording.series.select(SELECTED_RANGE, *where)
    means = samples.over("avg_over_time", SELECTED_RANGE.window)
    newest = recording.series.now(SELECTED, *where, by=by)
    return Paren(aggregate("sum", means, by) | newest)


def _mean_now(by: By) -> Expr:
    total, count = (
        each.series.now(SELECTED, context.OF_TOOLS, by=by) for each in (RESULT_BYTES, RESULTS)
    )
    return ratio(total, count)


def _by_tool(vector: Expr) -> Expr:
    return renamed(vector, "target", "tool", keep=EACH_SERVER)


_RESULT_OF_TOOL = (*EACH_SERVER, "target")
_DEFINITIONS = context.definitions(SELECTED, EACH_TOOL)
_CALLED = over_range("avg", TOOL_RATE) > 0
_UNUSED = context.definitions(SELECTED, EACH_TOOL).unless(Paren(_CALLED | first_called()))

LIST_TOKENS = Signal(
    "Tokens of all tool lists",
    f"Estimated tokens of the tool lists of the selected servers together.{_PAID}{TOKENS}",
    "short",
    (Query(_tokens(aggregate("sum", _list())), "tokens"),),
    no_value_text="no list yet",
)
LISTED = Signal(
    "Tools listed",
    "Tools that the selected servers list, as last seen by their proxies.",
    "short",
    (
        Query(
            aggregate("sum", context.LISTED.now(SELECTED, by=EACH_SERVER, operator="max")), "tools"
        ),
    ),
    no_value_text="no list yet",
)
UNUSED_TOOLS = Signal(
    "Listed and not called",
    "Tools that are listed and were not called in the time range: the model pays for their"
    " definitions all the same.",
    "short",
    (Query(zero_if_none(aggregate("count", _UNUSED)), "tools"),),
)
UNUSED_TOKENS = Signal(
    "Tokens of unused tools",
    "Estimated tokens of the definitions of tools that were not called in the time range: what a"
    f" client saves that leaves them out.{TOKENS}",
    "short",
    (Query(zero_if_none(_tokens(aggregate("sum", _UNUSED))), "tokens"),),
)
RESULT_SIZE = Signal(
    "Mean result of a tool call",
    "Mean size of the results of tool calls over the whole time range, as recorded. Clients usually"
    " keep every result in the model's context.",
    "bytes",
    (Query(_mean(context.OF_TOOLS, by=()), "result"),),
    no_value_text="no calls",
)
MOST_GROWN = Signal(
    "Largest growth in a week",
    "How much longer the tool list of one server is than a week ago, of the server whose list grew"
    " most. 0 where there is no data from then.",
    "percentunit",
    (Query(aggregate("max", _growth(TOOL_LIST_BYTES, EACH_SERVER)), "growth"),),
    limits.CONTEXT_GROWTH,
    no_value_text="no list yet",
)
SERVERS = Signal(
    "Tool lists",
    "The tool list of each selected server, the longest first, and the mean size of its tools'"
    f" results over the whole time range.{TOKENS}",
    "short",
    (
        Query(_list(), "Tool list", "bytes"),
        Query(_tokens(_list()), "Tokens", integer=True),
        Query(context.LISTED.now(SELECTED, by=EACH_SERVER, operator="max"), "Tools", integer=True),
        Query(
            _growth(TOOL_LIST_BYTES, EACH_SERVER),
            "Growth in a week",
            "percentunit",
            limits.CONTEXT_GROWTH,
        ),
        Query(_mean(context.OF_TOOLS, by=EACH_SERVER), "Mean result", "bytes"),
    ),
    keys=EACH_SERVER,
    links=(TO_SERVER,),
)
TOOLS = Signal(
    "Tools by size",
    "Each listed tool, the largest definition first; the mean size of its results over the whole"
    f" time range, and how that grew within a week.{TOKENS}",
    "short",
    (
        Query(_DEFINITIONS, "Definition", "bytes"),
        Query(_tokens(_DEFINITIONS), "Tokens", integer=True),
        Query(
            context.DEFINITION.now(
                SELECTED, eq("part", "description"), by=EACH_TOOL, operator="max"
            ),
            "Description",
            "bytes",
        ),
        Query(
            context.DEFINITION.now(SELECTED, eq("part", "schema"), by=EACH_TOOL, operator="max"),
            "Schema",
            "bytes",
        ),
        Query(_by_tool(_mean(context.OF_TOOLS, by=_RESULT_OF_TOOL)), "Mean result", "bytes"),
        Query(
            _growth(TOOL_RESULT_DAY, EACH_TOOL),
            "Results' growth",
            "percentunit",
            limits.CONTEXT_GROWTH,
        ),
    ),
    keys=EACH_TOOL,
    links=(TO_TOOL, TO_SERVER),
)
RESULTS_BY_NAME = Signal(
    "Results by name",
    "Results of tools, resources and prompts over the whole time range, as recorded: bytes per"
    " second, and the mean of one.",
    "short",
    (
        Query(_over_range(RESULT_BYTES, by=context.EACH_TARGET), "Bytes", "binBps"),
        Query(_mean(by=context.EACH_TARGET), "Mean result", "bytes"),
    ),
    keys=context.EACH_TARGET,
    links=(TO_SERVER,),
)
LARGEST_TOOLS = Signal(
    "Largest definitions",
    f"The {TOP} tools whose definitions take most of the model's context. Shorten the description"
    " or the schema of the first.",
    "bytes",
    (Query(top(_DEFINITIONS), TOOL_LEGEND),),
    no_value_text="no list yet",
    links=(TO_TOOL,),
)
LARGEST_RESULTS = Signal(
    "Largest results",
    f"The {TOP} tools with the largest results, as their mean over the whole time range. Let the"
    " first return less, or pages.",
    "bytes",
    (Query(top(_by_tool(_mean(context.OF_TOOLS, by=_RESULT_OF_TOOL))), TOOL_LEGEND),),
    no_value_text="no calls",
    links=(TO_TOOL,),
)
PARTS = Signal(
    "Tool lists by part",
    "What the tool lists of the selected servers are made of, in bytes. other: titles, annotations,"
    " icons and punctuation.",
    "bytes",
    by_label(context.definitions(SELECTED, ("part",)), "part"),
    no_value_text="no list yet",
)
LISTS = Signal(
    "Tool list by server",
    f"Bytes of the tool lists of the {TOP} servers with the longest.{_PAID}",
    "bytes",
    (Query(top(_list()), SERVER_LEGEND),),
    no_value_text="no list yet",
    links=(TO_CONTEXT, TO_SERVER),
)
RESULT_SIZES = Signal(
    "Mean result by tool",
    f"Mean size of a result, of the {TOP} tools with the largest, over 5 minutes, as recorded.",
    "bytes",
    (Query(top(_by_tool(_mean_now(_RESULT_OF_TOOL))), TOOL_LEGEND),),
    no_value_text="no calls",
    links=(TO_TOOL,),
)
TOKENS_BY_CLIENT = Signal(
    "Tokens per minute",
    f"{_RECEIVED} The {TOP} clients that get most, as their mean over the whole time range."
    f"{TOKENS}",
    "short",
    by_label(top(tokens_per_minute(_over_range(CLIENT_RESULT_BYTES, by=("client",)))), "client"),
    no_value_text="no results",
    links=(TO_CLIENT,),
)
TOKEN_RATES = Signal(
    "Tokens per minute by client",
    f"{_RECEIVED} The {TOP} clients that get most, over 5 minutes, as recorded.{TOKENS}",
    "short",
    by_label(
        top(tokens_per_minute(CLIENT_RESULT_BYTES.series.now(SELECTED, by=("client",)))), "client"
    ),
    no_value_text="no results",
    links=(TO_CLIENT,),
)
