"""Rules that restore classic histograms, where Prometheus stores native ones with custom buckets.

Boards and rules read classic histograms. Prometheus stores them as native ones, without `_bucket`,
`_count` and `_sum`, with `convert_classic_histograms_to_nhcb` (scrapes) or
`otlp.convert_histograms_to_nhcb`, and where a remote writer did so before.
"""

import re
from collections.abc import Iterator

from dashboards import load_metrics
from dashboards.bundles import MonitoringBundle
from dashboards.promql.expression import number
from dashboards.queries import bundle_queries
from dashboards.third_party_metrics import HTTP_BOUNDS, HTTP_DURATION
from proxy.telemetry import catalogue
from proxy.telemetry.catalogue import Instrument

INTERVAL = "1m"
"""As often as the recordings that read them."""

BOUNDS = {
    **{
        each.family: each.buckets
        for each in (*catalogue.METRICS, *load_metrics.METRICS)
        if each.instrument is Instrument.HISTOGRAM
    },
    HTTP_DURATION.name.removesuffix("_bucket"): HTTP_BOUNDS,
}
"""Histograms that boards and rules read, with the bounds of their buckets."""


def restored(bundle: MonitoringBundle) -> list[dict[str, object]]:
    """The recording rules of the classic series that the bundle reads."""
    read = {word for query in bundle_queries(bundle) for word in re.findall(r"\w+", query.expr)}
    return [rule for family in BOUNDS for rule in _rules(family) if rule["record"] in read]


def _rules(family: str) -> Iterator[dict[str, object]]:
    for part in ("count", "sum"):
        yield {"record": f"{family}_{part}", "expr": f"histogram_{part}({family})"}
    for bound in BOUNDS[family]:
        yield _bucket(family, f"{bound:.12g}", _up_to(family, bound))
    yield _bucket(family, "+Inf", f"histogram_count({family})")


def _bucket(family: str, bound: str, expr: str) -> dict[str, object]:
    return {"record": f"{family}_bucket", "expr": expr, "labels": {"le": bound}}


def _up_to(family: str, bound: float) -> str:
    """Observations up to a bound. The fraction of none is NaN, and that of many is inexact.

    Without rounding, a count that stays the same would seem to fall, which is a counter's reset.
    """
    count = f"histogram_count({family})"
    share = f"histogram_fraction(-Inf, {number(bound)}, {family})"
    return f"round({share} * {count}) >= 0 or {count}"
