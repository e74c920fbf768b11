"""A load test: how much is carried, how well, and what gives way first."""

from dataclasses import replace

from dashboards import limits
from dashboards.promql import like, over_time, ratio
from dashboards.series import SELECTED, Source
from dashboards.signal import Query, Signal
from dashboards.signals import calls, cost, proxies
from dashboards.thresholds import DEFAULTS
from proxy.telemetry.catalogue import Outcome

_SAMPLED = "$__range:$__interval"
_RATE = calls.call_rate(SELECTED)
_FAST = f"({calls.latency(0.95, SELECTED)}) <= {limits.LATENCY_SECONDS.critical:g}"
_LOST = DEFAULTS.lost_ratio
_BY_LOAD = like("outcome", "|".join((Outcome.TRANSPORT_ERROR, Outcome.TIMEOUT, Outcome.REJECTED)))
_LOSING = (
    f"{ratio(calls.OUTCOMES.rate(SELECTED, _BY_LOAD), calls.OUTCOMES.rate(SELECTED))} > {_LOST:g}"
)
_WELL = f"{_RATE} and ({_FAST}) unless ({_LOSING})"

CARRIED = Signal(
    "Most carried well",
    "The highest rate in the time shown at which p95 stayed within"
    f" {limits.LATENCY_SECONDS.critical:g} s and at most {_LOST:.0%} of the calls were lost, late"
    " or turned away: the capacity, if the load was raised until it gave way.",
    "reqps",
    (Query(over_time("max", f"({_RATE} and ({_FAST}) unless ({_LOSING}))", _SAMPLED), "capacity"),),
    Source.PROXY,
    no_value_text="none",
)
PEAK = Signal(
    "Peak",
    "The highest rate in the time shown, however it was answered. Far above what was carried well:"
    " beyond that point more load only made it worse.",
    "reqps",
    (Query(over_time("max", f"({_RATE})", _SAMPLED), "peak"),),
    Source.PROXY,
    no_value_text="no calls",
)
RATE = replace(
    calls.RATE,
    description="MCP calls answered per second. Flat while the generator sends more: this is the"
    " limit; see below what is full.",
)
CONNECTIONS = Signal(
    "Connections and sessions",
    "What the generator keeps open: its concurrency. Rising at a flat rate: calls queue.",
    "short",
    (
        Query(proxies.CONNECTIONS.now(SELECTED), "connections"),
        Query(proxies.SESSIONS.now(SELECTED), "sessions"),
    ),
    Source.PROXY,
    fallback=proxies.OPEN_CONNECTIONS,
)
IN_FLIGHT = Signal(
    "Calls in flight",
    "Mean number of calls under way, by Little's law: rate times mean time. Rising faster than the"
    " rate: they wait.",
    "short",
    (Query(cost.IN_FLIGHT, "in flight"),),
    Source.PROXY,
    no_value_text="no calls",
)
ERRORS = Signal(
    "Error ratio",
    "Failed calls of all calls. The first errors under load are often timeouts or refusals.",
    "percentunit",
    (Query(calls.error_ratio(SELECTED), "errors"),),
    Source.PROXY,
    limits.ERRORS,
    no_value_text="no calls",
)
