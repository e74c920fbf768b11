"""Clients of either era before a streamable HTTP server of the other: what goes over the wire."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from proxy.jsonrpc import methods
from tests.integration.modern import ModernClient, meta, request
from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sockets import (
    INITIALIZE,
    Client,
    Upstream,
    UpstreamSide,
    call,
    read_event,
    result,
)

pytestmark = pytest.mark.slow

CALL = "tools/call"
INITIALIZED = ("initialize", "ok", "none")
OFFERED = {"supportedVersions": ["2026-07-28"], "capabilities": {"logging": {}}}
SESSION = "mcp-session-id: s-1\r\n"


@contextmanager
def scripted(*flags: str) -> Iterator[tuple[Upstream, RunningProxy]]:
    """An upstream that the test plays altogether, and a proxy before it."""
    upstream = Upstream(legacy=False)
    try:
        with running(*flags, "--upstream", upstream.url) as proxy:
            yield upstream, proxy
    finally:
        upstream.close()


def asked(upstream: Upstream) -> tuple[UpstreamSide, str, Any]:
    """The next request on a connection of its own: its head in lower case, and its message."""
    side = upstream.accept()
    return side, *read(side)


def read(side: UpstreamSide) -> tuple[str, Any]:
    """The next request on the same connection: its head in lower case, and its message."""
    head, body = side.request()
    return head.lower(), json.loads(body) if body else None


def answer(side: UpstreamSide, message: Any, status: str = "200 OK", extra: str = "") -> None:
    """Answer as JSON, and close, so that the next request comes on a new connection."""
    side.answer(json.dumps(message).encode(), status, f"connection: close\r\n{extra}")


def give(side: UpstreamSide, asked_for: Any, **fields: Any) -> None:
    """Answer a request with a result."""
    answer(side, {"jsonrpc": "2.0", "id": asked_for["id"], "result": fields})


def refuse(side: UpstreamSide, asked_for: Any, code: int, status: str) -> None:
    """Answer a request with an error."""
    error = {"code": code, "message": "no", "data": {"supported": ["2026-07-28"]}}
    answer(side, {"jsonrpc": "2.0", "id": asked_for["id"], "error": error}, status)


def open_session(upstream: Upstream) -> None:
    """Play a legacy server that opens a session, and has no GET stream."""
    side, _, message = asked(upstream)
    assert message["method"] == "initialize"
    opened = {"protocolVersion": "2025-11-25", "capabilities": {}}
    told = {"jsonrpc": "2.0", "id": message["id"], "result": opened}
    answer(side, told, extra=SESSION)
    side, head, message = asked(upstream)
    assert message["method"] == methods.INITIALIZED
    assert SESSION.strip() in head
    answer(side, "", "202 Accepted")


def refuse_stream(upstream: Upstream) -> None:
    """Play a server without HTTP+SSE, for which one that takes no POST is asked."""
    side, head, _ = asked(upstream)
    assert head.startswith("get ")
    side.answer(b"", "405 Method Not Allowed", "connection: close\r\n")


def next_post(upstream: Upstream) -> tuple[UpstreamSide, str, Any]:
    """The next POST; a GET for a stream is answered that there is none."""
    while True:
        side, head, message = asked(upstream)
        if message is not None:
            return side, head, message
        answer(side, "", "405 Method Not Allowed")


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "405 Method Not Allowed"])
def test_a_server_without_server_discover_gets_a_session(status: str) -> None:
    with scripted() as (upstream, proxy):
        client = ModernClient(proxy.port)
        message = call("a", "echo", _meta=meta())
        client.send_request(message, authorization="Bearer x", mcp_param_region="r")
        side, head, probe = asked(upstream)
        assert probe["method"] == methods.DISCOVER
        for line in ("mcp-method: server/discover", "authorization: bearer x"):
            assert f"\r\n{line}" in head
        side.answer(b"no", status, "connection: close\r\n")
        refuse_stream(upstream)
        open_session(upstream)
        side, head, forwarded = next_post(upstream)
        assert (forwarded["method"], forwarded["params"]) == (CALL, {"name": "echo"})
        for line in (
            SESSION.strip(),
            "authorization: bearer x",
            "mcp-protocol-version: 2025-11-25",
        ):
            assert f"\r\n{line}" in head
        assert "mcp-param" not in head
        assert "mcp-name" not in head
        give(side, forwarded, content=[])
        assert client.answer()[1]["result"]["resultType"] == "complete"
        proxy.counted({(CALL, "ok", "none"): 1})
        client.close()


def test_clients_that_show_other_keys_in_their_query_share_no_session() -> None:
    with scripted("--upstream-era", "legacy") as (upstream, proxy):
        for key in "ab":
            client = ModernClient(proxy.port, f"/mcp?key={key}")
            client.send_request(call(key, _meta=meta()))
            side, head, opening = next_post(upstream)
            assert (head.split()[1], opening["method"]) == (f"/mcp?key={key}", "initialize")
            answer(side, result(opening["id"], protocolVersion="2025-11-25"), extra=SESSION)
            next_post(upstream)[0].answer(b"", "202 Accepted", "connection: close\r\n")
            side, head, forwarded = next_post(upstream)
            assert (head.split()[1], forwarded["method"]) == (f"/mcp?key={key}", CALL)
            give(side, forwarded)
            assert client.answer()[0] == 200
            client.close()


def test_cookies_of_a_modern_server_go_back_in_a_legacy_clients_session() -> None:
    with scripted("--upstream-era", "modern") as (upstream, proxy):
        client = Client(proxy.port)
        client.post(INITIALIZE)
        side, _, discover = asked(upstream)
        opened = {"jsonrpc": "2.0", "id": discover["id"], "result": OFFERED}
        answer(side, opened, extra="set-cookie: LB=node1\r\n")
        response = client.getresponse()
        response.read()
        client.post(call(1), mcp_session_id=response.getheader("mcp-session-id") or "")
        side, head, forwarded = asked(upstream)
        assert "\r\ncookie: lb=node1\r\n" in head
        give(side, forwarded)
        assert client.answer()[0] == 200
        client.close()


def test_the_query_of_a_legacy_client_reaches_a_modern_server() -> None:
    with scripted("--upstream-era", "modern") as (upstream, proxy):
        client = Client(proxy.port, "/mcp?key=a")
        client.post(INITIALIZE)
        side, head, discover = asked(upstream)
        assert head.split()[1] == "/mcp?key=a"
        give(side, discover, **OFFERED)
        assert client.getresponse().read()
        client.close()


def test_a_modern_server_gets_the_bytes_of_a_modern_client() -> None:
    with scripted() as (upstream, proxy):
        client = ModernClient(proxy.port)
        for place in range(2):
            client.send_request(call(place, "echo", _meta=meta()), mcp_param_region="r")
            if place == 0:
                side, _, probe = asked(upstream)
                give(side, probe, **OFFERED)
            side, head, forwarded = asked(upstream)
            assert forwarded == call(place, "echo", _meta=meta())
            assert "\r\nmcp-name: echo" in head
            assert "\r\nmcp-param-region: r" in head
            give(side, forwarded, resultType="complete")
            assert client.answer()[0] == 200
        client.close()


@pytest.mark.parametrize("failure", ["500 Oops", "502 Bad Gateway", "cut", "silence"])
def test_a_server_that_fails_on_the_probe_is_a_legacy_one_and_asked_once(failure: str) -> None:
    with scripted("--upstream-timeout", "4") as (upstream, proxy):
        client = ModernClient(proxy.port)
        client.send_request(call(1, _meta=meta()))
        side, _, probe = asked(upstream)
        assert probe["method"] == methods.DISCOVER
        if failure == "cut":
            side.close()
        elif failure != "silence":
            side.answer(b"", failure, "connection: close\r\n")
        open_session(upstream)
        for place in (1, 2):
            side, _, forwarded = next_post(upstream)
            assert forwarded["method"] == CALL
            give(side, forwarded, content=[])
            assert client.answer()[0] == 200
            if place == 1:
                client.send_request(call(2, _meta=meta()))
        client.close()


def test_what_was_supposed_of_a_server_that_was_down_is_asked_again() -> None:
    with scripted() as (upstream, proxy):
        client = ModernClient(proxy.port)
        client.send_request(call(1, _meta=meta()))
        for method in (methods.DISCOVER, "initialize"):
            side, _, message = asked(upstream)
            assert message["method"] == method
            side.answer(b"starting", "503 Service Unavailable", "connection: close\r\n")
        status, told = client.answer()
        assert (status, told["id"]) == (502, 1)
        assert told["error"]["message"] == "the server answered 503 to the message: starting"
        client.send_request(call(2, _meta=meta()))
        side, _, probe = asked(upstream)
        give(side, probe, **OFFERED)
        side, _, forwarded = asked(upstream)
        assert forwarded["id"] == 2
        give(side, forwarded)
        assert client.answer()[0] == 200
        client.close()


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_a_server_that_wants_something_else_first_is_asked_again_later(status: str) -> None:
    with scripted() as (upstream, proxy):
        client = ModernClient(proxy.port)
        for _ in range(2):
            client.send_request(call(1, "echo", _meta=meta()))
            side, _, probe = asked(upstream)
            assert probe["method"] == methods.DISCOVER
            side.answer(b"", status, "connection: close\r\n")
            side, _, forwarded = asked(upstream)
            assert forwarded["method"] == CALL
            side.answer(b"", status, "connection: close\r\n")
            response = client.getresponse()
            response.read()
            assert f"{response.status}" in status
        client.close()


def test_a_server_of_both_eras_keeps_its_own_sessions() -> None:
    with scripted() as (upstream, proxy):
        modern = ModernClient(proxy.port)
        modern.send_request(call(1, _meta=meta()))
        side, _, probe = asked(upstream)
        give(side, probe, **OFFERED)
        side, _, forwarded = asked(upstream)
        give(side, forwarded)
        assert modern.answer()[0] == 200
        modern.close()
        client = Client(proxy.port)
        client.post(INITIALIZE)
        side, _, forwarded = asked(upstream)
        assert forwarded == INITIALIZE
        answer(side, result(0), extra="mcp-session-id: own\r\n")
        response = client.getresponse()
        response.read()
        assert response.getheader("mcp-session-id") == "own"
        proxy.counted({INITIALIZED: 1, (CALL, "ok", "none"): 1})
        assert proxy.value("mcp_proxy_sessions") == 1
        client.close()


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "stream"])
def test_a_refusal_of_a_legacy_server_reaches_a_legacy_client_as_it_came(status: str) -> None:
    streamed = status == "stream"
    error = {"code": -32602, "message": "not you"}
    refusal = {"jsonrpc": "2.0", "id": 0, "error": error}
    with scripted() as (upstream, proxy):
        for place in range(2):
            client = Client(proxy.port)
            client.post(INITIALIZE)
            side, head, forwarded = asked(upstream)
            assert forwarded == INITIALIZE
            if streamed:
                side.start_events()
                side.event({"method": "notifications/message", "params": {}})
                side.event(refusal)
                side.chunk(b"")
            else:
                answer(side, refusal, status)
            if place == 0:
                side, _, probe = asked(upstream) if not streamed else (side, *read(side))
                assert probe["method"] == methods.DISCOVER
                answer(side, "", "404 Not Found")
                refuse_stream(upstream)
            response = client.getresponse()
            if streamed:
                assert read_event(response)["method"] == "notifications/message"
                assert read_event(response) == refusal
            else:
                assert (f"{response.status}", json.loads(response.read())) == (status[:3], refusal)
            client.close()
        proxy.counted({("initialize", "protocol_error", "caller"): 2})


def test_what_a_server_says_at_length_before_it_answers_is_not_held_back() -> None:
    with scripted() as (upstream, proxy):
        client = Client(proxy.port)
        client.post(INITIALIZE)
        side, _, _ = asked(upstream)
        side.start_events()
        noise = {"method": "notifications/message", "params": {"data": "x" * 10_000}}
        for _ in range(10):
            side.event(noise)
        stream = client.getresponse()
        assert read_event(stream) == noise
        side.event(result(0))
        side.chunk(b"")
        assert [read_event(stream) for _ in range(10)][-1] == result(0)
        client.close()


def test_a_legacy_client_that_leaves_while_its_refusal_is_considered_is_counted_once() -> None:
    with scripted() as (upstream, proxy):
        client = Client(proxy.port)
        client.post(INITIALIZE)
        side, _, forwarded = asked(upstream)
        refuse(side, forwarded, -32022, "400 Bad Request")
        side, _, probe = asked(upstream)
        client.close()
        proxy.counted({("initialize", "cancelled", "caller"): 1})
        give(side, probe, **OFFERED)
        other = Client(proxy.port)
        other.post(INITIALIZE)
        side, _, forwarded = asked(upstream)
        refuse(side, forwarded, -32022, "400 Bad Request")
        side, _, discover = asked(upstream)
        give(side, discover, **OFFERED)
        assert other.answer()[0] == 200
        other.close()


@contextmanager
def session(*flags: str) -> Iterator[tuple[Upstream, RunningProxy, Client, str]]:
    """A legacy client's session before a modern server that the test plays."""
    with scripted(*flags) as (upstream, proxy):
        client = Client(proxy.port)
        client.post(INITIALIZE, authorization="Bearer x")
        if not flags:
            side, _, opening = asked(upstream)
            assert opening == INITIALIZE
            refuse(side, opening, -32022, "400 Bad Request")
            side, _, probe = asked(upstream)
            give(side, probe, **OFFERED)
        side, head, discover = asked(upstream)
        assert discover["method"] == methods.DISCOVER
        assert "\r\nauthorization: bearer x" in head
        give(side, discover, **OFFERED)
        response = client.getresponse()
        assert json.loads(response.read())["result"]["protocolVersion"] == "2025-06-18"
        yield upstream, proxy, client, response.getheader("mcp-session-id") or ""
        client.close()


