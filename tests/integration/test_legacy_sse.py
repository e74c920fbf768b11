"""The proxy in front of a server of the HTTP+SSE transport: endpoint, messages, and every fault."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sockets import (
    INITIALIZE,
    Client,
    Upstream,
    UpstreamSide,
    call,
    result,
)

pytestmark = pytest.mark.slow

CALL = "tools/call"
INITIALIZED = ("initialize", "ok", "none")
ACCEPTED = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"


class SseUpstream(Upstream):
    """A scripted HTTP+SSE server."""

    @property
    def url(self) -> str:
        """The event stream."""
        return f"http://127.0.0.1:{self.port}/sse?key=1"

    def accept_events(self) -> UpstreamSide:
        """The next GET, answered with a stream without events."""
        side = self.accept()
        assert side.request()[0].startswith("GET /sse?key=1 HTTP/1.1\r\n")
        side.start_events()
        return side

    def stream(self, endpoint: str = "/messages?session_id=1") -> UpstreamSide:
        """The next GET, answered with a stream and its endpoint event."""
        side = self.accept_events()
        side.chunk(f"event: endpoint\ndata: {endpoint}\n\n".encode())
        return side

    def message(self, answer: bytes = ACCEPTED) -> tuple[str, Any]:
        """The next POST, answered: its head and its message."""
        side = self.accept()
        head, body = side.request()
        side.send(answer)
        side.close()
        return head, json.loads(body)


@pytest.fixture
def server() -> Iterator[SseUpstream]:
    each = SseUpstream()
    yield each
    each.close()


@pytest.fixture
def proxy(server: SseUpstream) -> Iterator[RunningProxy]:
    arguments = ("--upstream", server.url, "--upstream-transport", "sse")
    with running(*arguments, "--upstream-timeout", "2", "--probe-interval", "0.1") as started:
        yield started


class Session:
    """An initialized session: the server's stream, and the client's connection."""

    def __init__(self, server: SseUpstream, client: Client, port: int) -> None:
        self._server, self._client, self._port = server, client, port
        client.post(INITIALIZE, authorization="Bearer x")
        self.stream = server.stream()
        server.message()
        self.stream.event(result(0))
        response = client.getresponse()
        assert response.status == 200
        response.read()
        self.name = response.getheader("mcp-session-id") or ""

    def call(self, request_id: int | str = 1, **params: Any) -> tuple[str, Any]:
        """Send a call, and let the server take it."""
        self._client.post(call(request_id, **params), mcp_session_id=self.name)
        return self._server.message()

    def listen(self) -> tuple[Client, Any]:
        """Open the client's own GET stream."""
        client = Client(self._port)
        headers = {"accept": "text/event-stream", "mcp-session-id": self.name}
        client.request("GET", "/mcp", headers=headers)
        return client, client.getresponse()


@pytest.fixture
def session(server: SseUpstream, proxy: RunningProxy, client: Client) -> Session:
    return Session(server, client, proxy.port)


def test_a_cookie_that_came_with_the_stream_goes_back_with_messages(
    server: SseUpstream, proxy: RunningProxy
) -> None:
    client = Client(proxy.port)
    client.post(INITIALIZE, cookie="mine=1")
    side = server.take()
    side.start_events("set-cookie: LB=node1; path=/\r\n")
    side.chunk(b"event: endpoint\ndata: /m\n\n")
    head, _ = server.message()
    assert "\r\ncookie: LB=node1; mine=1\r\n" in head
    client.close()


def test_redirects_of_the_stream_and_of_messages_are_followed(
    server: SseUpstream, proxy: RunningProxy
) -> None:
    client = Client(proxy.port)
    client.post(INITIALIZE)
    side = server.take()
    side.answer(b"", "307 There", "location: /sse/?key=1\r\n")
    assert side.request()[0].startswith("GET /sse/?key=1 HTTP/1.1\r\n")
    side.start_events()
    side.chunk(b"event: endpoint\ndata: /m\n\n")
    messages = server.take()
    messages.answer(b"", "307 There", "location: /m/\r\n")
    head, body = messages.request()
    assert (head.split()[1], json.loads(body)) == ("/m/", INITIALIZE)
    client.close()


def test_a_server_that_was_taken_for_one_of_http_sse_is_named(upstream: Upstream) -> None:
    with running("--upstream", f"http://127.0.0.1:{upstream.port}/sse") as proxy:
        client = Client(proxy.port)
        client.post(INITIALIZE)
        side = upstream.take()
        side.answer(b"GET needs a session", "400 Bad Request")
        status, answer = client.answer()
        assert (status, answer["id"]) == (502, 0)
        for each in ("400", "GET needs a session", "--upstream-transport streamable-http"):
            assert each in answer["error"]["message"]
        [line] = eventually(lambda: proxy.logged("call failed"), "the line in the log")
        assert line["reason"] == answer["error"]["message"]
        client.close()


