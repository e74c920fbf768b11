"""Sends the figures of a running load test by OTLP, for the dashboard MCP / Load test."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import requests
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, Resource

from dashboards import load_metrics as metrics
from dashboards.cli_text import cause, one_line
from lab.arguments import UsageError
from lab.load.statistics import CallStatistics
from proxy.telemetry.catalogue import Metric

EXPORT_SECONDS = 1.0
TIMEOUT_SECONDS = 2.0

Labels = Mapping[str, str]
Values = Callable[[], Iterable[tuple[float, Labels]]]


def check_endpoint(url: str) -> None:
    """Send an export request without data. Raises UsageError unless it is accepted."""
    try:
        response = _http().post(
            url, headers={"Content-Type": "application/x-protobuf"}, timeout=TIMEOUT_SECONDS
        )
    except requests.RequestException as wrong:
        raise UsageError(f"--metrics {url}: {cause(wrong)}") from wrong
    if not response.ok:
        text = one_line(response.text)[:100]
        raise UsageError(f"--metrics {url}: no metrics by OTLP/HTTP: {response.status_code} {text}")


@contextmanager
def exported(statistics: CallStatistics, url: str, labels: Labels) -> Iterator[None]:
    """Export what the statistics counts every second, and a last time when the block is left."""
    # An endpoint that is lost during the test leaves a gap on the dashboard, and no log lines.
    logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
    exporter = OTLPMetricExporter(url, timeout=TIMEOUT_SECONDS, session=_http())
    provider = MeterProvider(
        (PeriodicExportingMetricReader(exporter, export_interval_millis=EXPORT_SECONDS * 1000),),
        Resource.create({SERVICE_NAME: "lab.load", SERVICE_INSTANCE_ID: str(os.getpid())}),
        shutdown_on_exit=False,
    )
    try:
        _register(provider.get_meter("lab.load"), statistics, labels)
        yield
    finally:
        provider.shutdown(timeout_millis=TIMEOUT_SECONDS * 1000)


def _register(meter: Meter, statistics: CallStatistics, labels: Labels) -> None:
    """Create the instruments; the counters and gauges read the statistics at each export."""

    def latest(value: Callable[[], int]) -> Values:
        return lambda: ((value(), labels),)

    def outcomes() -> Iterable[tuple[float, Labels]]:
        for outcome, number in statistics.outcomes().items():
            yield number, {**labels, "outcome": outcome.value}

    for metric, values in (
        (metrics.DUE, latest(lambda: statistics.due)),
        (metrics.SENT, latest(lambda: statistics.sent)),
        (metrics.CALLS, outcomes),
    ):
        meter.create_observable_counter(metric.name, [_callback(values)], metric.unit, metric.brief)
    for metric, value in (
        (metrics.IN_FLIGHT, lambda: statistics.in_flight),
        (metrics.WAITING, lambda: statistics.waiting),
    ):
        meter.create_observable_gauge(
            metric.name, [_callback(latest(value))], metric.unit, metric.brief
        )
    statistics.latency.observer = _histogram(meter, metrics.LATENCY, labels)
    statistics.lag.observer = _histogram(meter, metrics.LAG, labels)


def _callback(values: Values) -> Callable[[CallbackOptions], Iterable[Observation]]:
    return lambda _: [Observation(value, labels) for value, labels in values()]


def _histogram(meter: Meter, metric: Metric, labels: Labels) -> Callable[[float], None]:
    histogram = meter.create_histogram(
        metric.name,
        metric.unit,
        metric.brief,
        explicit_bucket_boundaries_advisory=metric.buckets,
    )
    return lambda seconds: histogram.record(seconds, labels)


def _http() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session
