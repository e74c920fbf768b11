"""Calls, latency and sizes of any number of servers and days, by what rules recorded of each.

Twins of signals that read every sample: boards about one server have those, boards about all of
them have these.
"""

from dataclasses import replace

from dashboards import limits
from dashboards.links import TO_COST
from dashboards.promql import Match, quantile, ratio, with_exemplars
from dashboards.recording import Recording
from dashboards.recordings import (
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
from dashboards.series import SELECTED, Source, at_most
from dashboards.signal import EACH_SERVER, WHO, Query, Signal
from dashboards.signals import calls, proxies
from dashboards.signals.fleet import TOP
from proxy.telemetry.catalogue import REQUEST_DURATION

_OVER = " Over 5 minutes, as recorded."


def requests(*where: Match, by: tuple[str, ...] = ()) -> str:
    """Requests per second."""
    return REQUESTS.series.now(SELECTED, *where, by=by)


def quantile_of(buckets: Recording, q: float, by: tuple[str, ...] = ()) -> str:
    """The q-quantile of what is in recorded buckets."""
    return quantile(q, buckets.series.now(SELECTED, by=("le", *by)))


def mean_time(by: tuple[str, ...] = ()) -> str:
    """Mean seconds of a call, of those whose durations are known."""
    return _mean(CALL_SECONDS, LATENCY_BUCKETS, by)


def added(by: tuple[str, ...] = ()) -> str:
    """Mean seconds that a request spent in the proxy."""
    return _mean(OVERHEAD_SECONDS, OVERHEAD_BUCKETS, by)


def share(by: tuple[str, ...] = ()) -> str:
    """The proxy's part of the time that calls took, by the means: see `proxies.share`."""
    return ratio(added(by), f"({mean_time(by)})")


def cpu_per_call(by: tuple[str, ...] = ()) -> str:
    """Seconds of CPU that the proxies spend for each call."""
    return ratio(PROXY_CPU.series.now(SELECTED, by=by), CALL_RATE.series.now(SELECTED, by=by))


def _mean(total: Recording, buckets: Recording, by: tuple[str, ...]) -> str:
    """Both of one histogram, so that they are of the same observations."""
    return ratio(total.series.now(SELECTED, by=by), buckets.series.now(SELECTED, calls.ALL, by=by))


def _quantiles(buckets: Recording, *at: float) -> tuple[Query, ...]:
    return tuple(Query(quantile_of(buckets, q), f"p{q * 100:g}") for q in at)


def _slow(seconds: float) -> Query:
    within = LATENCY_BUCKETS.series.now(SELECTED, at_most(REQUEST_DURATION, seconds))
    every = LATENCY_BUCKETS.series.now(SELECTED, calls.ALL)
    return Query(f"1 - {ratio(within, every)}", f"over {seconds:g} s")


RATE_BY_METHOD = replace(
    calls.RATE_BY_METHOD,
    description=calls.RATE_BY_METHOD.description + _OVER,
    queries=(Query(requests(calls.IS_CALL, by=("mcp_method",)), "{{mcp_method}}"),),
)
STATUS_CODES = replace(
    calls.STATUS_CODES,
    description=calls.STATUS_CODES.description + _OVER,
    queries=(Query(requests(calls.IS_CALL, by=("status_code",)), "{{status_code}}"),),
)
_CALLS = calls.BUCKETS.select(SELECTED, calls.IS_CALL)
DURATIONS = replace(
    calls.DURATIONS,
    description="How many calls per second took how long, over 5 minutes, as recorded: the darker,"
    " the more. Two dark bands are two kinds of calls. A dot is one call; a click on it opens its"
    " trace.",
    queries=(
        Query(with_exemplars(LATENCY_BUCKETS.series.now(SELECTED, by=("le",)), _CALLS), "{{le}}"),
    ),
)
LATENCY = replace(
    calls.LATENCY,
    description="Time from a request's arrival to the end of its answer, streams not counted. p99"
    " far above p50: a few calls wait for something. A dot is one call; a click opens its trace."
    + _OVER,
    queries=tuple(
        Query(with_exemplars(quantile_of(LATENCY_BUCKETS, q), _CALLS), f"p{q * 100:g}")
        for q in (0.5, 0.95, 0.99)
    ),
    exemplars=True,
)
LATENCY_BY_TRANSPORT = Signal(
    "Latency p95 by transport",
    "95 of 100 calls are answered within this time, by the transport that the server speaks. stdio"
    f" far above streamable-http: its process answers one call after the other.{_OVER}",
    "s",
    (Query(quantile_of(LATENCY_BUCKETS, 0.95, ("transport",)), "{{transport}}"),),
    Source.PROXY,
    limits.LATENCY_SECONDS,
    fallback=replace(
        calls.MEAN,
        title="Mean latency by transport",
        queries=(Query(calls.mean(SELECTED, by=("transport",)), "{{transport}}"),),
    ),
)
LATENCY_BY_METHOD = replace(
    calls.LATENCY_BY_METHOD,
    description="95 of 100 calls of a method are answered within this time by the slowest of the"
    f" chosen servers. A slow initialize or tools/list makes every new client wait.{_OVER}",
    queries=(
        Query(
            METHOD_P95.series.now(SELECTED, by=("mcp_method",), operator="max"), "{{mcp_method}}"
        ),
    ),
)
SLOW = replace(
    calls.SLOW,
    description=calls.SLOW.description + _OVER,
    queries=tuple(map(_slow, (0.5, 2, 10))),
)
REQUEST_SIZE = Signal(
    "Size of requests",
    "As they arrived. p99 near the proxy's limit for a body (4 MiB unless set): the next larger"
    " request gets 413." + _OVER,
    "bytes",
    _quantiles(REQUEST_BUCKETS, 0.5, 0.99),
    Source.PROXY,
)
RESPONSE_SIZE = Signal(
    "Size of answers",
    "As the server gave them. Large ones cost the proxy CPU and fill the caller's model with text."
    + _OVER,
    "bytes",
    _quantiles(RESPONSE_BUCKETS, 0.5, 0.99),
    Source.PROXY,
)
FIRST_EVENT = Signal(
    "Time to the first event",
    "How long a caller waits for the first sign of a streamed answer. Far below the latency: the"
    " server reports progress; equal to it: the stream carries nothing but the answer." + _OVER,
    "s",
    _quantiles(FIRST_EVENT_BUCKETS, 0.5, 0.95),
    Source.PROXY,
)
OVERHEAD_TIME = replace(
    proxies.OVERHEAD_TIME,
    description=proxies.OVERHEAD_TIME.description + _OVER,
    queries=_quantiles(OVERHEAD_BUCKETS, 0.5, 0.99),
)
OVERHEAD_SHARE = replace(
    proxies.OVERHEAD_SHARE,
    description=f"{proxies.OVERHEAD_SHARE.description} Of the {TOP} servers where it is"
    f" highest.{_OVER}",
    queries=(Query(f"topk({TOP}, {share(EACH_SERVER)})", WHO),),
    links=(TO_COST,),
)
LOOP_LAG = replace(
    proxies.LOOP_LAG,
    description=f"{proxies.LOOP_LAG.description} Of the {TOP} servers where it is highest.{_OVER}",
    queries=(
        Query(
            f"topk({TOP}, {LOOP_LAG_P99.series.now(SELECTED, by=EACH_SERVER, operator='max')})", WHO
        ),
    ),
)
