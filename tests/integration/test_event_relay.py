"""Streams through the proxy: as they come, held back, broken off, resumed."""

from http.client import IncompleteRead

import pytest

from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sockets import Client, Upstream, call, read_event, result

pytestmark = pytest.mark.slow

CALL = "tools/call"


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