@pytest.mark.parametrize("flags", [(), ("--upstream-era", "modern")])
def test_a_modern_server_gets_headers_that_agree_with_the_body(flags: tuple[str, ...]) -> None:
    with session(*flags) as (upstream, proxy, client, name):
        client.post(call("c", "naïve"), mcp_session_id=name, mcp_protocol_version="2025-06-18")
        side, head, forwarded = asked(upstream)
        assert forwarded["params"]["_meta"][methods.VERSION_KEY] == "2026-07-28"
        for line in (
            "mcp-protocol-version: 2026-07-28",
            "mcp-method: tools/call",
            "mcp-name: =?base64?bmHDr3Zl?=".lower(),
        ):
            assert head.count(f"\r\n{line}") == 1
        assert "mcp-session-id" not in head
        give(side, forwarded, resultType="complete")
        status, told = client.answer()
        assert (status, told["id"]) == (200, "c")
        proxy.counted({INITIALIZED: 1, (CALL, "ok", "none"): 1})


def test_arguments_that_travel_as_headers_are_known_from_the_tools_list() -> None:
    with session("--upstream-era", "modern") as (upstream, _, client, name):
        client.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, mcp_session_id=name)
        side, _, forwarded = asked(upstream)
        region = {"type": "string", "x-mcp-header": "Region"}
        schema = {"type": "object", "properties": {"where": region}}
        give(side, forwarded, tools=[{"name": "t", "inputSchema": schema}])
        client.answer()
        client.post(call(2, "t", arguments={"where": "us-west1"}), mcp_session_id=name)
        side, head, forwarded = asked(upstream)
        assert "\r\nmcp-param-region: us-west1" in head
        give(side, forwarded)
        assert client.answer()[0] == 200