def test_the_clients_query_reaches_the_server(server: SseUpstream, proxy: RunningProxy) -> None:
    client = Client(proxy.port, "/mcp?user=a")
    client.post(INITIALIZE)
    assert server.accept().request()[0].startswith("GET /sse?key=1&user=a HTTP/1.1\r\n")
    client.close()


@pytest.mark.parametrize("endpoint", ["/m?s=1", "m?s=1", "http://127.0.0.1:{port}/m?s=1"])
def test_an_endpoint_may_be_relative_or_absolute(
    server: SseUpstream, client: Client, endpoint: str
) -> None:
    client.post(INITIALIZE)
    stream = server.stream(endpoint.format(port=server.port))
    head, message = server.message()
    assert head.startswith("POST /m?s=1 HTTP/1.1\r\n")
    assert message == INITIALIZE
    stream.event(result(0))
    assert client.answer() == (200, result(0))


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (b"event: endpoint\ndata: http://127.0.0.1:1/m\n\n", "not a URL of its own origin"),
        (b"event: endpoint\ndata: //evil.example/m\n\n", "not a URL of its own origin"),
        (b"event: endpoint\ndata: /m HTTP/1.1\n\n", "not a URL of its own origin"),
        (b"data: /messages\n\n", "the server's first event is not the endpoint"),
    ],
)
def test_a_wrong_first_event_fails_the_call_at_once(
    server: SseUpstream, proxy: RunningProxy, client: Client, *, first: bytes, reason: str
) -> None:
    client.post(INITIALIZE)
    side = server.accept_events()
    side.chunk(first)
    status, answer = client.answer()
    assert (status, answer["id"]) == (502, 0)
    assert reason in answer["error"]["message"]
    assert side.at_end()
    proxy.counted({("initialize", "transport_error", "server"): 1})


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        ("404 Not Found", "operator"),
        ("405 Method Not Allowed", "operator"),
        ("500 Oops", "server"),
        ("302 Found", "server"),
        ("200 OK", "operator"),
    ],
)
def test_a_get_without_a_stream_fails_the_call_at_once(
    server: SseUpstream, proxy: RunningProxy, client: Client, status: str, fault: str
) -> None:
    client.post(INITIALIZE)
    side = server.take()
    side.answer(b"{}", status)
    status_code, answer = client.answer()
    assert (status_code, answer["id"]) == (502, 0)
    reason = answer["error"]["message"]
    assert reason.startswith(f"the server answered {status[:3]} and no event stream")
    assert ("check the path of --upstream" in reason) is (fault == "operator")
    proxy.counted({("initialize", "transport_error", fault): 1})


def test_a_server_that_names_no_endpoint_times_out(
    server: SseUpstream, proxy: RunningProxy, client: Client
) -> None:
    client.post(INITIALIZE)
    side = server.accept_events()
    assert client.answer()[0] == 504
    assert side.at_end()
    proxy.counted({("initialize", "timeout", "server"): 1})


def test_the_clients_headers_travel_and_the_proxys_session_does_not(session: Session) -> None:
    head, message = session.call(7)
    assert message == call(7)
    lines = {line.partition(": ")[0] for line in head.lower().split("\r\n")[1:]}
    assert {"host", "content-type", "content-length", "traceparent"} <= lines | {"traceparent"}
    assert not lines & {"mcp-session-id", "mcp-protocol-version", "accept", "last-event-id"}


def test_authorization_is_sent_with_the_stream_and_the_messages(
    server: SseUpstream, client: Client
) -> None:
    client.post(INITIALIZE, authorization="Bearer x")
    side = server.accept()
    assert "authorization: Bearer x" in side.request()[0]
    side.start_events()
    side.chunk(b"event: endpoint\ndata: /m\n\n")
    assert "authorization: Bearer x" in server.message()[0]


@pytest.mark.parametrize(
    ("answer", "outcome", "fault"),
    [
        (result(1), "ok", "none"),
        (result(1, isError=True), "tool_error", "server"),
        ({"id": 1, "error": {"code": -32602, "message": "no"}}, "protocol_error", "caller"),
    ],
)
def test_an_answer_crosses_and_its_outcome_counts(
    session: Session, client: Client, proxy: RunningProxy, *, answer: Any, outcome: str, fault: str
) -> None:
    session.call(1)
    session.stream.chunk(b": comment\n\n")
    session.stream.event({"jsonrpc": "2.0", "id": "unknown", "result": {}})
    session.stream.chunk(b"data: garbage\n\n")
    session.stream.chunk(
        b"data: " + json.dumps(answer, indent=1).replace("\n", "\ndata: ").encode()
    )
    session.stream.chunk(b"\r\n\r\n")
    assert client.answer() == (200, answer)
    proxy.counted({INITIALIZED: 1, (CALL, outcome, fault): 1})
    series = {"transport": "sse", "network_transport": "tcp", "mcp_method_name": CALL}
    assert proxy.value("mcp_server_operation_duration_seconds_count", **series) == 1


