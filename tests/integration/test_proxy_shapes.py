"""Messages of odd shapes, and ids given twice: each is answered, and the proxy serves on."""

import base64
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from proxy.jsonrpc import methods
from tests.integration.modern import VERSION, ModernClient, meta
from tests.integration.proxies import RunningProxy, running
from tests.integration.sockets import INITIALIZE, NO_SESSION, Client, Upstream, call, result
from tests.proxy.malformed_messages import MESSAGES, spoilt

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


# tests/proxy/test_malformed_messages.py sends all of them without sockets; here none that asks the
# client for input, which would have to answer.
ODD_WORDS = [each for each in spoilt(MESSAGES)[::4] if b"input_required" not in each]


class Speaker:
    """A client that has a server say a text before it answers."""

    def __init__(self, proxy: RunningProxy, era: str) -> None:
        self._client = ModernClient(proxy.port)
        self._headers: dict[str, str] = {}
        self._meta = {"_meta": meta()} if era == "modern" else {}
        if era == "legacy":
            self._client.post(INITIALIZE)
            response = self._client.getresponse()
            assert response.status == 200, response.read()
            response.read()
            self._headers["mcp-session-id"] = response.getheader("mcp-session-id") or ""

    def call(self, say: bytes = b"") -> int:
        """The status of the call's answer."""
        text = base64.b64encode(say).decode()
        message = call(1, "t", arguments={"say": text}, **self._meta)
        if self._meta:
            self._client.send_request(message)
        else:
            self._client.post(message, **self._headers)
        response = self._client.getresponse()
        response.read()
        return response.status

    def close(self) -> None:
        """Leave."""
        self._client.close()


@pytest.mark.parametrize("client", ["legacy", "modern"])
@pytest.mark.parametrize("server", ["legacy", "modern"])
def test_a_server_that_says_each_odd_thing_answers_on_and_spoils_nobody(
    server: str, client: str
) -> None:
    command = (sys.executable, str(Path(__file__).with_name("odd_stdio.py")), server)
    with running("--stdio-sharing", "on", "--", *command) as proxy:
        speaker, other = Speaker(proxy, client), Speaker(proxy, client)
        for text in ODD_WORDS:
            assert speaker.call(text) in (200, 400, 404), text
        assert (speaker.call(), other.call()) == (200, 200)
        assert proxy.value("mcp_proxy_upstream_restarts_total") == 0
        assert proxy.value("mcp_proxy_requests_in_flight") == 0
        assert proxy.process.poll() is None
        assert not [line for line in proxy.log if line["level"] == "error"]
        for each in (speaker, other):
            each.close()


@pytest.mark.parametrize("client", ["legacy", "modern"])
@pytest.mark.parametrize(
    "odd",
    [
        b'{"id": "server/discover", "error": {"code": [], "message": "m"}}',
        b'{"id": "server/discover", "result": {"supportedVersions": [[]]}}',
        b'[{"id": "server/discover", "result": 5}]',
        b'{"\xff": 1}',
    ],
)
def test_a_server_may_answer_the_question_for_its_era_by_anything(odd: bytes, client: str) -> None:
    upstream = Upstream(legacy=False)
    with running("--upstream", upstream.url) as proxy:
        asking = ModernClient(proxy.port)
        if client == "legacy":
            asking.post(INITIALIZE)
        else:
            asking.send_request(call(0, _meta=meta()))
        side = upstream.accept()
        if client == "legacy":
            assert json.loads(side.request()[1]) == INITIALIZE
            side.answer(json.dumps(NO_SESSION).encode(), "400 Bad Request")
        assert "server/discover" in side.request()[0]
        side.answer(odd)
        if client == "legacy":
            assert asking.answer() == (400, NO_SESSION)
        else:
            while b'"id":"initialize"' in (body := side.request()[1]):
                side.answer(b'{"id": "initialize", "result": {"protocolVersion": "2025-06-18"}}')
                assert b"notifications/initialized" in side.request()[1]
                side.answer(b"", "202 Accepted")
            side.answer(json.dumps(result(json.loads(body)["id"])).encode())
            assert asking.answer()[0] == 200
        assert not [line for line in proxy.log if line["level"] == "error"]
        asking.close()
    upstream.close()
