"""Which eras and transport a streamable HTTP server speaks: when it is probed, and what follows."""

import json

import pytest

from proxy.jsonrpc import methods
from tests.integration.modern import ModernClient, meta, request
from tests.integration.proxies import eventually, running
from tests.integration.scripted_http import (
    CALL,
    OFFERED,
    asked,
    give,
    next_post,
    open_session,
    scripted,
)
from tests.integration.sockets import (
    INITIALIZE,
    Client,
    Upstream,
    call,
    result,
)
from tests.integration.sse import SseClient
from tests.integration.test_legacy_sse import ACCEPTED

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("failure", ["500 Oops", "502 Bad Gateway", "cut", "silence"])
def test_a_server_that_fails_on_the_probe_is_a_legacy_one_and_asked_once(failure: str) -> None:
    timeout = "4" if failure == "silence" else "30"
    with scripted("--upstream-timeout", timeout) as (upstream, proxy):
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
    with scripted() as (upstream, proxy), ModernClient(proxy.port) as client:
        client.send_request(call(1, _meta=meta()))
        for method in (methods.DISCOVER, "initialize"):
            side, _, message = asked(upstream)
            assert message["method"] == method
            side.answer(b"starting", "503 Service Unavailable", "connection: close\r\n")
        status, answer = client.answer()
        assert (status, answer["id"]) == (502, 1)
        assert answer["error"]["message"] == "the server answered 503 to the message: starting"
        client.send_request(call(2, _meta=meta()))
        side, _, probe = asked(upstream)
        give(side, probe, **OFFERED)
        side, _, forwarded = asked(upstream)
        assert forwarded["id"] == 2
        give(side, forwarded)
        assert client.answer()[0] == 200


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_a_server_that_wants_something_else_first_is_asked_again_later(status: str) -> None:
    with scripted() as (upstream, proxy), ModernClient(proxy.port) as client:
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


def test_a_server_that_was_away_is_asked_again() -> None:
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
        # The waiting, also for the era, was the server's.
        spent = proxy.value("mcp_server_operation_duration_seconds_sum")
        assert spent >= 16
        assert proxy.value("mcp_proxy_overhead_seconds_sum") < spent / 4


@pytest.mark.parametrize("refusal", ["404 Not Found", "405 Method Not Allowed", "400 Bad Request"])
@pytest.mark.parametrize("kind", ["legacy", "modern", "HTTP+SSE"])
def test_a_server_that_was_taken_for_one_of_streamable_http_is_spoken_to_as_it_wants(
    kind: str, refusal: str
) -> None:
    with Upstream(legacy=False) as upstream, running("--upstream", upstream.url) as proxy:
        client = {"legacy": Client, "modern": ModernClient, "HTTP+SSE": SseClient}[kind](proxy.port)
        if isinstance(client, ModernClient):
            client.send_request(call(0, _meta=meta()))
        else:
            client.post(INITIALIZE)
        refused = 0
        while not (side := upstream.accept()).request()[0].startswith("GET /mcp "):
            side.answer(b"no", refusal, "connection: close\r\n")
            refused += 1
        assert refused == (2 if kind == "legacy" else 1)
        side.start_events()
        side.chunk(b"event: endpoint\ndata: /m\n\n")
        assert side.at_end()
        stream = upstream.accept()
        assert stream.request()[0].startswith("GET /mcp ")
        stream.start_events()
        stream.chunk(b"event: endpoint\ndata: /m\n\n")
        messages = upstream.accept()
        head, body = messages.request()
        assert head.startswith("POST /m ")
        opened = json.loads(body)
        assert opened["method"] == "initialize"
        stream.event({"id": opened["id"], "result": {"protocolVersion": "2025-06-18"}})
        messages.send(ACCEPTED)
        if isinstance(client, ModernClient):
            for _ in range(2):
                asked = json.loads(messages.request()[1])
                messages.send(ACCEPTED)
            stream.event(result(asked["id"]))
        answer = client.message() if isinstance(client, SseClient) else client.answer()[1]
        assert answer["id"] == 0
        [line] = eventually(lambda: proxy.logged("the server speaks HTTP+SSE"), "the line")
        assert "--upstream-transport sse" in line["advice"]
        assert proxy.value("mcp_proxy_upstream_up", transport="sse") == 1
        client.close()
