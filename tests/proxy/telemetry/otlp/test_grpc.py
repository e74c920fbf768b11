"""OTLP over gRPC to collectors that refuse, ask to wait, or lie: a reply each time, in bounds."""

import asyncio
import threading
from collections.abc import Callable

import grpc  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest
from google.protobuf.any_pb2 import Any  # type: ignore[import-untyped]
from google.protobuf.duration_pb2 import Duration  # type: ignore[import-untyped]
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from proxy.telemetry.otlp.grpc import open_grpc
from proxy.telemetry.otlp.retry import ANSWER_LIMIT, ExportResult
from proxy.telemetry.otlp.settings import parse
from proxy.telemetry.vocabulary import Signal
from tests.proxy.telemetry.otlp.collectors import grpc_collector

LONG_SECONDS = 20.0
SHORT_SECONDS = 0.2

Behaviour = Callable[[grpc.ServicerContext], ExportTraceServiceResponse]


def attempt(endpoint: str, seconds: float = LONG_SECONDS) -> ExportResult:
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
    }

    async def play() -> ExportResult:
        settings = parse(environment).traces
        assert settings is not None
        transport = await open_grpc(settings, Signal.TRACES)
        try:
            return await transport.attempt(await transport.prepare(b""), seconds)
        finally:
            await transport.close()

    return asyncio.run(play())


def reply_to(behaviour: Behaviour, seconds: float = LONG_SECONDS) -> ExportResult:
    with grpc_collector(behaviour) as (endpoint, _):
        return attempt(endpoint, seconds)


def refuses(code: grpc.StatusCode, details: bytes = b"") -> Behaviour:
    def behave(context: grpc.ServicerContext) -> ExportTraceServiceResponse:
        if details:
            context.set_trailing_metadata((("grpc-status-details-bin", details),))
        context.abort(code, "no")
        raise AssertionError("abort raises")

    return behave


def wait(seconds: int, nanos: int) -> bytes:
    """What a collector says that wants to be left alone for so long."""
    packed = Any()
    packed.Pack(RetryInfo(retry_delay=Duration(seconds=seconds, nanos=nanos)))
    status = Status(code=8, message="busy", details=[Any(type_url="x/y"), packed])
    return bytes(status.SerializeToString())


EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize(
    ("code", "details", "again", "after"),
    [
        (grpc.StatusCode.UNAVAILABLE, b"", True, None),
        (grpc.StatusCode.UNAVAILABLE, wait(2, 500_000_000), True, 2.5),
        (EXHAUSTED, b"", False, None),
        (EXHAUSTED, wait(3, 0), True, 3.0),
        (EXHAUSTED, b"\xff\xff", False, None),
        (grpc.StatusCode.UNAUTHENTICATED, b"", False, None),
        (grpc.StatusCode.UNIMPLEMENTED, b"", False, None),
    ],
)
def test_a_refusal_says_whether_and_when_to_come_back(
    code: grpc.StatusCode, details: bytes, again: bool, after: float | None
) -> None:
    expected = ExportResult(f"gRPC status {code.name}", again=again, after=after)
    assert reply_to(refuses(code, details)) == expected


def test_a_partial_success_is_read() -> None:
    partial = ExportTracePartialSuccess(rejected_spans=3, error_message="too old")
    answer = ExportTraceServiceResponse(partial_success=partial)
    assert reply_to(lambda context: answer) == ExportResult(rejected=3, remark="too old")


def test_a_huge_answer_is_not_read() -> None:
    partial = ExportTracePartialSuccess(error_message="x" * ANSWER_LIMIT)
    reply = reply_to(lambda context: ExportTraceServiceResponse(partial_success=partial))
    assert (reply.reason, reply.again) == ("gRPC status RESOURCE_EXHAUSTED", False)


def test_a_collector_that_never_answers_is_given_up_in_time() -> None:
    def waits(context: grpc.ServicerContext) -> ExportTraceServiceResponse:
        over = threading.Event()
        context.add_callback(over.set)
        over.wait(LONG_SECONDS)
        return ExportTraceServiceResponse()

    reply = reply_to(waits, SHORT_SECONDS)
    assert (reply.reason, reply.again) == ("gRPC status DEADLINE_EXCEEDED", True)
