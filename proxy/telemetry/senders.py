"""What runs in the export threads: batches into SDK data, SDK data into the OTLP exporters.

Importing this module loads the OpenTelemetry SDK, so it is imported in the threads, on the
first batch.
"""

from collections.abc import Sequence
from dataclasses import replace

from opentelemetry.sdk.metrics.export import MetricExportResult
from opentelemetry.sdk.trace.export import SpanExportResult

from proxy.telemetry import exporters
from proxy.telemetry.ledger import Ledger
from proxy.telemetry.otlp import metrics_data
from proxy.telemetry.settings import TelemetrySettings
from proxy.telemetry.spans import SpanBuilder
from proxy.telemetry.tracing import Finished


class SpanSender:
    """Sends sampled exchanges as spans."""

    def __init__(
        self, settings: TelemetrySettings, ledger: Ledger, upstream: tuple[str, int] | None
    ) -> None:
        otlp = settings.traces
        assert otlp is not None, "nothing asked for a sender of traces"
        resource = exporters.resource(dict(settings.resource))
        timeout = min(otlp.timeout_seconds, settings.batch.timeout_seconds)
        self._builder = SpanBuilder(ledger, resource, upstream)
        self._exporter = exporters.span_exporter(replace(otlp, timeout_seconds=timeout))

    def send(self, batch: Sequence[Finished]) -> bool:
        """Whether the collector accepted the spans of the batch."""
        spans = [span for finished in batch for span in self._builder.build(finished)]
        return self._exporter.export(spans) is SpanExportResult.SUCCESS

    def close(self) -> None:
        """Give up what is being sent; may be called from another thread."""
        self._exporter.shutdown()


class MetricSender:
    """Sends the ledger as it stands."""

    def __init__(self, settings: TelemetrySettings, ledger: Ledger) -> None:
        assert settings.metrics is not None, "nothing asked for a sender of metrics"
        self._resource = exporters.resource(dict(settings.resource))
        self._exporter = exporters.metric_exporter(settings.metrics)
        self._ledger = ledger

    def send(self) -> bool:
        """Whether the collector accepted the metrics."""
        data = metrics_data(self._ledger, self._resource)
        return self._exporter.export(data) is MetricExportResult.SUCCESS

    def close(self) -> None:
        """Give up what is being sent; may be called from another thread."""
        self._exporter.shutdown()
