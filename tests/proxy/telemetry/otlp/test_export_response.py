"""What a collector's answer says became of a request: by the official classes, or by none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsPartialSuccess,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsPartialSuccess,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from proxy.telemetry.otlp.export_response import NOT_OTLP, read
from proxy.telemetry.otlp.retry import ACCEPTED, ExportResult


@pytest.mark.parametrize(
    "body",
    [
        b"",
        ExportTraceServiceResponse().SerializeToString(),
        ExportTraceServiceResponse(partial_success=ExportTracePartialSuccess()).SerializeToString(),
        b"{}",
        b'{"partialSuccess":{}}',
        b'{"partialSuccess":{"rejectedSpans":"0"}}',
    ],
)
def test_an_empty_answer_accepts_all(body: bytes) -> None:
    assert read(body) == ACCEPTED


@given(
    st.integers(min_value=0, max_value=2**63 - 1),
    st.text(alphabet=st.characters(codec="utf-8"), max_size=100),
)
def test_a_partial_success_is_read_as_it_was_written(rejected: int, remark: str) -> None:
    traces = ExportTraceServiceResponse(
        partial_success=ExportTracePartialSuccess(rejected_spans=rejected, error_message=remark)
    )
    metrics = ExportMetricsServiceResponse(
        partial_success=ExportMetricsPartialSuccess(
            rejected_data_points=rejected, error_message=remark
        )
    )
    logs = ExportLogsServiceResponse(
        partial_success=ExportLogsPartialSuccess(
            rejected_log_records=rejected, error_message=remark
        )
    )
    for answer in (traces, metrics, logs):
        assert read(answer.SerializeToString()) == ExportResult(rejected=rejected, remark=remark)


@pytest.mark.parametrize("items", [b"Spans", b"DataPoints", b"LogRecords"])
def test_a_partial_success_in_json_is_read_too(items: bytes) -> None:
    body = b'{"partialSuccess":{"rejected%b":"3","errorMessage":"too old"}}' % items
    assert read(body) == ExportResult(rejected=3, remark="too old")


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Welcome</html>",
        b"OK",
        b"[]",
        b'{"partialSuccess":{"rejectedSpans":"many"}}',
        b'{"partialSuccess":7}',
        b"\x08\x01",
        b"\xff" * 100,
        b'{"partialSuccess":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_an_answer_that_is_none_counts_as_a_loss(body: bytes) -> None:
    assert read(body) == NOT_OTLP
    assert not NOT_OTLP.accepted


def test_a_collector_cannot_refuse_less_than_nothing_nor_fill_the_log() -> None:
    answer = ExportTraceServiceResponse(
        partial_success=ExportTracePartialSuccess(rejected_spans=-1, error_message="x" * 9_000)
    )
    assert read(answer.SerializeToString()) == ExportResult(rejected=0, remark="x" * 200)


@given(st.binary(max_size=100))
def test_any_answer_is_read(body: bytes) -> None:
    read(body)
