"""Calls, latency and sizes of any number of servers and days, from recorded series.

Counterparts of signals that read every sample: boards about one server have those, boards about all
servers have these.
"""

from dataclasses import replace

from dashboards import limits
from dashboards.expressions import calls
from dashboards.links import TO_COST
from dashboards.promql.expression import Expr, Paren
from dashboards.promql.functions import TOP, ratio, with_exemplars
from dashboards.promql.scope import EACH_SERVER, SELECTED, Match
from dashboards.promql.series import By, at_most, quantile
from dashboards.recordings.catalogue import (
    CALL_RATE,
    CALL_SECONDS,
    FIRST_EVENT_BUCKETS,
    LATENCY_BUCKETS,
    LOOP_LAG_P99,
    METHOD_P95,
    OVERHEAD_BUCKETS,
    OVERHEAD_SECONDS,
    PROXY_CPU,
    REQUEST_BUCKETS,
    REQUESTS,
    RESPONSE_BUCKETS,
)
from dashboards.recordings.recording import Recording
from dashboards.signal import Query, Signal
from dashboards.signals import calls as of_one_server
from dashboards.signals import proxies
from dashboards.signals.calls import by_label
from dashboards.signals.fleet import highest, recorded
from proxy.telemetry.catalogue import REQUEST_DURATION

_OVER = " Over 5 minutes, as recorded."
_HIGHEST = f" The {TOP} servers with the highest values.{_OVER}"


def requests(*where: Match, by: By = ()) -> Expr:
    """Requests per second."""
    return REQUESTS.series.now(SELECTED, *where, by=by)


def quantile_of(buckets: Recording, q: float, by: By = ()) -> Expr:
    """The q-quantile of what is in recorded buckets."""
    return quantile(q, buckets.series.now(SELECTED, by=("le", *by)))


def quantiles(buckets: Recording, *at: float) -> tuple[Query, ...]:
    """Several quantiles of recorded buckets."""
    return tuple(Query(quantile_of(buckets, q), f"p{q * 100:g}") for q in at)


def mean_time(by: By = ()) -> Expr:
    """Mean seconds of a call, of those whose durations are known."""
    return _mean(CALL_SECONDS, LATENCY_BUCKETS, by)


def overhead(by: By = ()) -> Expr:
    """Mean seconds that a request spent in the proxy."""
    return _mean(OVERHEAD_SECONDS, OVERHEAD_BUCKETS, by)


def overhead_share(by: By = ()) -> Expr:
    """The proxy's part of the time that calls took, of the means as in `signals.proxies`."""
    return ratio(overhead(by), Paren(mean_time(by)))


def cpu_per_call(by: By = ()) -> Expr:
    """Seconds of CPU that the proxies spend for each call."""
    return ratio(PROXY_CPU.series.now(SELECTED, by=by), CALL_RATE.series.now(SELECTED, by=by))


def _mean(total: Recording, buckets: Recording, by: By) -> Expr:
    """Both of one histogram, so that they are of the same observations."""
    return ratio(total.series.now(SELECTED, by=by), buckets.series.now(SELECTED, calls.ALL, by=by))


def _slow(seconds: float) -> Query:
    within = LATENCY_BUCKETS.series.now(SELECTED, at_most(REQUEST_DURATION, seconds))
    every = LATENCY_BUCKETS.series.now(SELECTED, calls.ALL)
    return Query(1 - ratio(within, every), f"over {seconds:g} s")


def _as_recorded(signal: Signal, *queries: Query, about: str = _OVER) -> Signal:
    """The signal with recorded series in place of its own."""
    return replace(signal, description=signal.description + about, queries=queries)


