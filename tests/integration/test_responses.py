"""Clients of the HTTP+SSE transport before a stdio server: their stream, their messages, faults."""

import json
import re
import signal
from collections.abc import Iterator
from urllib.parse import urljoin

import psutil
import pytest
import requests

from tests.integration.proxies import RunningProxy, eventually, running, written_when_held_back
from tests.integration.sockets import INITIALIZE, Client, call, read_event
from tests.integration.sse import SseClient
from tests.integration.stdio_session import SERVER, gone

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


def test_answers_errors_and_the_servers_own_messages_come_on_the_stream(
    proxy: RunningProxy, client: SseClient
) -> None:
    assert client.initialize()["result"]["protocolVersion"] == "2025-06-18"
    for tool in ("echo", "fail", "unknown"):
        assert client.post(call(tool, tool)) == 202
        assert client.message()["id"] == tool
    client.post(call(4, "progress", _meta={"progressToken": "t"}))
    assert client.message()["params"]["progressToken"] == "t"
    assert client.message()["id"] == 4
    client.post(call(5, "ask"))
    assert client.message()["method"] == "roots/list"
    client.post({"id": "server-1", "result": {"roots": []}})
    assert client.message()["result"]["roots"] == {"roots": []}
    client.post(call(6, "spontaneous"))
    assert client.message()["id"] == 6
    assert client.message()["method"] == "notifications/tools/list_changed"
    proxy.counted(
        {
            INITIALIZED: 1,
            (CALL, "ok", "none"): 4,
            (CALL, "tool_error", "server"): 1,
            (CALL, "protocol_error", "caller"): 1,
        }
    )


def test_sessions_are_apart(proxy: RunningProxy, client: SseClient) -> None:
    other = SseClient(proxy.port)
    assert client.initialize()["result"]["pid"] != other.initialize()["result"]["pid"]
    other.post(call(1))
    client.post(call(2))
    assert (other.message()["id"], client.message()["id"]) == (1, 2)
    other.close()


def test_a_client_that_leaves_ends_its_calls_and_its_process(
    proxy: RunningProxy, client: SseClient
) -> None:
    pid = client.initialize()["result"]["pid"]
    client.post(call(1, "hang"))
    client.close()
    eventually(lambda: gone(pid), "the end of the process")
    proxy.counted({INITIALIZED: 1, (CALL, "cancelled", "caller"): 1})
    assert client.post(call(2)) == 404
    assert proxy.value("mcp_server_session_duration_seconds_count") == 1


def test_a_process_that_dies_is_told_on_the_stream_which_ends(
    proxy: RunningProxy, client: SseClient
) -> None:
    client.initialize()
    client.post(call("first", "hang"))
    client.post(call("second", "die"))
    told = [client.message() for _ in range(2)]
    assert [(each["id"], each["error"]["code"]) for each in told] == [
        ("first", -32000),
        ("second", -32000),
    ]
    assert client.message() is None
    proxy.counted({INITIALIZED: 1, (CALL, "transport_error", "server"): 2})
    again = SseClient(proxy.port)
    assert "result" in again.initialize()
    again.close()


def test_a_server_that_cannot_be_started_is_told_on_the_stream() -> None:
    with running("--", "false") as proxy:
        client = SseClient(proxy.port)
        assert client.initialize()["error"]["code"] == -32000
        assert client.message() is None
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


def test_a_body_that_is_no_message_or_repeats_an_id_is_refused(client: SseClient) -> None:
    client.initialize()
    assert client.post(b"{") == 400
    assert client.post(call(1, "hang")) == 202
    assert client.post(call(1, "echo")) == 400


def test_the_rules_of_the_gate_hold(proxy: RunningProxy, client: SseClient) -> None:
    evil = {"origin": "https://evil.example"}
    refused = SseClient(proxy.port, **evil)
    assert refused.stream.status == 403
    refused.close()
    assert client.post(INITIALIZE, **evil) == 403
    wrong = {"accept": "application/json"}
    assert requests.get(f"http://{proxy.mcp}/sse", timeout=10, headers=wrong).status_code == 406


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


def test_a_slow_reader_bounds_memory_and_stalls_nobody_else(
    proxy: RunningProxy, client: SseClient
) -> None:
    pid = client.initialize()["result"]["pid"]
    size = 48_000_000
    client.post(call(1, "flood", arguments={"bytes": size}))
    assert written_when_held_back(pid) < size / 2
    assert psutil.Process(proxy.process.pid).memory_info().rss < size + 100_000_000
    other = SseClient(proxy.port)
    other.initialize()
    other.post(call(2))
    assert other.message()["id"] == 2
    for _ in range(size // 100_000):
        assert len(client.message()["params"]["data"]) == 100_000
    assert client.message()["id"] == 1
    other.close()
