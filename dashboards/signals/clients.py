"""Who calls: which clients there are, how much each calls, and how well that goes."""

from dashboards import limits
from dashboards.expressions import clients, proxies
from dashboards.links import TO_CLIENT, TO_CLIENT_TRACES, TO_SERVER
from dashboards.promql.expression import Expr, Paren
from dashboards.promql.functions import TOP, aggregate, or_zero, ratio, top, zero_if_none
from dashboards.promql.scope import (
    EACH_SERVER,
    SELECTED,
    SELECTED_RANGE,
    Match,
    eq,
    like,
    ne,
    selected,
)
from dashboards.promql.series import By
from dashboards.recordings.catalogue import CLIENT_ERRORS, CLIENT_RATE, CLIENT_RESULT_BYTES
from dashboards.recordings.recording import Recording
from dashboards.signal import SERVER_LEGEND, Query, Signal
from dashboards.signals.calls import by_label
from dashboards.signals.context import TOKENS, tokens_per_minute
from proxy.telemetry.catalogue import ToolClass

CLIENT = ("client",)
_VERSION = (*CLIENT, "version")
_THE_CLIENT = selected("client")
_UNNAMED = like("client", "unknown|other")
_DESTRUCTIVE = eq("tool_class", ToolClass.DESTRUCTIVE)
_OF_TOOLS = ne("tool_class", "")


def _now(recording: Recording, *where: Match, by: By = CLIENT) -> Expr:
    """The newest recorded value."""
    return recording.series.now(SELECTED, *where, by=by)


def _mean(recording: Recording, *where: Match, by: By = CLIENT) -> Expr:
    """The mean over the board's time range; the newest value where nothing was recorded in it."""
    samples = recording.series.select(SELECTED_RANGE, *where)
    means = samples.over("avg_over_time", SELECTED_RANGE.window)
    return Paren(aggregate("sum", means, by) | _now(recording, *where, by=by))


def _highest(vector: Expr) -> tuple[Query]:
    return by_label(top(vector), "client")


_RATE = _now(CLIENT_RATE, _THE_CLIENT)
_CALLS = _mean(CLIENT_RATE, _THE_CLIENT)
_FAILED = _mean(CLIENT_ERRORS, _THE_CLIENT)
_KNOWN = aggregate("group", CLIENT_RATE.series.select(SELECTED, _THE_CLIENT), CLIENT)
_A_DAY_AGO = aggregate("group", CLIENT_RATE.series.select(SELECTED, _THE_CLIENT).ago("1d"), CLIENT)
_NEW = Paren(_KNOWN.unless(_A_DAY_AGO)).and_on((), aggregate("group", _A_DAY_AGO))
_TOTAL = aggregate("sum", _CALLS)
_EVERY = aggregate("sum", _mean(CLIENT_RATE))
_NAMELESS = aggregate("sum", _mean(CLIENT_RATE, _UNNAMED))