def test_a_cancelled_call_closes_its_request() -> None:
    with session("--upstream-era", "modern") as (upstream, proxy, client, name):
        client.post(call("h", "hang"), mcp_session_id=name)
        side, _, _ = asked(upstream)
        helper = Client(proxy.port)
        cancel = {"jsonrpc": "2.0", "method": methods.CANCELLED, "params": {"requestId": "h"}}
        helper.post(cancel, mcp_session_id=name)
        assert side.at_end()
        client.getresponse().read()
        proxy.counted({INITIALIZED: 1, (CALL, "cancelled", "caller"): 1})
        helper.close()


def test_an_upstream_that_is_lost_fails_the_call_with_its_own_id() -> None:
    with session("--upstream-era", "modern") as (upstream, proxy, client, name):
        client.post(call("l", "echo"), mcp_session_id=name)
        side, _, _ = asked(upstream)
        side.close()
        upstream_lost = client.answer()
        assert (upstream_lost[0], upstream_lost[1]["id"]) == (502, "l")
        proxy.counted({INITIALIZED: 1, (CALL, "transport_error", "server"): 1})


def test_a_client_that_leaves_while_the_server_is_asked_is_counted_once() -> None:
    with scripted() as (upstream, proxy):
        client = ModernClient(proxy.port)
        client.send_request(request("tools/list"))
        side, _, probe = asked(upstream)
        client.close()
        proxy.counted({("tools/list", "cancelled", "caller"): 1})
        give(side, probe, **OFFERED)
        other = ModernClient(proxy.port)
        other.send_request(call(2, "echo", _meta=meta()))
        side, _, forwarded = asked(upstream)
        assert forwarded["id"] == 2
        give(side, forwarded)
        other.answer()
        other.close()


