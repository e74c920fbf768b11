"""A load test: how much is carried, how well, and what saturates first."""

from dataclasses import replace

from dashboards import limits
from dashboards.expressions import calls, proxies
from dashboards.promql.expression import Paren
from dashboards.promql.functions import or_zero, over_time, ratio
from dashboards.promql.scope import EACH_SERVER, SELECTED, eq, like
from dashboards.signal import SERVER_LEGEND, Query, Signal
from dashboards.signals import cost
from dashboards.signals.calls import RATE as CALL_RATE
from dashboards.signals.proxies import OPEN_CONNECTIONS
from dashboards.thresholds import DEFAULTS
from proxy.telemetry.catalogue import Outcome

_SAMPLED = "$__range:$__interval"
_LATENCY = limits.LATENCY_SECONDS.critical
_RATE = calls.call_rate(SELECTED)
_FAST = Paren(calls.latency(0.95, SELECTED)) <= _LATENCY
_BY_LOAD = like("outcome", "|".join((Outcome.TRANSPORT_ERROR, Outcome.TIMEOUT, Outcome.REJECTED)))
_LOST = ratio(calls.OUTCOMES.rate(SELECTED, _BY_LOAD), calls.OUTCOMES.rate(SELECTED))
_WELL = (_RATE & Paren(_FAST)).unless(Paren(_LOST > DEFAULTS.lost_ratio))

CARRIED = Signal(
    "Highest sustained rate",
    f"The highest rate in the time range at which p95 stayed within {_LATENCY:g} s"
    "{few_calls_lost}: the capacity, if the load was raised until it failed.",
    "reqps",
    (Query(over_time("max", _WELL, _SAMPLED), "capacity"),),
    no_value_text="none",
)
PEAK = Signal(
    "Peak rate",
    "The highest rate in the time range, regardless of the responses. If it is far above the"
    " highest sustained rate, more load beyond that point only made things worse.",
    "reqps",
    (Query(over_time("max", _RATE, _SAMPLED), "peak"),),
    no_value_text="no calls",
)
RATE = replace(
    CALL_RATE,
    description="MCP calls handled per second. If flat while the generator sends more, this is the"
    " limit; see below what is saturated.",
)
CONNECTIONS = Signal(
    "Connections and sessions",
    "What the generator keeps open: its concurrency. If it rises at a flat rate, calls queue.",
    "short",
    (
        Query(proxies.CONNECTIONS.now(SELECTED), "connections"),
        Query(proxies.SESSIONS.now(SELECTED), "sessions"),
    ),
    fallback=OPEN_CONNECTIONS,
)
IN_FLIGHT = Signal(
    "Calls in flight",
    "Mean number of calls under way, by Little's law: rate times mean time. If it rises faster than"
    " the rate, calls wait.",
    "short",
    (Query(calls.in_flight(), "in flight"),),
    no_value_text="no calls",
)
ERRORS = Signal(
    "Error ratio",
    "Failed calls as a share of all calls. The first errors under load are often timeouts or"
    " rejections.",
    "percentunit",
    (Query(calls.error_ratio(SELECTED), "errors"),),
    limits.ERRORS,
    no_value_text="no calls",
)


def _unanswered(outcome: Outcome) -> Query:
    failed = calls.OUTCOMES.rate(SELECTED, eq("outcome", outcome), by=EACH_SERVER)
    return Query(or_zero(failed, proxies.present(SELECTED)), outcome.replace("_", " "))


SERVER_TIME = replace(
    cost.SERVER_TIME,
    title="Time behind the proxy",
    description="Mean time of a call without the proxy's part. If it rises with the load, the"
    " server is what saturates.",
    queries=(
        Query(calls.mean(SELECTED, by=EACH_SERVER) - proxies.overhead(EACH_SERVER), SERVER_LEGEND),
    ),
)
UPSTREAM_ERRORS = replace(
    cost.UPSTREAM_ERRORS,
    description="Calls per second that got no response: the connection failed, or the server took"
    " too long. The proxy only reports it: check the server, then the network.",
    queries=tuple(map(_unanswered, (Outcome.TRANSPORT_ERROR, Outcome.TIMEOUT))),
)
