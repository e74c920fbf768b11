"""Clients of either era before a streamable HTTP server of the other: what goes over the wire."""

import json

import pytest

from proxy.jsonrpc import methods
from tests.integration.modern import ModernClient, meta
from tests.integration.scripted_http import (
    CALL,
    OFFERED,
    SESSION,
    answer,
    asked,
    give,
    next_post,
    open_session,
    read,
    refuse,
    refuse_stream,
    scripted,
)
from tests.integration.sockets import (
    INITIALIZE,
    Client,
    call,
    read_event,
    result,
)

pytestmark = pytest.mark.slow

INITIALIZED = ("initialize", "ok", "none")


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "405 Method Not Allowed"])
def test_a_server_without_server_discover_gets_a_session(status: str) -> None:
    with scripted() as (upstream, proxy), ModernClient(proxy.port) as client:
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


def test_a_modern_server_gets_the_bytes_of_a_modern_client() -> None:
    with scripted() as (upstream, proxy), ModernClient(proxy.port) as client:
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


def test_who_waits_for_a_server_that_says_nothing_is_informed_that_the_proxy_ends() -> None:
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
