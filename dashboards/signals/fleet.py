"""All servers beside each other, by what rules recorded: cheap for any number of them."""

from dashboards import limits, third_party_metrics
from dashboards.links import TO_FLEET, TO_LATENCY, TO_SERVER, TO_TOOLS
from dashboards.promql import aggregate, eq, or_zero, over_time, ratio
from dashboards.recording import Recording
from dashboards.recordings import CALL_RATE, ERROR_RATIO, LATENCY_BUCKETS, LATENCY_P95
from dashboards.recordings import OUTCOMES as RECORDED_OUTCOMES
from dashboards.series import EVERYTHING, SELECTED, SELECTED_RANGE, Source
from dashboards.signal import EACH_SERVER, WHO, Query, Signal
from dashboards.signals import calls, proxies
from dashboards.signals.freshness import SEEN
from dashboards.signals.slis import OURS
from proxy.telemetry.catalogue import Fault

TOP = 10
"""As many lines and bars as can be told apart."""

_UPSTREAM = proxies.UP.now(SELECTED, by=EACH_SERVER, operator="min")
_FIRING = third_party_metrics.ALERTS.now(SELECTED, *OURS, by=EACH_SERVER, operator="count")
_DOWN = ((0, "down"), (1, "up"))


def recorded(recording: Recording) -> str:
    """A recorded value of each chosen server."""
    return recording.series.now(SELECTED, by=EACH_SERVER, operator="max")


def _top(vector: str) -> str:
    return f"topk({TOP}, {vector})"


def _failed() -> str:
    """Failed calls per second of each chosen server."""
    return f"{recorded(ERROR_RATIO)} * {recorded(CALL_RATE)}"


DOWN = Signal(
    "Servers down",
    "MCP servers that some proxy cannot reach now. Every call to them ends in a transport error.",
    "short",
    (Query(f"count({_UPSTREAM} == 0) or vector(0)", "servers"),),
    Source.PROXY,
    limits.FIRING.with_reason("One is enough: its callers get nothing."),
    links=(TO_FLEET,),
)
CALLS = Signal(
    "Calls",
    "MCP calls per second of all chosen servers, over 5 minutes, as recorded. A fall to nothing"
    " while agents work means that they cannot get through.",
    "reqps",
    (Query(f"sum({recorded(CALL_RATE)})", "calls"),),
    Source.PROXY,
    no_value_text="no calls",
)
ERRORS = Signal(
    "Error ratio",
    "Failed calls of all calls, over all chosen servers and 5 minutes, as recorded. High: see"
    " which server it is.",
    "percentunit",
    (Query(ratio(f"sum({_failed()})", f"sum({recorded(CALL_RATE)})"), "errors"),),
    Source.PROXY,
    limits.ERRORS,
    no_value_text="no calls",
    links=(TO_FLEET,),
)
SLOWEST_P95 = Signal(
    "p95 of the slowest server",
    "95 of 100 calls to the slowest of the chosen servers were answered within this time, over 5"
    " minutes, as recorded. High: see which server it is.",
    "s",
    (Query(f"max({recorded(LATENCY_P95)})", "p95"),),
    Source.PROXY,
    limits.LATENCY_SECONDS,
    no_value_text="no calls",
    links=(TO_FLEET,),
    fallback=Signal(
        "Mean of the slowest server",
        "The mean time of a call to the slowest of the chosen servers. High: see which server it"
        " is.",
        "s",
        (Query(f"max({calls.mean(SELECTED, EACH_SERVER)})", "mean"),),
        Source.PROXY,
        no_value_text="no calls",
        links=(TO_FLEET,),
    ),
)
TABLE = Signal(
    "Servers",
    "Every chosen server, those with alerts first. A click on a name leads to the server, its tools"
    " and its latency. Upstream and sessions are told by our proxy only.",
    "short",
    (
        Query(or_zero(_FIRING, f"({SEEN})"), "Alerts", limit=limits.FIRING),
        Query(_UPSTREAM, "Upstream", limit=limits.UPSTREAM, value_mappings=_DOWN),
        Query(recorded(CALL_RATE), "Calls", "reqps"),
        Query(recorded(ERROR_RATIO), "Error ratio", "percentunit", limits.ERRORS),
        Query(recorded(LATENCY_P95), "p95", "s", limits.LATENCY_SECONDS),
        Query(proxies.SESSIONS.now(SELECTED, by=EACH_SERVER), "Sessions"),
    ),
    Source.PROXY,
    keys=EACH_SERVER,
    links=(TO_SERVER, TO_TOOLS, TO_LATENCY),
)
NEEDY = Signal(
    "Servers that need you",
    "Every server, those with alerts first. A click on a name opens it.",
    "short",
    tuple(each for each in TABLE.queries if each.name not in ("Calls", "Sessions")),
    Source.PROXY,
    keys=EACH_SERVER,
    links=(TO_SERVER,),
)
BUSIEST = Signal(
    "Busiest servers",
    f"The {TOP} servers with the most calls per second, over all the time shown. One far above its"
    " usual place is called by a loop.",
    "reqps",
    (
        Query(
            _top(over_time("avg", CALL_RATE.series.select(SELECTED_RANGE), SELECTED_RANGE.window)),
            WHO,
        ),
    ),
    Source.PROXY,
    no_value_text="no calls",
    links=(TO_SERVER,),
)
RATES = Signal(
    "Calls by server",
    f"MCP calls per second of the {TOP} busiest servers. One that falls while the others do not is"
    " in trouble itself.",
    "reqps",
    (Query(_top(recorded(CALL_RATE)), WHO),),
    Source.PROXY,
    links=(TO_SERVER,),
)
ERROR_RATIOS = Signal(
    "Error ratio by server",
    f"Failed calls of all calls, of the {TOP} servers that fail most. All at once: look at what"
    " they share, the network or the cluster.",
    "percentunit",
    (Query(_top(recorded(ERROR_RATIO)), WHO),),
    Source.PROXY,
    limits.ERRORS,
    links=(TO_SERVER,),
)
LATENCIES = Signal(
    "Latency p95 by server",
    f"95 of 100 calls are answered within this time, of the {TOP} slowest servers.",
    "s",
    (Query(_top(recorded(LATENCY_P95)), WHO),),
    Source.PROXY,
    limits.LATENCY_SECONDS,
    links=(TO_SERVER, TO_LATENCY),
    fallback=Signal(
        "Mean latency by server",
        f"The mean time of a call, of the {TOP} slowest servers.",
        "s",
        (Query(_top(calls.mean(SELECTED, EACH_SERVER)), WHO),),
        Source.PROXY,
        links=(TO_SERVER, TO_LATENCY),
    ),
)
OUTCOMES = Signal(
    "Calls by outcome",
    f"{calls.OUTCOME_RATE.description} Over 5 minutes, as recorded.",
    "reqps",
    (Query(RECORDED_OUTCOMES.series.now(SELECTED, by=("outcome",)), "{{outcome}}"),),
    Source.PROXY,
)


