"""ToolHive's proxy as it pushes: the same instruments through OpenTelemetry's SDK, by OTLP/HTTP."""

from collections.abc import Mapping

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from tests.toolhive.emitted import BUCKETS, COUNTERS, GAUGES, HISTOGRAMS, SCOPE, Measurement

_TIMEOUT = 30


class Traces:
    """What every proxy pushes, also one that is scraped: a span for each request."""

    def __init__(self, endpoint: str, resource: Mapping[str, str]) -> None:
        described = Resource.create(dict(resource))
        self._tracers = TracerProvider(resource=described, shutdown_on_exit=False)
        spans = OTLPSpanExporter(endpoint=f"http://{endpoint}/v1/traces", timeout=_TIMEOUT)
        self._tracers.add_span_processor(SimpleSpanProcessor(spans))

    def push(self) -> None:
        with self._tracers.get_tracer(SCOPE).start_as_current_span("tools/call fetch"):
            pass

    def close(self) -> None:
        self._tracers.shutdown()


class Proxy:
    """One proxy's metrics. It pushes on request, where ToolHive does every 60 s."""

    def __init__(self, version: str, endpoint: str, resource: Mapping[str, str]) -> None:
        described = Resource.create({"service.version": version, **resource})
        metrics = OTLPMetricExporter(endpoint=f"http://{endpoint}/v1/metrics", timeout=_TIMEOUT)
        never = float("inf")
        self._reader = PeriodicExportingMetricReader(metrics, export_interval_millis=never)
        self._meters = MeterProvider([self._reader], described, shutdown_on_exit=False)
        meter = self._meters.get_meter(SCOPE)
        self._counters = {name: meter.create_counter(name) for name in COUNTERS}
        self._gauges = {name: meter.create_up_down_counter(name) for name in GAUGES}
        self._histograms = {
            name: meter.create_histogram(
                name, unit="s", explicit_bucket_boundaries_advisory=BUCKETS[version]
            )
            for name in HISTOGRAMS
        }

    def record(self, measured: Measurement) -> None:
        name, attributes = measured.instrument, dict(measured.attributes)
        if name in self._counters:
            self._counters[name].add(measured.value, attributes)
        elif name in self._gauges:
            self._gauges[name].add(measured.value, attributes)
        else:
            self._histograms[name].record(measured.value, attributes)

    def push(self) -> None:
        self._meters.force_flush()

    def close(self) -> None:
        self._meters.shutdown()
