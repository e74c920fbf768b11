"""The proxy's telemetry as it leaves: to real collectors, to failing ones, and in its logs."""

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import partial

import psutil
import pytest
import requests
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from proxy.telemetry.tracing import context
from tests.integration.proxies import eventually, running
from tests.integration.sockets import INITIALIZE, Client, call
from tests.integration.stdio_session import SERVER
from tests.proxy.telemetry.otlp.collectors import Inbox, grpc_collector, http_collector
from tests.proxy.telemetry.tracing.span_records import attributes

pytestmark = pytest.mark.slow

DROPPED = "mcp_proxy_telemetry_dropped_total"
LOGS = {"OTEL_LOGS_EXPORTER": "otlp"}
ECHO = (sys.executable, "-m", "lab.echo", "--transport", "stdio")

Collectors = Callable[[], AbstractContextManager[tuple[str, Inbox]]]


class Caller(Client):
    """A client with a session."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.post(INITIALIZE)
        response = self.getresponse()
        response.read()
        self.session = response.getheader("mcp-session-id") or ""

    def call(self, tool: str, request_id: int = 1, **headers: str) -> int:
        """Call a tool; the HTTP status of its answer."""
        self.post(call(request_id, tool), mcp_session_id=self.session, **headers)
        status, _ = self.answer()
        return status


def pushing(endpoint: str, protocol: str = "http/protobuf", **more: str) -> dict[str, str]:
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_METRIC_EXPORT_INTERVAL": "50",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        "OTEL_BLRP_SCHEDULE_DELAY": "50",
        **more,
    }


@pytest.mark.parametrize(
    ("collector", "protocol"), [(http_collector, "http/protobuf"), (grpc_collector, "grpc")]
)
def test_both_signals_reach_a_collector(collector: Collectors, protocol: str) -> None:
    with (
        collector() as (endpoint, inbox),
        running("--", *SERVER, **pushing(endpoint, protocol)) as proxy,
    ):
        parent = context.traceparent(7, 8, sampled=True)
        with closing(Caller(proxy.port)) as caller:
            assert caller.call("echo", traceparent=parent) == 200
        inbox.wait_for(lambda: len(inbox.spans) == 4 and len(inbox.metrics) >= 2)
        (server,) = (each for each in inbox.spans if each.parent_span_id == (8).to_bytes(8))
        assert server.trace_id == (7).to_bytes(16)
        assert server.kind == Span.SPAN_KIND_SERVER
        assert attributes(server)["gen_ai.tool.name"] == "echo"
        assert proxy.value(DROPPED) == 0


def test_telemetry_is_pushed_on_request_once_in_a_second() -> None:
    hours = {"OTEL_METRIC_EXPORT_INTERVAL": "3600000", "OTEL_BSP_SCHEDULE_DELAY": "3600000"}
    with (
        http_collector() as (endpoint, inbox),
        running("--", *SERVER, **pushing(endpoint, **hours)) as proxy,
    ):
        with closing(Caller(proxy.port)) as caller:
            sampled = context.traceparent(7, 8, sampled=True)
            assert caller.call("echo", traceparent=sampled) == 200
        began = time.monotonic()
        answers = [requests.post(f"http://{proxy.metrics}/flush", timeout=20) for _ in range(20)]
        took = time.monotonic() - began
        inbox.wait_for(lambda: bool(inbox.spans and inbox.metrics))
    assert answers[0].status_code == 202
    accepted = [each for each in answers if each.ok]
    assert len(accepted) <= 1 + took
    assert all(each.headers["retry-after"] == "1" for each in answers if each.status_code == 429)
    assert len(accepted) + [each.status_code for each in answers].count(429) == 20


def test_a_failed_call_leads_from_the_log_to_its_trace() -> None:
    with (
        http_collector() as (endpoint, inbox),
        running("--", *SERVER, **pushing(endpoint)) as proxy,
        closing(Caller(proxy.port)) as caller,
    ):
        assert caller.call("fail") == 200
        inbox.wait_for(lambda: len(inbox.spans) == 4)
        (line,) = eventually(lambda: proxy.logged("call failed"), "a line for the call")
        (span,) = (each for each in inbox.spans if each.span_id.hex() == line["span_id"])
        assert span.trace_id.hex() == line["trace_id"]
        assert attributes(span)["mcp.proxy.outcome"] == line["outcome"] == "tool_error"


def values(record: LogRecord) -> dict[str, object]:
    """A record's attributes by name."""
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value") or "")
        for each in record.attributes
    }


@pytest.mark.parametrize(
    ("collector", "protocol"), [(http_collector, "http/protobuf"), (grpc_collector, "grpc")]
)
def test_a_failed_call_is_pushed_as_it_is_logged(collector: Collectors, protocol: str) -> None:
    with (
        collector() as (endpoint, inbox),
        running("--", *SERVER, **pushing(endpoint, protocol, **LOGS)) as proxy,
        closing(Caller(proxy.port)) as caller,
    ):
        assert [caller.call(tool) for tool in ("echo", "fail")] == [200, 200]
        inbox.wait_for(lambda: bool(inbox.records) and len(inbox.spans) == 6)
        (record,) = inbox.records
        (line,) = eventually(lambda: proxy.logged("call failed"), "a line for the call")
        ids = {"trace_id": record.trace_id.hex(), "span_id": record.span_id.hex()}
        named = {"level": record.severity_text, "event": record.event_name, "trace_flags": "01"}
        assert {**named, **ids, **values(record)} == {k: line[k] for k in line if k != "time"}
        (span,) = (each for each in inbox.spans if each.span_id == record.span_id)
        assert (span.trace_id, record.flags) == (record.trace_id, 1)
        resource = inbox.logs[0].resource_logs[0].resource
        assert {each.key for each in resource.attributes} >= {"service.name"}
        assert proxy.value(DROPPED) == 0