def fault(fault: Fault) -> Query:
    """Failed calls of all calls, by this fault."""
    series = RECORDED_OUTCOMES.series
    every = series.now(SELECTED)
    return Query(ratio(or_zero(series.now(SELECTED, eq("fault", fault)), every), every), fault)


FAULTS = Signal(
    "Errors by fault",
    f"{calls.FAULT_RATIO.description} Over 5 minutes, as recorded.",
    "percentunit",
    tuple(fault(each) for each in Fault if each is not Fault.NONE),
    Source.PROXY,
    limits.ERRORS,
)
DURATIONS = Signal(
    "Durations",
    "How many calls per second took how long, over 5 minutes, as recorded: the darker, the more."
    " Two dark bands are two kinds of calls.",
    "s",
    (Query(LATENCY_BUCKETS.series.now(SELECTED, by=("le",)), "{{le}}"),),
    Source.PROXY,
    no_value_text="no calls",
)
OPEN_SESSIONS = Signal(
    "Sessions by server",
    f"Open MCP sessions of the {TOP} servers that have most. A line that only rises is clients that"
    " never end their sessions.",
    "short",
    (Query(_top(proxies.SESSIONS.now(SELECTED, by=EACH_SERVER)), WHO),),
    Source.PROXY,
    links=(TO_SERVER,),
)

_ALERT = ("alertname", "severity", *EACH_SERVER)
_NOW = third_party_metrics.ALERTS.now(EVERYTHING, *OURS, by=_ALERT, operator="group")
_SINCE = third_party_metrics.ALERTS_SINCE.now(EVERYTHING, OURS[0], by=_ALERT, operator="min")
_NONE = 'label_replace(vector(0), "alertname", "none fires", "", "")'
ALERTS = Signal(
    "Firing alerts",
    "MCP alerts that fire now, the oldest first, with the server that each is about. The runbook"
    " has a heading for each.",
    "s",
    (
        Query(
            f"time() - ({_SINCE} and {_NOW}) or ({_NONE} unless on () {aggregate('group', _NOW)})",
            "Firing for",
        ),
    ),
    Source.PROMETHEUS,
    keys=_ALERT,
    links=(TO_SERVER,),
)
