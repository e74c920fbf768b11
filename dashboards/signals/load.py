"""A load test: how much is carried, how well, and what gives way first."""

from dataclasses import replace

from dashboards import limits
from dashboards.promql import like, over_time, ratio
from dashboards.series import CHOSEN, Source
from dashboards.signal import Answer, Signal
from dashboards.signals import calls, cost, proxies
from dashboards.thresholds import DEFAULTS
from proxy.telemetry.catalogue import Outcome

_SAMPLED = "$__range:$__interval"
_RATE = calls.call_rate(CHOSEN)
_FAST = f"({calls.latency(0.95, CHOSEN)}) <= {limits.LATENCY_SECONDS.critical:g}"
_LOST = DEFAULTS.lost_ratio
_BY_LOAD = like("outcome", "|".join((Outcome.TRANSPORT_ERROR, Outcome.TIMEOUT, Outcome.REJECTED)))
_LOSING = f"{ratio(calls.OUTCOMES.rate(CHOSEN, _BY_LOAD), calls.OUTCOMES.rate(CHOSEN))} > {_LOST:g}"
_WELL = f"{_RATE} and ({_FAST}) unless ({_LOSING})"

CARRIED = Signal(
    "Most carried well",
    "The highest rate in the time shown at which p95 stayed within"
    f" {limits.LATENCY_SECONDS.critical:g} s and at most {_LOST:.0%} of the calls were lost, late"
    " or turned away: the capacity, if the load was raised until it gave way.",
    "reqps",
    (
        Answer(
            over_time("max", f"({_RATE} and ({_FAST}) unless ({_LOSING}))", _SAMPLED), "capacity"
        ),
    ),
    Source.PROXY,
    quiet="none",
)
PEAK = Signal(
    "Peak",
    "The highest rate in the time shown, however it was answered. Far above what was carried well:"
    " beyond that point more load only made it worse.",
    "reqps",
    (Answer(over_time("max", f"({_RATE})", _SAMPLED), "peak"),),
    Source.PROXY,
    quiet="no calls",
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
        Answer(proxies.CONNECTIONS.now(CHOSEN), "connections"),
        Answer(proxies.SESSIONS.now(CHOSEN), "sessions"),
    ),
    Source.PROXY,
    instead=proxies.OPEN_CONNECTIONS,
)
IN_FLIGHT = Signal(
    "Calls in flight",
    "Mean number of calls under way, by Little's law: rate times mean time. Rising faster than the"
    " rate: they wait.",
    "short",
    (Answer(cost.IN_FLIGHT, "in flight"),),
    Source.PROXY,
    quiet="no calls",
)
ERRORS = Signal(
    "Error ratio",
    "Failed calls of all calls. The first errors under load are often timeouts or refusals.",
    "percentunit",
    (Answer(calls.error_ratio(CHOSEN), "errors"),),
    Source.PROXY,
    limits.ERRORS,
    quiet="no calls",
)
