"""Ledger -> OpenTelemetry `MetricsData`, cumulative, for the official OTLP exporters.

Import it only where metrics are pushed: the SDK is slow to load.
"""

import time
from dataclasses import dataclass

from opentelemetry.sdk.metrics import Exemplar
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from proxy.telemetry import process
from proxy.telemetry.catalogue import SCOPE, SEMCONV_SCHEMA, Instrument
from proxy.telemetry.ledger import Distribution, Ledger
from proxy.telemetry.projection import Family, Point, families

_CUMULATIVE = AggregationTemporality.CUMULATIVE
_SCOPE = InstrumentationScope(SCOPE, schema_url=SEMCONV_SCHEMA)
_NANO = 1_000_000_000


def metrics_data(ledger: Ledger, resource: Resource) -> MetricsData:
    """All of the ledger now; may run in another thread than the event loop's."""
    span = _Span(ledger.start_unix_nanoseconds, time.time_ns())
    metrics = [span.metric(family) for family in families(ledger, process.read()) if family.points]
    scope = ScopeMetrics(_SCOPE, metrics, SEMCONV_SCHEMA)
    return MetricsData([ResourceMetrics(resource, [scope], "")])


@dataclass(frozen=True, slots=True)
class _Span:
    """The time that cumulative values cover, in nanoseconds since the epoch."""

    start: int
    now: int

    def metric(self, family: Family) -> Metric:
        metric = family.metric
        return Metric(metric.name, metric.brief, metric.unit, self._data(family))

    def _data(self, family: Family) -> Sum | Gauge | Histogram:
        instrument = family.metric.instrument
        if instrument is Instrument.HISTOGRAM:
            return Histogram([self._histogram(point) for point in family.points], _CUMULATIVE)
        numbers = [self._number(point) for point in family.points]
        if instrument is Instrument.GAUGE:
            return Gauge(numbers)
        return Sum(numbers, _CUMULATIVE, instrument is Instrument.COUNTER)

    def _number(self, point: Point) -> NumberDataPoint:
        assert not isinstance(point.value, Distribution)
        return NumberDataPoint(point.attributes, self.start, self.now, point.value)

    def _histogram(self, point: Point) -> HistogramDataPoint:
        assert isinstance(point.value, Distribution)
        counts = tuple(point.value.counts)
        return HistogramDataPoint(
            attributes=point.attributes,
            start_time_unix_nano=self.start,
            time_unix_nano=self.now,
            count=sum(counts),
            sum=point.value.total,
            bucket_counts=counts,
            explicit_bounds=point.value.bounds,
            min=None,  # type: ignore[arg-type]  # optional in OTLP; the SDK's type lags
            max=None,  # type: ignore[arg-type]
            exemplars=_exemplars(point.value),
        )


def _exemplars(value: Distribution) -> list[Exemplar]:
    return [
        Exemplar(
            filtered_attributes={},
            value=exemplar.value,
            time_unix_nano=round(exemplar.unix_seconds * _NANO),
            span_id=exemplar.span_id,
            trace_id=exemplar.trace_id,
        )
        for exemplar in tuple(value.exemplars.values())
    ]
