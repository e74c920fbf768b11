"""How long callers wait: by quantile, against yesterday, and for whom."""

from dashboards import limits
from dashboards.links import TO_SERVER
from dashboards.promql import aggregate, ratio
from dashboards.recordings import LATENCY_BUCKETS, LATENCY_P95
from dashboards.series import SELECTED, Source
from dashboards.signal import EACH_SERVER, WHO, Query, Signal
from dashboards.signals import calls, fleet, recorded

_P95 = fleet.recorded(LATENCY_P95)
_YESTERDAY = aggregate("max", f"{LATENCY_P95.series.select(SELECTED)} offset 1d", EACH_SERVER)

QUANTILES = tuple(
    Signal(
        f"Latency p{q * 100:g}",
        f"{q * 100:g} of 100 calls are answered within this time, streams not counted, over 5"
        " minutes, as recorded.",
        "s",
        (Query(recorded.quantile_of(LATENCY_BUCKETS, q), f"p{q * 100:g}"),),
        Source.PROXY,
        limits.LATENCY_SECONDS,
        no_value_text="no calls",
        fallback=calls.MEAN if q == 0.95 else None,
    )
    for q in (0.5, 0.95, 0.99)
)
AGAINST_YESTERDAY = Signal(
    "Against yesterday",
    "p95 of each server now, divided by what it was a day ago at this time, both over 5 minutes,"
    " as recorded. 2 is twice as slow. 1 where nothing is known of yesterday.",
    "short",
    (Query(ratio(_P95, f"({_YESTERDAY} or {_P95})"), WHO),),
    Source.PROXY,
    no_value_text="no calls",
    links=(TO_SERVER,),
)
