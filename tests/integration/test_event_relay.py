"""Streams through the proxy: as they come, held back, broken off, resumed."""

import json
from http.client import IncompleteRead

import pytest

from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sockets import Client, Upstream, call, read_event, result

pytestmark = pytest.mark.slow

CALL = "tools/call"


def test_events_are_relayed_as_they_come(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    progress = {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progress": 1}}
    client.post(call())
    side = upstream.take()
    side.start_events()
    side.event(progress)
    response = client.getresponse()
    assert read_event(response) == progress
    assert proxy.value("mcp_proxy_streams") == 1
    side.event(result(isError=True))
    assert read_event(response) == result(isError=True)
    proxy.counted({(CALL, "tool_error", "server"): 1})
    side.chunk(b"")
    assert response.read() == b""
    eventually(lambda: proxy.value("mcp_proxy_streams") == 0, "the stream's end")


@pytest.mark.parametrize("session", [{"mcp-session-id": "s"}, {}])
def test_a_call_whose_stream_is_resumed_is_counted_when_its_answer_comes(
    upstream: Upstream, proxy: RunningProxy, client: Client, session: dict[str, str]
) -> None:
    client.post(call(7), **session)
    side = upstream.take()
    side.start_events()
    side.chunk(b"id: e1\ndata: \n\n")
    side.chunk(b"")
    response = client.getresponse()
    assert response.read() == b"id: e1\ndata: \n\n"
    assert proxy.outcomes() == {}
    resume = {"accept": "text/event-stream", "last-event-id": "e1", **session}
    client.request("GET", "/mcp", headers=resume)
    head, _ = side.request()
    assert "last-event-id: e1" in head
    side.start_events()
    side.event(result(7, isError=True))
    assert read_event(client.getresponse()) == result(7, isError=True)
    proxy.counted({(CALL, "tool_error", "server"): 1})


def test_a_resumable_stream_that_breaks_off_does_not_fail_its_call(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    client.post(call(7), mcp_session_id="s")
    side = upstream.take()
    side.start_events()
    side.chunk(b"id: e1\ndata: \n\n")
    response = client.getresponse()
    assert response.readline() == b"id: e1\n"
    side.close()
    with pytest.raises((IncompleteRead, ConnectionError)):
        response.read()
    other = Client(proxy.port)
    cancel = {"method": "notifications/cancelled", "params": {"requestId": 7}}
    other.post(cancel, mcp_session_id="s")
    again = upstream.take()
    again.answer(b"", "202 Accepted")
    assert other.getresponse().status == 202
    proxy.counted({(CALL, "cancelled", "caller"): 1})
    other.close()


def test_the_get_stream_crosses_and_is_no_request(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    message = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
    client.request("GET", "/mcp", headers={"accept": "text/event-stream", "mcp-session-id": "s"})
    side = upstream.accept()
    head, _ = side.request()
    assert head.startswith("GET /mcp HTTP/1.1\r\n")
    side.start_events()
    side.event(message)
    assert read_event(client.getresponse()) == message
    assert proxy.value("mcp_proxy_streams") == 1
    client.close()
    assert side.at_end()
    eventually(lambda: proxy.value("mcp_proxy_streams") == 0, "the stream's end")
    assert proxy.outcomes() == {}


def test_a_reader_that_stalls_bounds_what_is_taken_from_the_upstream(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    client.request("GET", "/mcp", headers={"accept": "text/event-stream"})
    side = upstream.take()
    side.start_events()
    piece = b"10000\r\n" + b":" * 0xFFFF + b"\n\r\n"
    taken = side.send_until_full(piece, most=256 * 1024 * 1024)
    assert taken < 32 * 1024 * 1024
    other = Client(proxy.port)
    other.post(call())
    second = upstream.take()
    second.answer(json.dumps(result()).encode())
    assert other.answer() == (200, result())
    other.close()


def test_a_call_whose_stream_cannot_be_resumed_ends_with_the_server(upstream: Upstream) -> None:
    with running("--upstream", upstream.url, "--probe-interval", "0.1") as proxy:
        client = Client(proxy.port)
        client.post(call(7), mcp_session_id="s")
        side = upstream.take()
        side.start_events()
        side.chunk(b"id: e1\ndata: \n\n")
        side.chunk(b"")
        assert client.getresponse().read() == b"id: e1\ndata: \n\n"
        upstream.close()
        proxy.counted({(CALL, "transport_error", "server"): 1})
        client.close()


@pytest.mark.parametrize("stream", ["GET", "POST"])
def test_an_answer_that_comes_on_another_stream_is_counted_before_its_own_ends(
    upstream: Upstream, proxy: RunningProxy, client: Client, stream: str
) -> None:
    other = Client(proxy.port)
    if stream == "GET":
        headers = {"accept": "text/event-stream", "mcp-session-id": "s"}
        other.request("GET", "/mcp", headers=headers)
    else:
        other.post(call(1), mcp_session_id="s")
    elsewhere = upstream.take()
    elsewhere.start_events()
    client.post(call(7), mcp_session_id="s")
    side = upstream.take()
    side.start_events()
    elsewhere.event(result(7))
    assert read_event(other.getresponse()) == result(7)
    proxy.counted({("tools/call", "ok", "none"): 1})
    side.chunk(b"")
    assert client.getresponse().read() == b""
    proxy.counted({("tools/call", "ok", "none"): 1})
    other.close()