IN_USE = Signal(
    "Clients",
    "Clients that called the selected servers in the time range, by the name that each declares. A"
    " name proves nothing.",
    "short",
    (Query(zero_if_none(aggregate("count", _CALLS > 0)), "clients"),),
)
CALLS = Signal(
    "Calls",
    "MCP calls per second of the selected clients over the whole time range, as recorded.",
    "reqps",
    (Query(_TOTAL, "calls"),),
    no_value_text="no calls",
)
ERRORS = Signal(
    "Error ratio",
    "Failed calls as a share of all calls of the selected clients over the whole time range, as"
    " recorded.",
    "percentunit",
    (Query(ratio(aggregate("sum", _FAILED), _TOTAL), "errors"),),
    limits.ERRORS,
    no_value_text="no calls",
)
UNNAMED = Signal(
    "Calls without a name",
    "Calls of clients that declare no name, or whose name is beyond the cap, as a share of all"
    " calls. If high, raise --client-cap, or look for clients without clientInfo and User-Agent.",
    "percentunit",
    (Query(ratio(or_zero(_NAMELESS, _EVERY), _EVERY), "unnamed"),),
    no_value_text="no calls",
)
DESTRUCTIVE = Signal(
    "Destructive calls",
    "Calls per second of tools that their server lists as destructive, over the whole time range,"
    " as recorded. The table below shows whose they are.",
    "reqps",
    (Query(zero_if_none(aggregate("sum", _mean(CLIENT_RATE, _DESTRUCTIVE))), "calls"),),
)
NEW = Signal(
    "Clients new since yesterday",
    "Clients that call now and did not a day ago. 0 where there is no data from yesterday.",
    "short",
    (Query(zero_if_none(aggregate("count", _NEW)), "clients"),),
)
TABLE = Signal(
    "Clients",
    "Every selected client over the whole time range, as recorded, the busiest first. Click a name"
    " to open its traces. Other calls are those that no tool is called by, such as initialize."
    f" Tokens are those of results and of lists of tools.{TOKENS}",
    "short",
    (
        Query(_CALLS, "Calls", "reqps"),
        Query(_FAILED, "Errors", "reqps"),
        Query(ratio(_FAILED, _CALLS), "Error ratio", "percentunit", limits.ERRORS),
        Query(or_zero(_mean(CLIENT_RATE, _THE_CLIENT, _OF_TOOLS), _CALLS), "Tool calls", "reqps"),
        Query(
            or_zero(_mean(CLIENT_RATE, _THE_CLIENT, _DESTRUCTIVE), _CALLS), "Destructive", "reqps"
        ),
        Query(
            aggregate("count", _mean(CLIENT_RATE, _THE_CLIENT, by=clients.EACH_CLIENT), CLIENT),
            "Servers",
            integer=True,
        ),
        Query(
            tokens_per_minute(or_zero(_mean(CLIENT_RESULT_BYTES, _THE_CLIENT), _CALLS)),
            "Tokens/min",
            integer=True,
        ),
    ),
    keys=CLIENT,
    links=(TO_CLIENT_TRACES, TO_CLIENT),
)
BUSIEST = Signal(
    "Busiest clients",
    f"The {TOP} clients with the most calls per second, over the whole time range. One far above"
    " its usual rate may call in a loop.",
    "reqps",
    _highest(_mean(CLIENT_RATE)),
    no_value_text="no calls",
    links=(TO_CLIENT,),
)
FAILING = Signal(
    "Clients with the most errors",
    f"The {TOP} clients with the most failed calls per second, over the whole time range. If one"
    " fails and others do not, its requests are at fault.",
    "reqps",
    _highest(_mean(CLIENT_ERRORS) > 0),
    limits.FAILING,
    no_value_text="no errors",
    links=(TO_CLIENT, TO_CLIENT_TRACES),
)
SERVERS = Signal(
    "Servers called",
    f"The {TOP} servers that the selected clients call most, over the whole time range.",
    "reqps",
    (Query(top(_mean(CLIENT_RATE, _THE_CLIENT, by=EACH_SERVER)), SERVER_LEGEND),),
    no_value_text="no calls",
    links=(TO_SERVER,),
)
RATES = Signal(
    "Calls by client",
    f"Calls per second of the {TOP} busiest clients. A sudden rise of one is an agent in a loop.",
    "reqps",
    _highest(_RATE),
    links=(TO_CLIENT,),
)
ERROR_RATIOS = Signal(
    "Error ratio by client",
    f"Failed calls as a share of all calls, of the {TOP} clients that fail most. If all rise at"
    " once, the server is at fault.",
    "percentunit",
    _highest(ratio(_now(CLIENT_ERRORS, _THE_CLIENT), _RATE)),
    limits.ERRORS,
    links=(TO_CLIENT, TO_CLIENT_TRACES),
)
CLASSES = Signal(
    "Calls by class of tool",
    "Tool calls per second by what the server's annotations say of the tool. unannotated: the"
    " server says nothing. unlisted: no list with the tool has passed through the proxy.",
    "reqps",
    by_label(
        _now(CLIENT_RATE, _THE_CLIENT, _OF_TOOLS, by=("tool_class",)),
        "tool_class",
    ),
    no_value_text="no tool calls",
)
VERSIONS = Signal(
    "Versions",
    "The versions that each client declares, up to five, and how many servers see them. Old"
    " versions beside new ones are users who have not updated.",
    "short",
    (
        Query(
            aggregate(
                "count",
                clients.INFO.now(
                    SELECTED, _THE_CLIENT, by=(*EACH_SERVER, *_VERSION), operator="max"
                ),
                _VERSION,
            ),
            "Servers",
            integer=True,
        ),
    ),
    keys=_VERSION,
    links=(TO_CLIENT,),
)
OVERFLOWED = Signal(
    "Calls counted as other",
    "Successful calls whose client or principal counts as `other` because the cap was reached."
    " Every ten minutes one more gets series of its own, in place of the least used.",
    "short",
    (
        Query(
            proxies.OVERFLOW.increase(SELECTED, proxies.OF_CALLERS, by=(*EACH_SERVER, "label")),
            "{server} {label}",
        ),
    ),
    limits.LOST.with_reason("Panels by client cannot distinguish these calls."),
)
PRINCIPALS = Signal(
    "Calls by principal",
    f"Calls per second of the {TOP} principals that call most: a claim of their token, or a keyed"
    " hash of it. Only where the proxy is configured for it (--principal-claim or"
    " MCP_PROXY_PRINCIPAL_KEY).",
    "reqps",
    by_label(top(clients.PRINCIPALS.rate(SELECTED, by=("principal",))), "principal"),
    no_value_text="not asked for",
)
HERE = Signal(
    "Calls by client",
    f"Calls per second of the {TOP} busiest clients, by the name that each declares. A sudden rise"
    " of one is an agent in a loop.",
    "reqps",
    _highest(clients.call_rate(SELECTED, CLIENT)),
    links=(TO_CLIENT,),
)
FAILING_HERE = Signal(
    "Error ratio by client",
    f"Failed calls as a share of all calls, of the {TOP} clients that fail most. If one fails and"
    " others do not, its requests are at fault; if all do, the server.",
    "percentunit",
    _highest(ratio(clients.failed_rate(SELECTED, CLIENT), clients.call_rate(SELECTED, CLIENT))),
    limits.ERRORS,
    links=(TO_CLIENT, TO_CLIENT_TRACES),
)