RATE_BY_METHOD = _as_recorded(
    of_one_server.RATE_BY_METHOD,
    *by_label(requests(calls.IS_CALL, by=("mcp_method",)), "mcp_method"),
)
STATUS_CODES = _as_recorded(
    of_one_server.STATUS_CODES,
    *by_label(requests(calls.IS_CALL, by=("status_code",)), "status_code"),
)
_CALLS = calls.BUCKETS.select(SELECTED, calls.IS_CALL)
DURATIONS = replace(
    of_one_server.DURATIONS,
    description="How long calls took, in calls per second, over 5 minutes, as recorded: darker"
    " means more. Two dark bands mean two kinds of calls. {exemplars}",
    queries=by_label(
        with_exemplars(LATENCY_BUCKETS.series.now(SELECTED, by=("le",)), _CALLS), "le"
    ),
)
LATENCY = replace(
    of_one_server.LATENCY,
    description="Time from a request's arrival to the end of its response, excluding streams. If"
    " p99 is far above p50, a few calls wait for something. {exemplars}" + _OVER,
    queries=tuple(
        Query(with_exemplars(each.expr, _CALLS), each.name)
        for each in quantiles(LATENCY_BUCKETS, 0.5, 0.95, 0.99)
    ),
    exemplars=True,
)
LATENCY_BY_TRANSPORT = Signal(
    "Latency p95 by transport",
    "95 % of calls complete within this time, by the transport of the server. If stdio is far"
    f" above streamable-http, its process handles one call after the other.{_OVER}",
    "s",
    by_label(quantile_of(LATENCY_BUCKETS, 0.95, ("transport",)), "transport"),
    limits.LATENCY_SECONDS,
    fallback=replace(
        of_one_server.MEAN,
        title="Mean latency by transport",
        queries=by_label(calls.mean(SELECTED, by=("transport",)), "transport"),
    ),
)
LATENCY_BY_METHOD = replace(
    of_one_server.LATENCY_BY_METHOD,
    description="95 % of the calls of a method complete within this time on the slowest of the"
    " selected servers. If initialize or tools/list is slow, every new client"
    f" waits.{_OVER}",
    queries=by_label(
        METHOD_P95.series.now(SELECTED, by=("mcp_method",), operator="max"), "mcp_method"
    ),
)
SLOW = _as_recorded(of_one_server.SLOW, *map(_slow, (0.5, 2, 10)))
REQUEST_SIZE = Signal(
    "Size of requests",
    "As received. If p99 is near the proxy's body limit (4 MiB by default), larger requests get"
    " 413." + _OVER,
    "bytes",
    quantiles(REQUEST_BUCKETS, 0.5, 0.99),
)
RESPONSE_SIZE = Signal(
    "Size of responses",
    "As sent by the server. Large ones cost the proxy CPU and fill the caller's model with text."
    + _OVER,
    "bytes",
    quantiles(RESPONSE_BUCKETS, 0.5, 0.99),
)
FIRST_EVENT = Signal(
    "Time to the first event",
    "How long a caller waits for the first event of a streamed response. Far below the latency: the"
    " server reports progress; equal to it: the stream carries only the response." + _OVER,
    "s",
    quantiles(FIRST_EVENT_BUCKETS, 0.5, 0.95),
)
OVERHEAD_TIME = _as_recorded(proxies.OVERHEAD_TIME, *quantiles(OVERHEAD_BUCKETS, 0.5, 0.99))
OVERHEAD_SHARE = replace(
    _as_recorded(proxies.OVERHEAD_SHARE, *highest(overhead_share(EACH_SERVER)), about=_HIGHEST),
    links=(TO_COST,),
)
LOOP_LAG = _as_recorded(proxies.LOOP_LAG, *highest(recorded(LOOP_LAG_P99)), about=_HIGHEST)
QUANTILES = tuple(
    Signal(
        f"Latency {each.name}",
        f"{each.name.removeprefix('p')} % of calls complete within this time, excluding streams,"
        " over 5 minutes, as recorded.",
        "s",
        (each,),
        limits.LATENCY_SECONDS,
        no_value_text="no calls",
        fallback=of_one_server.MEAN if each.name == "p95" else None,
    )
    for each in quantiles(LATENCY_BUCKETS, 0.5, 0.95, 0.99)
)
