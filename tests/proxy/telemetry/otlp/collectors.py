"""Collectors for tests: real OTLP servers on loopback that decode what they are sent."""

import gzip
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc  # type: ignore[import-untyped]  # its stubs are a package of their own
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2_grpc as logs_grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc as metrics_grpc
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as trace_grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

DEADLINE_SECONDS = 20.0

_DECODE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "": lambda body: body,
}


class Inbox:
    """What a collector received, and a way to wait for it."""

    def __init__(self) -> None:
        self.traces: list[ExportTraceServiceRequest] = []
        self.metrics: list[ExportMetricsServiceRequest] = []
        self.logs: list[ExportLogsServiceRequest] = []
        self.headers: list[dict[str, str]] = []
        self.changed = threading.Condition()

    def add_traces(self, request: ExportTraceServiceRequest, headers: dict[str, str]) -> None:
        with self.changed:
            self.traces.append(request)
            self.headers.append(headers)
            self.changed.notify_all()

    def add_metrics(self, request: ExportMetricsServiceRequest, headers: dict[str, str]) -> None:
        with self.changed:
            self.metrics.append(request)
            self.headers.append(headers)
            self.changed.notify_all()

    def add_logs(self, request: ExportLogsServiceRequest, headers: dict[str, str]) -> None:
        with self.changed:
            self.logs.append(request)
            self.headers.append(headers)
            self.changed.notify_all()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Return once the condition holds; fails after the deadline."""
        with self.changed:
            assert self.changed.wait_for(condition, DEADLINE_SECONDS), "nothing arrived in time"

    @property
    def spans(self) -> list[Span]:
        return [
            span
            for request in self.traces
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def records(self) -> list[LogRecord]:
        return [
            record
            for request in self.logs
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]


@contextmanager
def http_collector(
    status: int = 200, *, hangs: bool = False, body: bytes = b"", retry_after: str = ""
) -> Iterator[tuple[str, Inbox]]:
    """An OTLP/HTTP collector: its endpoint, and what it received.

    Gives everything the same answer, or, if it hangs, none until the block ends.
    """
    answer = body
    inbox = Inbox()
    released = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            _keep(inbox, self.path, body, dict(self.headers))
            if hangs:
                released.wait(DEADLINE_SECONDS)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            if retry_after:
                self.send_header("Retry-After", retry_after)
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", inbox
    finally:
        released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _keep(inbox: Inbox, path: str, body: bytes, headers: dict[str, str]) -> None:
    data = _DECODE[headers.get("content-encoding", headers.get("Content-Encoding", ""))](body)
    if path == "/v1/traces":
        inbox.add_traces(ExportTraceServiceRequest.FromString(data), headers)
    if path == "/v1/metrics":
        inbox.add_metrics(ExportMetricsServiceRequest.FromString(data), headers)
    if path == "/v1/logs":
        inbox.add_logs(ExportLogsServiceRequest.FromString(data), headers)


def accepts(context: grpc.ServicerContext) -> ExportTraceServiceResponse:
    """The answer of a collector that is well."""
    return ExportTraceServiceResponse()


@contextmanager
def grpc_collector(
    answer: Callable[[grpc.ServicerContext], ExportTraceServiceResponse] = accepts,
    tls: grpc.ServerCredentials | None = None,
) -> Iterator[tuple[str, Inbox]]:
    """An OTLP/gRPC collector: its endpoint, and what it received; `answer` is for traces."""
    inbox = Inbox()

    class Traces(trace_grpc.TraceServiceServicer):
        def Export(
            self, request: ExportTraceServiceRequest, context: grpc.ServicerContext
        ) -> ExportTraceServiceResponse:
            inbox.add_traces(request, dict(context.invocation_metadata()))
            return answer(context)

    class Metrics(metrics_grpc.MetricsServiceServicer):
        def Export(
            self, request: ExportMetricsServiceRequest, context: grpc.ServicerContext
        ) -> ExportMetricsServiceResponse:
            inbox.add_metrics(request, dict(context.invocation_metadata()))
            return ExportMetricsServiceResponse()

    class Logs(logs_grpc.LogsServiceServicer):
        def Export(
            self, request: ExportLogsServiceRequest, context: grpc.ServicerContext
        ) -> ExportLogsServiceResponse:
            inbox.add_logs(request, dict(context.invocation_metadata()))
            return ExportLogsServiceResponse()

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    trace_grpc.add_TraceServiceServicer_to_server(Traces(), server)  # type: ignore[no-untyped-call]
    metrics_grpc.add_MetricsServiceServicer_to_server(Metrics(), server)  # type: ignore[no-untyped-call]
    logs_grpc.add_LogsServiceServicer_to_server(Logs(), server)  # type: ignore[no-untyped-call]
    if tls is None:
        endpoint = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    else:
        endpoint = f"https://127.0.0.1:{server.add_secure_port('127.0.0.1:0', tls)}"
    server.start()
    try:
        yield endpoint, inbox
    finally:
        server.stop(None).wait()
