"""The echo server in traces: below its caller, on every transport."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import given
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from lab.echo.handler import traced_handler
from lab.echo.messages import DelayedReply, Reply
from lab.local.programs import tracing_to
from lab.tracing import UNTRACED, Tracing, tracing
from tests.lab.echo.test_messages import MESSAGES, call, request
from tests.lab.test_sdk_tracing import SDK_SECONDS
from tests.proxy.telemetry.otlp.collectors import Inbox, http_collector
from tests.proxy.telemetry.tracing.span_records import attributes

META, HEADER = (f"00-{trace * 16}-{'11' * 8}-01" for trace in ("aa", "bb"))


def environment(collector: str) -> dict[str, str]:
    # As a proxy's child has it: the name is the proxy's.
    return {**os.environ, **tracing_to(collector), "OTEL_SERVICE_NAME": "proxy"}


def address(url: str) -> str:
    return url.removeprefix("http://")


def over_stdio(collector: str, *messages: dict[str, Any]) -> None:
    """One echo server's life."""
    subprocess.run(
        (sys.executable, "-m", "lab.echo", "--transport", "stdio"),
        input="".join(json.dumps(each) + "\n" for each in messages),
        env=environment(collector),
        stdout=subprocess.DEVNULL,
        text=True,
        check=True,
        timeout=30,
    )


def below(message: dict[str, Any], traceparent: object) -> dict[str, Any]:
    params = {**message["params"], "_meta": {"traceparent": traceparent}}
    return {**message, "params": params}


def service(inbox: Inbox) -> str:
    [resource] = {str(each.resource) for got in inbox.traces for each in got.resource_spans}
    return resource


def test_a_call_over_stdio_is_a_span_below_the_context_in_its_meta() -> None:
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    with http_collector() as (url, inbox):
        over_stdio(address(url), note, below(call("echo", text="hi"), META))
        [span] = inbox.spans
    assert (span.name, span.kind) == ("tools/call echo", Span.SPAN_KIND_SERVER)
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == ("aa" * 16, "11" * 8)
    assert attributes(span) == {
        "mcp.method.name": "tools/call",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "echo",
        "jsonrpc.request.id": "1",
        "network.transport": "pipe",
    }
    assert 'string_value: "echo"' in service(inbox)
    assert 'string_value: "proxy"' not in service(inbox)


@pytest.mark.parametrize(
    ("meta", "trace"), [(META, "aa"), (None, "bb"), ("00-1-2-01", "bb"), (7, "bb"), ([], "bb")]
)
def test_over_http_the_context_in_meta_wins_and_else_that_of_the_header(
    meta: object, trace: str
) -> None:
    with http_collector() as (url, inbox):
        command = (sys.executable, "-m", "lab.echo", "--transport", "streamable-http")
        env = environment(address(url))
        server = subprocess.Popen(command, stderr=subprocess.PIPE, env=env)
        assert server.stderr is not None
        endpoint = f"http://{json.loads(server.stderr.readline())['listen']}/mcp"
        headers = {"Accept": "application/json", "traceparent": HEADER}
        opened = requests.post(endpoint, json=request("initialize"), headers=headers, timeout=10)
        headers["Mcp-Session-Id"] = opened.headers["Mcp-Session-Id"]
        asked = below(call("fail"), meta)
        requests.post(endpoint, json=asked, headers=headers, timeout=10)
        server.terminate()
        server.communicate(timeout=30)
        [span] = [each for each in inbox.spans if each.name == "tools/call fail"]
    assert span.trace_id.hex() == trace * 16
    assert span.status.code == Status.STATUS_CODE_ERROR
    assert attributes(span)["network.transport"] == "tcp"
    assert attributes(span)["mcp.session.id"] == headers["Mcp-Session-Id"]


def test_an_unknown_tool_is_the_callers_fault_and_no_error_of_the_server() -> None:
    with http_collector() as (url, inbox):
        over_stdio(address(url), call("absent"))
        [span] = inbox.spans
    assert span.status.code == Status.STATUS_CODE_UNSET
    assert attributes(span)["rpc.response.status_code"] == "-32602"
    assert "error.type" not in attributes(span)


def test_a_span_lasts_until_its_answer_is_sent() -> None:
    with http_collector() as (url, inbox):
        own = tracing("echo", tracing_to(address(url)))
        action = traced_handler(own)(call("sleep", seconds=60), {})
        assert isinstance(action, DelayedReply)
        action.on_sent(action.reply)
        traced_handler(own)(call("sleep", seconds=60) | {"id": 2}, {})
        own.shutdown()
        [span] = inbox.spans
    assert attributes(span)["jsonrpc.request.id"] == "1"


@pytest.fixture(scope="module")
def traced() -> Iterator[Tracing]:
    # Sends only at its end: the exporter draws random numbers, which hypothesis forbids.
    rarely = {"OTEL_BSP_SCHEDULE_DELAY": "600000"}
    with http_collector() as (url, inbox):
        own = tracing("echo", {**tracing_to(address(url)), **rarely})
        yield own
        own.shutdown()
        assert inbox.spans


@given(message=MESSAGES)
def test_whatever_arrives_is_answered_as_without_tracing(traced: Tracing, message: object) -> None:
    action = traced_handler(traced)(message, {"traceparent": HEADER})
    expected = traced_handler(UNTRACED)(message, {})
    if isinstance(expected, Reply):
        assert action == expected
    assert type(action) is type(expected)


def test_a_collector_that_says_nothing_does_not_keep_the_server_from_ending() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        env = environment(f"127.0.0.1:{silent.getsockname()[1]}")
        command = (sys.executable, "-m", "lab.echo", "--transport", "stdio")
        server = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(call("echo", text="hi")).encode() + b"\n")
        server.stdin.flush()
        assert b"hi" in server.stdout.readline()
        began = time.monotonic()
        server.communicate(timeout=30)
    assert server.returncode == 0
    assert time.monotonic() - began < SDK_SECONDS / 2
