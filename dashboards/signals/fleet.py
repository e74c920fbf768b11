"""All servers side by side, from recorded series: cheap for any number of them."""

from dashboards import limits
from dashboards import third_party_metrics as metrics
from dashboards.expressions import calls, proxies
from dashboards.links import TO_FLEET, TO_LATENCY, TO_SERVER, TO_TOOLS
from dashboards.promql.expression import Call, Expr, Number, Paren, Replace
from dashboards.promql.functions import (
    TOP,
    aggregate,
    or_zero,
    ratio,
    seconds_since,
    top,
    zero_if_none,
)
from dashboards.promql.scope import EACH_SERVER, EVERYTHING, SELECTED, eq
from dashboards.recordings.catalogue import CALL_RATE, ERROR_RATIO, LATENCY_BUCKETS, LATENCY_P95
from dashboards.recordings.catalogue import OUTCOMES as RECORDED_OUTCOMES
from dashboards.recordings.recording import Recording
from dashboards.signal import SERVER_LEGEND, Query, Signal
from dashboards.signals.calls import FAULT_RATIO, FAULTS, OUTCOME_RATE, by_label
from dashboards.signals.freshness import SEEN
from dashboards.signals.slis import FIRING_ALERTS, OUR_ALERTS
from proxy.telemetry.catalogue import Fault

_UPSTREAM = proxies.UP.now(SELECTED, by=EACH_SERVER, operator="min")
_FIRING = metrics.ALERTS.now(SELECTED, *FIRING_ALERTS, by=EACH_SERVER, operator="count")
_RECORDED = "Over 5 minutes, as recorded."


def recorded(recording: Recording) -> Expr:
    """A recorded value of each selected server."""
    return recording.series.now(SELECTED, by=EACH_SERVER, operator="max")


def highest(vector: Expr) -> tuple[Query]:
    """The servers with the highest values."""
    return (Query(top(vector), SERVER_LEGEND),)


DOWN = Signal(
    "Servers down",
    "MCP servers that some proxy cannot reach now. Every call to them ends in a transport error.",
    "short",
    (Query(zero_if_none(aggregate("count", _UPSTREAM.equals(0))), "servers"),),
    limits.FIRING.with_reason("One is enough: its callers get no response."),
    links=(TO_FLEET,),
)
CALLS = Signal(
    "Calls",
    f"MCP calls per second of all selected servers. {_RECORDED} If this drops to zero while agents"
    " work, they cannot reach the servers.",
    "reqps",
    (Query(aggregate("sum", recorded(CALL_RATE)), "calls"),),
    no_value_text="no calls",
)
ERRORS = Signal(
    "Error ratio",
    f"Failed calls as a share of all calls, over all selected servers. {_RECORDED} If high, see"
    " which server it is.",
    "percentunit",
    (
        Query(
            ratio(
                aggregate("sum", recorded(ERROR_RATIO) * recorded(CALL_RATE)),
                aggregate("sum", recorded(CALL_RATE)),
            ),
            "errors",
        ),
    ),
    limits.ERRORS,
    no_value_text="no calls",
    links=(TO_FLEET,),
)
SLOWEST_P95 = Signal(
    "p95 of the slowest server",
    "95 % of the calls to the slowest of the selected servers completed within this time."
    f" {_RECORDED} If high, see which server it is.",
    "s",
    (Query(aggregate("max", recorded(LATENCY_P95)), "p95"),),
    limits.LATENCY_SECONDS,
    no_value_text="no calls",
    links=(TO_FLEET,),
    fallback=Signal(
        "Mean of the slowest server",
        "The mean time of a call to the slowest of the selected servers. If high, see which server"
        " it is.",
        "s",
        (Query(aggregate("max", calls.mean(SELECTED, EACH_SERVER)), "mean"),),
        no_value_text="no calls",
        links=(TO_FLEET,),
    ),
)
TABLE = Signal(
    "Servers",
    "Every selected server, those with alerts first. Click a name to open the server, its tools or"
    " its latency. {own_columns}",
    "short",
    (
        Query(or_zero(_FIRING, Paren(SEEN)), "Alerts", limit=limits.FIRING),
        Query(
            _UPSTREAM, "Upstream", limit=limits.UPSTREAM, value_mappings=((0, "down"), (1, "up"))
        ),
        Query(recorded(CALL_RATE), "Calls", "reqps"),
        Query(recorded(ERROR_RATIO), "Error ratio", "percentunit", limits.ERRORS),
        Query(recorded(LATENCY_P95), "p95", "s", limits.LATENCY_SECONDS),
        Query(proxies.SESSIONS.now(SELECTED, by=EACH_SERVER), "Sessions"),
    ),
    keys=EACH_SERVER,
    links=(TO_SERVER, TO_TOOLS, TO_LATENCY),
)
NEEDY = Signal(
    "Servers that need attention",
    "Every server, those with alerts first. Click a name to open it.",
    "short",
    tuple(each for each in TABLE.queries if each.name not in ("Calls", "Sessions")),
    keys=EACH_SERVER,
    links=(TO_SERVER,),
)
BUSIEST = Signal(
    "Busiest servers",
    f"The {TOP} servers with the most calls per second. {_RECORDED} One far above its usual rate"
    " may be called in a loop.",
    "reqps",
    highest(recorded(CALL_RATE)),
    no_value_text="no calls",
    links=(TO_SERVER,),
)
RATES = Signal(
    "Calls by server",
    f"MCP calls per second of the {TOP} busiest servers. If one drops while the others do not, the"
    " problem is that server's.",
    "reqps",
    highest(recorded(CALL_RATE)),
    links=(TO_SERVER,),
)
ERROR_RATIOS = Signal(
    "Error ratio by server",
    f"Failed calls as a share of all calls, of the {TOP} servers that fail most. If all rise at"
    " once, check what they share: the network or the cluster.",
    "percentunit",
    highest(recorded(ERROR_RATIO)),
    limits.ERRORS,
    links=(TO_SERVER,),
)
LATENCIES = Signal(
    "Latency p95 by server",
    f"95 % of calls complete within this time, of the {TOP} slowest servers.",
    "s",
    highest(recorded(LATENCY_P95)),
    limits.LATENCY_SECONDS,
    links=(TO_SERVER, TO_LATENCY),
    fallback=Signal(
        "Mean latency by server",
        f"The mean time of a call, of the {TOP} slowest servers.",
        "s",
        highest(calls.mean(SELECTED, EACH_SERVER)),
        links=(TO_SERVER, TO_LATENCY),
    ),
)
_P95 = recorded(LATENCY_P95)
_YESTERDAY = aggregate("max", LATENCY_P95.series.select(SELECTED).ago("1d"), EACH_SERVER)
AGAINST_YESTERDAY = Signal(
    "Latency against yesterday",
    "p95 of each server now, divided by what it was a day ago at this time. Over 5 minutes, as"
    " recorded. 2 is twice as slow. 1 where there is no data from yesterday.",
    "short",
    (Query(ratio(_P95, _YESTERDAY | _P95), SERVER_LEGEND),),
    no_value_text="no calls",
    links=(TO_SERVER,),
)
OUTCOMES = Signal(
    "Calls by outcome",
    f"{OUTCOME_RATE.description} {_RECORDED}",
    "reqps",
    by_label(RECORDED_OUTCOMES.series.now(SELECTED, by=("outcome",)), "outcome"),
)


