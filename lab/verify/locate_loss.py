"""Collect the series names at each hop of a running pipeline, and locate missing series."""

import re
from collections.abc import Iterable

from dashboards.promql import series
from lab.http_page import read_page
from lab.local.pipeline import Pipeline
from lab.prometheus_api import Prometheus, QueryRefused
from lab.verify.diagnosis import HopNames, explain
from proxy.telemetry.catalogue import METRICS, Instrument, Metric
from stacks.architectures import MetricsIngestion

_SAMPLE = re.compile(r"^[a-zA-Z_:][\w:]*", re.MULTILINE)


def locate_loss(pipeline: Pipeline, exprs: Iterable[str]) -> tuple[str, ...]:
    """For each expression without data, the missing series and the first hop without them.

    Raises Unreachable if Prometheus does not answer.
    """
    names = hop_names(pipeline)

    def matched(selector: str) -> bool:
        try:
            return bool(pipeline.prometheus.query(f"count({selector})"))
        except QueryRefused:
            return False

    return tuple(explain(each, names, matched) for each in exprs)


def hop_names(pipeline: Pipeline) -> HopNames:
    """The names at every hop now; none for a process that does not answer."""
    targets = pipeline.prometheus.targets()
    return HopNames(
        emitted=frozenset(name for metric in METRICS for name in series_names(metric)),
        exposed=_exposed(
            each.metrics_url for each in (*pipeline.endpoints, *pipeline.faulty_endpoints)
        ),
        pushed=pipeline.architecture.metrics_ingestion is MetricsIngestion.PUSHED,
        collected=_exposed([pipeline.collected]) if pipeline.collected else None,
        targets=targets,
        scraped=_exposed(each.url for each in targets),
        stored=frozenset(pipeline.prometheus.names()),
        rules=_recordings(pipeline.prometheus),
    )


def series_names(metric: Metric) -> tuple[str, ...]:
    """The names of a metric's series; a histogram has three."""
    if metric.instrument is not Instrument.HISTOGRAM:
        return (metric.series,)
    kinds = (series.buckets, series.count, series.total)
    return tuple(kind(metric).name for kind in kinds)


def _exposed(urls: Iterable[str]) -> frozenset[str]:
    return frozenset(name for url in urls for name in _SAMPLE.findall(read_page(url)))


def _recordings(prometheus: Prometheus) -> dict[str, str]:
    return {each.name: each.expr for each in prometheus.rules() if each.kind == "recording"}
