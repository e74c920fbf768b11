"""Ask each hop of a running pipeline for the names of the series that it has."""

import re
from collections.abc import Iterable

import requests

from dashboards.promql import series
from lab.hops import Seen, why
from lab.pipeline import Pipeline
from lab.prometheus_api import TIMEOUT_SECONDS, Prometheus, QueryRefused
from proxy.telemetry.catalogue import METRICS, Instrument, Metric
from stacks.architectures import MetricsIngestion

_SAMPLE = re.compile(r"^[a-zA-Z_:][\w:]*", re.MULTILINE)


def blame(pipeline: Pipeline, exprs: Iterable[str]) -> tuple[str, ...]:
    """For each expression without data, the series it lacks and the first hop without them.

    Raises Unreachable when Prometheus does not answer.
    """
    seen = look(pipeline)

    def matched(selector: str) -> bool:
        try:
            return bool(pipeline.prometheus.query(f"count({selector})"))
        except QueryRefused:
            return False

    return tuple(why(each, seen, matched) for each in exprs)


def look(pipeline: Pipeline) -> Seen:
    """What every hop has now; a part that does not answer has nothing."""
    targets = pipeline.prometheus.targets()
    return Seen(
        emitted=frozenset(name for metric in METRICS for name in names(metric)),
        exposed=_names(front.metrics_url for front in (*pipeline.fronts, *pipeline.faulty)),
        pushed=pipeline.architecture.metrics_ingestion is MetricsIngestion.PUSHED,
        collected=_names([pipeline.collected]) if pipeline.collected else None,
        targets=targets,
        scraped=_names(each.url for each in targets),
        stored=frozenset(pipeline.prometheus.names()),
        rules=_recordings(pipeline.prometheus),
    )


def names(metric: Metric) -> tuple[str, ...]:
    """The names of a metric's series; a histogram has three."""
    if metric.instrument is not Instrument.HISTOGRAM:
        return (metric.series,)
    kinds = (series.buckets, series.count, series.total)
    return tuple(kind(metric).name for kind in kinds)


def _names(urls: Iterable[str]) -> frozenset[str]:
    return frozenset(name for url in urls for name in _SAMPLE.findall(_page(url)))


def _page(url: str) -> str:
    with requests.Session() as http:
        http.trust_env = False
        try:
            response = http.get(url, timeout=TIMEOUT_SECONDS)
        except requests.RequestException:
            return ""
    return response.text if response.ok else ""


def _recordings(prometheus: Prometheus) -> dict[str, str]:
    return {each.name: each.expr for each in prometheus.rules() if each.kind == "recording"}
