"""Clients of the HTTP+SSE transport before a stdio server: their stream, their messages, faults."""

import json
import re
import signal
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest

from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sockets import INITIALIZE, Client, call, read_event
from tests.integration.sse import SseClient
from tests.integration.stdio_session import SERVER

pytestmark = pytest.mark.slow

CALL = "tools/call"
INITIALIZED = ("initialize", "ok", "none")


@pytest.fixture
def proxy() -> Iterator[RunningProxy]:
    with running("--", *SERVER) as started:
        yield started


@pytest.fixture
def client(proxy: RunningProxy) -> Iterator[SseClient]:
    each = SseClient(proxy.port)
    yield each
    each.close()


def test_each_stream_names_an_endpoint_of_its_own(proxy: RunningProxy, client: SseClient) -> None:
    other = SseClient(proxy.port)
    for each in (client, other):
        assert re.fullmatch(r"messages\?session_id=[0-9a-f]{32}", each.named)
    assert client.endpoint != other.endpoint
    assert client.stream.getheader("content-type") == "text/event-stream"
    assert proxy.value("mcp_proxy_streams") == proxy.value("mcp_proxy_sessions") == 2
    other.close()
    eventually(lambda: proxy.value("mcp_proxy_sessions") == 1, "the end of the other session")


@pytest.mark.parametrize("path", ["/sse", "/sse/", "/sse?a=/b/"])
def test_the_endpoint_leads_back_through_a_path_prefix(proxy: RunningProxy, path: str) -> None:
    client = SseClient(proxy.port, path)
    outside = urljoin(f"http://edge.example/tools{path}", client.named)
    assert outside.startswith("http://edge.example/tools/messages?session_id=")
    assert client.initialize()["id"] == 0
    client.close()


def test_a_client_of_streamable_http_is_served_at_the_other_transports_path(
    proxy: RunningProxy,
) -> None:
    client = Client(proxy.port, "/sse")
    client.post(INITIALIZE)
    response = client.getresponse()
    assert json.loads(response.read())["id"] == 0
    named = {"mcp-session-id": response.getheader("mcp-session-id") or ""}
    stream = Client(proxy.port)
    stream.request("GET", "/sse", headers={"accept": "text/event-stream", **named})
    listening = stream.getresponse()
    client.post(call(1, "spontaneous"), **named)
    assert client.answer()[0] == 200
    assert read_event(listening)["method"] == "notifications/tools/list_changed"
    client.request("DELETE", "/sse", headers=named)
    assert client.getresponse().status == 200
    for each in (client, stream):
        each.close()


@pytest.mark.parametrize(
    ("path", "status"),
    [("/messages", 404), ("/messages?session_id=guess", 404), ("/sse", 400), ("/other", 404)],
)
def test_a_message_without_a_session_is_refused(client: SseClient, path: str, status: int) -> None:
    assert client.post(call(), path) == status


def test_sessions_beyond_the_cap_are_refused() -> None:
    with running("--max-sessions", "1", "--", *SERVER) as proxy:
        client, other = SseClient(proxy.port), SseClient(proxy.port)
        assert (client.stream.status, other.stream.status) == (200, 503)
        client.close()
        other.close()


def test_a_draining_proxy_finishes_calls_and_answers_new_ones_on_the_stream(
    proxy: RunningProxy, client: SseClient
) -> None:
    client.initialize()
    client.post(call(1, "ask"))
    assert client.message()["method"] == "roots/list"
    proxy.process.send_signal(signal.SIGTERM)
    eventually(lambda: proxy.logged("draining"), "the drain")
    assert client.post(call(2)) == 202
    answer = client.message()
    assert (answer["id"], answer["error"]["code"]) == (2, -32000)
    refused = SseClient(proxy.port)
    assert (refused.stream.status, refused.stream.getheader("retry-after")) == (503, "5")
    refused.close()
    client.post({"id": "server-1", "result": {"roots": []}})
    assert client.message()["id"] == 1
    assert client.message() is None
    assert proxy.ended() == 0
