"""What every request says of its sender."""

import tomllib
from pathlib import Path

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from proxy.telemetry.catalogue import SCOPE, SEMCONV_SCHEMA, VERSION
from proxy.telemetry.ledger import Ledger
from proxy.telemetry.otlp.encoder import Envelope, resource

ROOT = Path(__file__).parents[4]
ENVELOPE = Envelope(resource({"service.name": "fetch", "telemetry.sdk.name": "mine"}))


def test_all_signals_name_the_scope_its_version_and_the_conventions() -> None:
    traces = ExportTraceServiceRequest.FromString(ENVELOPE.traces([]))
    metrics = ExportMetricsServiceRequest.FromString(ENVELOPE.metrics(Ledger("fetch", "stdio")))
    logs = ExportLogsServiceRequest.FromString(ENVELOPE.logs([]))
    (sent_traces,), (sent_metrics,) = traces.resource_spans, metrics.resource_metrics
    (sent_logs,) = logs.resource_logs
    for scope in (*sent_traces.scope_spans, *sent_metrics.scope_metrics, *sent_logs.scope_logs):
        assert (scope.scope.name, scope.scope.version) == (SCOPE, VERSION)
        assert scope.schema_url == SEMCONV_SCHEMA


def test_what_a_user_says_of_the_resource_wins() -> None:
    request = ExportTraceServiceRequest.FromString(ENVELOPE.traces([]))
    (said,) = request.resource_spans
    attributes = {each.key: each.value.string_value for each in said.resource.attributes}
    assert attributes == {
        "service.name": "fetch",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "mine",
        "telemetry.sdk.version": VERSION,
    }


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