def test_no_payload_is_pushed_and_no_name_is_long() -> None:
    with (
        http_collector() as (endpoint, inbox),
        running("--log-calls", "all", "--", *ECHO, **pushing(endpoint, **LOGS)) as proxy,
        closing(Caller(proxy.port)) as caller,
    ):
        names = ["echo", "fail", "x" * 100_000, "line\nbreak\u0000", "\u202e"]
        for name in names:
            caller.call(name)
        inbox.wait_for(lambda: len(inbox.records) == len(names) + 1)
        assert [values(each).get("target") for each in inbox.records[1:]] == [
            name[:128] for name in names
        ]
        assert max(len(each.SerializeToString()) for each in inbox.records) < 1_000
        attributes = {"server", "method", "target", "client", "client_version", "outcome", "fault"}
        attributes |= {"error_type", "status", "seconds"}
        assert {key for each in inbox.records for key in values(each)} <= attributes


def test_calls_that_are_not_to_be_logged_are_not_pushed() -> None:
    with http_collector() as (endpoint, inbox):
        settings = pushing(endpoint, **LOGS)
        with running("--log-calls", "none", "--", *SERVER, **settings) as proxy:
            with closing(Caller(proxy.port)) as caller:
                assert caller.call("fail") == 200
            inbox.wait_for(lambda: len(inbox.spans) == 4)
            proxy.process.terminate()
            assert proxy.ended() == 0
    assert inbox.logs == []


@contextmanager
def address(*, listens: bool) -> Iterator[tuple[str, Inbox]]:
    """An address that refuses connections, or takes them and says nothing."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        if listens:
            taken.listen()
        yield f"http://127.0.0.1:{taken.getsockname()[1]}", Inbox()


@contextmanager
def dripping() -> Iterator[tuple[str, Inbox]]:
    """A receiver that answers each connection with a head that never ends."""
    stopped = threading.Event()

    def drip(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while not stopped.wait(0.05):
                connection.sendall(b"x: y\r\n")

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=drip, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", Inbox()
        finally:
            stopped.set()
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()


@pytest.mark.parametrize(
    "receiver",
    [
        partial(http_collector, 503, retry_after="3600"),
        partial(http_collector, 413, body=b"x" * 10_000_000),
        partial(http_collector, hangs=True),
        dripping,
    ],
    ids=["refuses", "answers at length", "hangs", "drips"],
)
def test_a_receiver_of_logs_harms_no_call_and_what_it_does_not_take_is_counted(
    receiver: Collectors,
) -> None:
    limits = {"OTEL_BLRP_MAX_QUEUE_SIZE": "8", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": "4"}
    with receiver() as (endpoint, _):
        settings = {
            "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": f"{endpoint}/v1/logs",
            "OTEL_TRACES_EXPORTER": "none",
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_BLRP_SCHEDULE_DELAY": "50",
        }
        with running("--", *SERVER, **LOGS, **limits, **settings) as proxy:
            with closing(Caller(proxy.port)) as caller:
                assert [caller.call("fail", number) for number in range(300)] == [200] * 300
            lost = partial(proxy.value, DROPPED, signal="logs")
            waiting = 8 + 4
            eventually(lambda: lost() >= len(proxy.logged("call failed")) - waiting, "the losses")
            dropped = lost()
            written = len(proxy.logged("call failed"))
            assert dropped <= written
            assert written > waiting
            memory = psutil.Process(proxy.process.pid).memory_info().rss
            assert memory < 150 * 1024 * 1024
            proxy.process.terminate()
            assert proxy.ended() == 0


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_signals_without_a_collector_are_counted_losses(protocol: str) -> None:
    """Other failures of a back end are tested in tests/proxy/telemetry/otlp."""
    with address(listens=False) as (endpoint, _):
        settings = pushing(endpoint, protocol, **LOGS, OTEL_EXPORTER_OTLP_TIMEOUT="300")
        with running("--", *SERVER, **settings) as proxy, closing(Caller(proxy.port)) as caller:
            assert [caller.call("echo", number) for number in range(20)] == [200] * 20
            assert caller.call("fail") == 200
            for signal in ("traces", "metrics", "logs"):
                counted = partial(proxy.value, DROPPED, signal=signal, reason="export_failed")
                eventually(counted, f"a loss of {signal}")
            proxy.process.terminate()
            assert proxy.ended() == 0


def test_a_proxy_ends_in_time_though_its_collector_never_answers() -> None:
    with address(listens=True) as (endpoint, _):
        timeout = {"OTEL_EXPORTER_OTLP_TIMEOUT": "3600000"}
        with running("--", *SERVER, **pushing(endpoint, **timeout)) as proxy:
            with closing(Caller(proxy.port)) as caller:
                assert caller.call("echo") == 200
            proxy.process.terminate()
            assert proxy.ended() == 0