def test_a_message_that_the_server_refuses_fails_alone(
    session: Session, server: SseUpstream, proxy: RunningProxy, client: Client
) -> None:
    client.post(call(5), mcp_session_id=session.name)
    server.message(b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n")
    status, answer = client.answer()
    assert (status, answer["id"]) == (502, 5)
    assert answer["error"]["message"] == "the server answered 500 to the message"
    session.call(6)
    session.stream.event(result(6))
    assert client.answer() == (200, result(6))
    proxy.counted({INITIALIZED: 1, (CALL, "ok", "none"): 1, (CALL, "transport_error", "server"): 1})


@pytest.mark.parametrize("end", [b"", b'data: {"id":'])
def test_a_stream_that_ends_fails_every_call_and_a_new_session_works(
    session: Session, server: SseUpstream, proxy: RunningProxy, client: Client, end: bytes
) -> None:
    session.call("first")
    other = Client(proxy.port)
    other.post(call("second"), mcp_session_id=session.name)
    server.message()
    if end:
        session.stream.chunk(end)
    session.stream.close()
    for each, request_id in ((client, "first"), (other, "second")):
        status, answer = each.answer()
        assert (status, answer["id"], answer["error"]["code"]) == (502, request_id, -32000)
    proxy.counted({INITIALIZED: 1, (CALL, "transport_error", "server"): 2})
    assert proxy.value("mcp_proxy_sessions") == 0
    client.post(call(3), mcp_session_id=session.name)
    assert client.answer()[0] == 404
    again = Session(server, client, proxy.port)
    again.call(4)
    again.stream.event(result(4))
    assert client.answer() == (200, result(4))
    other.close()


def test_the_end_of_the_session_ends_the_servers_stream(session: Session, client: Client) -> None:
    client.request("DELETE", "/mcp", headers={"mcp-session-id": session.name})
    assert client.getresponse().status == 200
    assert session.stream.at_end()


def test_events_of_other_types_are_no_messages_and_lines_may_end_with_a_carriage_return(
    server: SseUpstream, proxy: RunningProxy, client: Client
) -> None:
    client.post(INITIALIZE)
    side = server.accept_events()
    side.chunk(b": hi\r\revent: ping\rdata: {}\r\revent: endpoint\rdata: /messages\r\r")
    server.message()
    answer = json.dumps(result(0), indent=1).replace("\n", "\rdata: ")
    side.chunk(f"event: ping\rdata: {answer}\r\rdata:\r\rdata: {answer}\r\r".encode())
    assert client.answer() == (200, result(0))
    assert not proxy.logged("not a message")


def test_a_server_that_is_absent_at_first_is_used_once_it_is_there(server: SseUpstream) -> None:
    port = server.port
    server.close()
    arguments = ("--upstream", f"http://127.0.0.1:{port}/sse?key=1", "--upstream-transport", "sse")
    with running(*arguments, "--probe-interval", "0.1") as proxy, Client(proxy.port) as client:
        client.post(INITIALIZE)
        status, answer = client.answer()
        assert (status, answer["id"]) == (502, 0)
        assert proxy.get("/readyz").status_code == 503
        late = SseUpstream(port)
        eventually(lambda: proxy.get("/readyz").status_code == 200, "readiness")
        Session(late, client, proxy.port)
        late.close()


def test_a_client_that_is_refused_does_not_make_the_proxy_unready(
    server: SseUpstream, proxy: RunningProxy, client: Client
) -> None:
    eventually(lambda: proxy.get("/readyz").status_code == 200, "readiness")
    client.post(INITIALIZE)
    side = server.take()
    side.answer(b"{}", "401 Unauthorized")
    client.answer()
    proxy.counted({("initialize", "transport_error", "caller"): 1})
    assert proxy.value("mcp_proxy_upstream_up") == 1
    assert proxy.get("/readyz").status_code == 200


def test_the_end_of_the_proxy_does_not_wait_for_a_silent_server(
    server: SseUpstream, proxy: RunningProxy, client: Client
) -> None:
    client.post(INITIALIZE)
    server.take()
    proxy.process.terminate()
    assert client.answer()[0] in (502, 503, 504)
    assert proxy.ended() == 0