def fault(fault: Fault) -> Query:
    """Failed calls of all calls, by this fault."""
    series = RECORDED_OUTCOMES.series
    every = series.now(SELECTED)
    return Query(ratio(or_zero(series.now(SELECTED, eq("fault", fault)), every), every), fault)


FAULT_RATIOS = Signal(
    "Errors by fault",
    f"{FAULT_RATIO.description} {_RECORDED}",
    "percentunit",
    tuple(map(fault, FAULTS)),
    limits.ERRORS,
)
DURATIONS = Signal(
    "Durations",
    f"How long calls took, in calls per second: darker means more. {_RECORDED} Two dark bands mean"
    " two kinds of calls.",
    "s",
    by_label(LATENCY_BUCKETS.series.now(SELECTED, by=("le",)), "le"),
    no_value_text="no calls",
)
OPEN_SESSIONS = Signal(
    "Sessions by server",
    f"Open MCP sessions of the {TOP} servers that have most. If a line keeps rising, clients never"
    " end their sessions.",
    "short",
    highest(proxies.SESSIONS.now(SELECTED, by=EACH_SERVER)),
    links=(TO_SERVER,),
)

_ALERT = ("alertname", "severity", *EACH_SERVER)
_NOW = metrics.ALERTS.now(EVERYTHING, *FIRING_ALERTS, by=_ALERT, operator="group")
_SINCE = metrics.ALERTS_SINCE.now(EVERYTHING, OUR_ALERTS, by=_ALERT, operator="min")
_NONE = Replace(Call("vector", (Number(0),)), "alertname", "none fires", "", "")
ALERTS = Signal(
    "Firing alerts",
    "MCP alerts that fire now, the oldest first, with the server that each is about. The runbook"
    " has a section for each.",
    "s",
    (
        Query(
            seconds_since(_SINCE & _NOW) | Paren(_NONE.unless(aggregate("group", _NOW), on=())),
            "Firing for",
            value_mappings=((0, "-"),),
        ),
    ),
    keys=_ALERT,
    links=(TO_SERVER,),
)
