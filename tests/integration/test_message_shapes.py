"""Messages of odd shapes, and ids given twice: each is answered, and the proxy serves on."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from proxy.jsonrpc import methods
from tests.integration.modern import VERSION, meta
from tests.integration.proxies import RunningProxy, running
from tests.integration.sockets import INITIALIZE, Client, Upstream, call

pytestmark = pytest.mark.slow

STDIO = ("--", sys.executable, str(Path(__file__).with_name("scripted_stdio.py")))
# Answers every request, whatever it is; the argument says which revision it agrees on.
PATIENT = """
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    for each in message if isinstance(message, list) else [message]:
        asked = isinstance(each, dict) and each.get("id") is not None and "method" in each
        legacy = sys.argv[1] < "2026"
        if asked and legacy and each["method"] == "server/discover":
            told = {"error": {"code": -32601, "message": "no"}}
        else:
            told = {"result": {"protocolVersion": sys.argv[1], "supportedVersions": sys.argv[1:]}}
        if asked:
            print(json.dumps({"jsonrpc": "2.0", "id": each["id"], **told}), flush=True)
"""
COMMAND = ("--", sys.executable, "-c", PATIENT)
SERVERS = {
    "stdio": (*COMMAND, "2025-06-18"),
    "stdio, shared": ("--stdio-sharing", "on", *COMMAND, "2025-06-18"),
    "stdio of 2026-07-28": (*COMMAND, VERSION),
}

ODD: tuple[Any, ...] = (None, 5, "x", [1], {"a": []}, "\ud800")
FIELDS = (
    "name", "uri", "arguments", "notifications", "requestState", "requestId", "inputResponses",
    "protocolVersion", "capabilities", "clientInfo",
)  # fmt: skip
METHODS = ("initialize", "tools/call", "subscriptions/listen", "notifications/cancelled")


NO_TEXT = json.dumps(INITIALIZE).encode()[:-1] + b',"\xff":1}'


def shapes() -> Iterator[Any]:
    """Messages that a program might send which knows JSON-RPC, but little of MCP."""
    for method in METHODS:
        for odd in ODD:
            params = dict.fromkeys(FIELDS, odd)
            for each in (odd, {"_meta": odd}, params, {**params, "_meta": meta(progressToken=odd)}):
                yield {"jsonrpc": "2.0", "id": 7, "method": method, "params": each}
                yield {"jsonrpc": "2.0", "method": method, "params": each}
            yield {"jsonrpc": "2.0", "id": odd, "method": method, "params": {"_meta": meta()}}
        twice = {"jsonrpc": "2.0", "id": 7, "method": method}
        yield [twice, twice]
    for odd in ODD:
        yield {"jsonrpc": "2.0", "id": odd, "result": odd}
        yield {"jsonrpc": "2.0", "id": "proxy-1", "error": odd}
    yield NO_TEXT


@contextmanager
def session(proxy: RunningProxy) -> Iterator[tuple[Client, str]]:
    """A client with a session."""
    client = Client(proxy.port)
    client.post(INITIALIZE)
    response = client.getresponse()
    assert response.status == 200, response.read()
    response.read()
    yield client, response.getheader("mcp-session-id") or ""
    client.close()


@pytest.mark.parametrize("server", SERVERS)
def test_a_message_of_any_shape_is_answered(server: str) -> None:
    with running("--upstream-timeout", "8", *SERVERS[server]) as proxy:
        for shape in shapes():
            first = shape[0] if isinstance(shape, list) else shape
            method = first.get("method", "") if isinstance(first, dict) else "initialize"
            modern = {"mcp-protocol-version": VERSION, "mcp-method": method}
            for headers in ({}, modern):
                client = Client(proxy.port)
                client.post(shape, **headers)
                assert client.getresponse().status in (200, 202, 400, 404, 502, 504), shape
                client.close()
        with session(proxy) as (client, name):
            client.post(call(8), mcp_session_id=name)
            assert client.answer()[1]["id"] == 8
        assert not [line for line in proxy.log if line["level"] == "error"]


def test_ids_that_are_given_twice_leave_nothing_in_flight() -> None:
    with running("--upstream-timeout", "4", *STDIO) as proxy, session(proxy) as (client, name):
        for batch in ([call(1), call(1)], [call(2), call(3), call(2)]):
            client.post(batch, mcp_session_id=name)
            status, answer = client.answer()
            assert (status, answer["error"]["code"]) == (400, methods.INVALID_REQUEST)
        client.post(call(9, "hang"), mcp_session_id=name)
        assert client.answer()[0] == 504
        client.post(call(2), mcp_session_id=name)
        assert client.answer()[0] == 200
        assert proxy.value("mcp_proxy_requests_in_flight") == 0


def test_ids_that_are_given_twice_with_initialize_are_refused_by_the_proxy() -> None:
    upstream = Upstream(legacy=False)
    with running("--upstream", upstream.url) as proxy:
        client = Client(proxy.port)
        client.post([INITIALIZE, INITIALIZE])
        status, answer = client.answer()
        assert (status, answer["id"], answer["error"]["code"]) == (400, None, -32600)
        client.close()
    upstream.close()