def test_a_server_that_was_away_is_asked_anew() -> None:
    with scripted("--probe-interval", "0.2") as (upstream, proxy):
        client = ModernClient(proxy.port)
        client.send_request(call(1, "echo", _meta=meta()))
        side, _, probe = asked(upstream)
        give(side, probe, **OFFERED)
        side, _, forwarded = asked(upstream)
        give(side, forwarded)
        client.answer()
        port = upstream.port
        upstream.close()
        eventually(lambda: proxy.value("mcp_proxy_upstream_up") == 0, "the loss")
        again = Upstream(port, legacy=False)
        eventually(lambda: proxy.value("mcp_proxy_upstream_up") == 1, "the return")
        client.send_request(call(2, "echo", _meta=meta()))
        assert asked(again)[2]["method"] == methods.DISCOVER
        again.close()
        client.close()


def test_a_server_that_says_nothing_keeps_no_client_longer_than_a_call_may_take() -> None:
    with scripted("--upstream-timeout", "2") as (_, proxy):
        clients = [Client(proxy.port) for _ in range(8)]
        for client in clients:
            client.post(INITIALIZE)
        for client in reversed(clients):
            status, answer = client.answer()
            assert (status, answer["id"]) == (504, 0)
            client.close()
        proxy.counted({("initialize", "timeout", "server"): 8})
        # 16 seconds of waiting, also for the era, were the server's.
        assert proxy.value("mcp_proxy_overhead_seconds_sum") < 1


def test_who_waits_for_a_server_that_says_nothing_is_told_that_the_proxy_ends() -> None:
    with scripted("--drain-timeout", "0.1") as (upstream, proxy):
        clients = [Client(proxy.port), Client(proxy.port)]
        for client in clients:
            client.post(INITIALIZE)
        upstream.accept()
        proxy.process.terminate()
        for client in clients:
            status, answer = client.answer()
            assert (status, answer["error"]["message"]) == (503, "the proxy is shutting down")
            client.close()
        assert proxy.ended() == 0
