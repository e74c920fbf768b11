"""An agent and its calls in traces: by the official SDK, and only where there is an endpoint."""

import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from lab.load.client import FAILING, GOOD, UNKNOWN, Client, LoadFailed
from lab.local.programs import tracing_to
from lab.tracing import tracing
from tests.lab.load.echo import echo
from tests.proxy.telemetry.otlp.collectors import Inbox, http_collector
from tests.proxy.telemetry.tracing.span_records import attributes

SDK_SECONDS = 30
"""How long the SDK alone waits for a collector that does not answer."""

ECHO = {"name": "echo", "arguments": {"text": "hello"}}


def to(url: str) -> Mapping[str, str]:
    return tracing_to(url.removeprefix("http://"))


@contextmanager
def agent(collector: str) -> Iterator[Client]:
    """An agent that traces a session with an echo server; its spans are sent when it ends."""
    own = tracing("agent", to(collector))
    try:
        with echo() as address, Client(f"http://{address}/mcp", own) as client:
            yield client
    finally:
        own.shutdown()


def calls(inbox: Inbox) -> list[Span]:
    return [each for each in inbox.spans if each.name.startswith("tools/call")]


def test_a_call_is_a_client_span_after_the_conventions() -> None:
    with http_collector() as (url, inbox):
        with agent(url) as client:
            client.call(GOOD)
            session = client.session
        [span] = calls(inbox)
        [resource] = {str(each.resource) for got in inbox.traces for each in got.resource_spans}
    assert (span.name, span.kind) == ("tools/call echo", Span.SPAN_KIND_CLIENT)
    assert not span.parent_span_id
    address, port = client.url.removeprefix("http://").removesuffix("/mcp").split(":")
    assert attributes(span) == {
        "mcp.method.name": "tools/call",
        "mcp.session.id": session,
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "echo",
        "jsonrpc.request.id": "2",
        "network.transport": "tcp",
        "network.protocol.name": "http",
        "server.address": address,
        "server.port": int(port),
    }
    assert 'string_value: "agent"' in resource


def test_the_server_is_reported_the_context_of_the_span() -> None:
    with http_collector() as (url, inbox):
        with agent(url) as client:
            received = client.request("tools/call", ECHO)["result"]["_meta"]["echo/received"]
        [span] = calls(inbox)
    version, trace_id, span_id, flags = received["traceparent"].split("-")
    assert (version, trace_id, span_id) == ("00", span.trace_id.hex(), span.span_id.hex())
    assert int(flags, 16) & 1, "not sampled"


def test_a_failed_call_is_an_error_by_its_kind() -> None:
    with http_collector() as (url, inbox):
        with agent(url) as client:
            for call in (FAILING, UNKNOWN):
                client.call(call)
        failing, unknown = sorted(calls(inbox), key=lambda each: each.start_time_unix_nano)
    assert failing.status.code == unknown.status.code == Status.STATUS_CODE_ERROR
    assert attributes(failing)["error.type"] == "tool_error"
    assert attributes(unknown)["error.type"] == "-32602"
    assert attributes(unknown)["rpc.response.status_code"] == "-32602"


def test_a_call_without_an_answer_is_an_error_too() -> None:
    with http_collector() as (url, inbox):
        own = tracing("agent", to(url))
        with pytest.raises(LoadFailed):
            Client("http://127.0.0.1:1/mcp", own).__enter__()
        own.shutdown()
        [span] = inbox.spans
    assert (span.name, span.status.code) == ("initialize", Status.STATUS_CODE_ERROR)
    assert attributes(span)["error.type"] == "LoadFailed"


def test_each_call_has_a_trace_of_its_own() -> None:
    with http_collector() as (url, inbox):
        with agent(url) as client:
            for call in (GOOD,) * 3:
                client.call(call)
        assert len({each.trace_id for each in calls(inbox)}) == 3


def test_what_the_user_has_set_for_others_is_neither_used_nor_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ)
    with http_collector() as (url, inbox):
        with agent(url) as client:
            client.call(GOOD)
        assert len(calls(inbox)) == 1
    assert dict(os.environ) == before


def test_a_collector_that_is_gone_or_silent_holds_up_neither_calls_nor_the_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoints = ("127.0.0.1:1", f"127.0.0.1:{silent.getsockname()[1]}")
        for endpoint in endpoints:
            own = tracing("agent", tracing_to(endpoint))
            with echo() as address, Client(f"http://{address}/mcp", own) as client:
                for _ in range(20):
                    client.call(GOOD)
            began = time.monotonic()
            own.shutdown()
            assert time.monotonic() - began < SDK_SECONDS / 2
