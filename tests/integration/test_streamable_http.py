"""Clients of HTTP+SSE before a streamable HTTP server: one POST per message, and every fault."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sockets import INITIALIZE, Upstream, UpstreamSide, call, result
from tests.integration.sse import SseClient

pytestmark = pytest.mark.slow

CALL = "tools/call"
INITIALIZED = ("initialize", "ok", "none")
STARTED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
ACCEPTED = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"


@pytest.fixture
def server() -> Iterator[Upstream]:
    each = Upstream()
    yield each
    each.close()


@pytest.fixture
def proxy(server: Upstream) -> Iterator[RunningProxy]:
    with running("--upstream", server.url, "--upstream-timeout", "3") as started:
        yield started


@pytest.fixture
def client(proxy: RunningProxy) -> Iterator[SseClient]:
    each = SseClient(proxy.port)
    yield each
    each.close()


def lines(head: str) -> dict[str, str]:
    """A head's header lines."""
    pairs = (line.partition(": ") for line in head.split("\r\n")[1:])
    return {name.lower(): value for name, _, value in pairs}


class Session:
    """An initialized session; `side` is the server's connection, kept alive."""

    def __init__(self, server: Upstream, client: SseClient) -> None:
        self.client = client
        self.server = server
        client.post(INITIALIZE)
        self.side = server.accept()
        head, body = self.side.request()
        assert json.loads(body) == INITIALIZE
        assert "mcp-session-id" not in lines(head)
        agreed = {**result(0), "result": {"protocolVersion": "2025-06-18"}}
        self.side.answer(json.dumps(agreed).encode(), extra="mcp-session-id: abc\r\n")
        assert client.message() == agreed

    def take(self, message: Any) -> dict[str, str]:
        """Let the client send a message, and the server read it: the header lines."""
        assert self.client.post(message) == 202
        head, body = self.side.request()
        assert head.startswith("POST /mcp HTTP/1.1\r\n")
        assert json.loads(body) == message
        return lines(head)

    def start(self, status: str = "405 Method Not Allowed") -> UpstreamSide:
        """Send `initialized` to the server, and answer the GET that follows."""
        self.take(STARTED)
        self.side.send(ACCEPTED)
        head, _ = self.side.request()
        assert head.startswith("GET /mcp HTTP/1.1\r\n")
        assert lines(head)["mcp-session-id"] == "abc"
        if status.startswith("200"):
            self.side.start_events()
            listening, self.side = self.side, self.side
            return listening
        self.side.answer(b"{}", status)
        return self.side


@pytest.fixture
def session(server: Upstream, client: SseClient) -> Session:
    return Session(server, client)


def test_later_messages_carry_the_session_and_the_revision(session: Session) -> None:
    session.start()
    sent = session.take(call(1))
    assert (sent["mcp-session-id"], sent["mcp-protocol-version"]) == ("abc", "2025-06-18")
    assert sent["accept"] == "application/json, text/event-stream"


def test_the_query_of_the_clients_stream_reaches_the_server(
    server: Upstream, proxy: RunningProxy
) -> None:
    client = SseClient(proxy.port, "/sse?user=a%20b&token=t0k")
    client.post(INITIALIZE)
    side = server.accept()
    for message in (INITIALIZE, STARTED):
        head, body = side.request()
        assert head.startswith("POST /mcp?user=a%20b&token=t0k HTTP/1.1\r\n")
        assert json.loads(body) == message
        if message is INITIALIZE:
            side.answer(json.dumps(result(0)).encode())
            client.message()
            client.post(STARTED)
    client.close()
    assert "t0k" not in str(proxy.log)


def test_cookies_go_back_in_their_own_session_only(
    session: Session, server: Upstream, proxy: RunningProxy
) -> None:
    session.take(call(1))
    session.side.answer(json.dumps(result(1)).encode(), extra="set-cookie: LB=node1; path=/\r\n")
    assert session.client.message() == result(1)
    assert session.take(call(2))["cookie"] == "LB=node1"
    other = SseClient(proxy.port)
    other.post(INITIALIZE)
    assert "cookie" not in lines(server.accept().request()[0])
    other.close()


@pytest.mark.parametrize(
    ("status", "body", "reason", "outcome"),
    [
        ("500 Oops", b"{}", "the server answered 500 to the message", "transport_error"),
        ("401 No", b"", "the server answered 401 to the message", "transport_error"),
        ("405 No", b"", "the server answered 405 to the message: check the path of --upstream",
         "transport_error"),
        ("403 No", b"log in first", "the server answered 403 to the message: log in first",
         "transport_error"),
        ("302 Found", b"", "the server answered 302 to the message", "transport_error"),
        ("200 OK", b"garbage", "the server answered 200 to the message", "transport_error"),
        ("200 OK", b'{"id":7,"result":{}}', "the server answered 200 to the", "transport_error"),
        (
            "400 Bad", b'{"id":null,"error":{"code":-32600,"message":"x"}}',
            "the server answered 400 to the message: x", "protocol_error",
        ),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_reported_with_the_calls_id(
    session: Session, proxy: RunningProxy, *, status: str, body: bytes, reason: str, outcome: str
) -> None:
    session.take(call(5))
    session.side.answer(body, status)
    answer = session.client.message()
    assert answer["id"] == 5
    assert answer["error"]["message"].startswith(reason)
    [line] = eventually(lambda: proxy.logged("call failed"), "the line in the log")
    assert line["reason"] == answer["error"]["message"]
    assert outcome in {key[1] for key in proxy.outcomes() if key[0] == CALL}
    session.take(call(6))
    session.side.answer(json.dumps(result(6)).encode())
    assert session.client.message() == result(6)


def test_a_server_that_dies_in_mid_answer_is_reported_and_the_next_call_works(
    session: Session, server: Upstream, proxy: RunningProxy
) -> None:
    session.take(call(5))
    session.side.start_events()
    session.side.chunk(b'data: {"id":5')
    session.side.close()
    assert session.client.message()["id"] == 5
    session.client.post(call(6))
    side = server.take()
    side.answer(json.dumps(result(6)).encode())
    assert session.client.message() == result(6)
    proxy.counted({INITIALIZED: 1, (CALL, "ok", "none"): 1, (CALL, "transport_error", "server"): 1})


def test_a_stream_that_is_cut_after_an_event_with_an_id_is_resumed(
    session: Session, server: Upstream
) -> None:
    session.take(call(5))
    session.side.start_events()
    session.side.chunk(b"id: e1\ndata: \n\n")
    session.side.chunk(b"")
    head, _ = session.side.request()
    assert head.startswith("GET /mcp HTTP/1.1\r\n")
    assert lines(head)["last-event-id"] == "e1"
    session.side.start_events()
    session.side.event(result(5))
    session.side.chunk(b"")
    assert session.client.message() == result(5)


def test_a_server_that_never_answers_times_out(session: Session, proxy: RunningProxy) -> None:
    session.take(call(5))
    answer = session.client.message()
    assert (answer["id"], answer["error"]["code"]) == (5, -32001)
    assert session.side.at_end()
    proxy.counted({INITIALIZED: 1, (CALL, "timeout", "server"): 1})


def test_a_server_that_only_keeps_its_stream_alive_times_out_and_is_left(session: Session) -> None:
    def left() -> bool:
        try:
            session.side.chunk(b": ping\n\n")
        except OSError:
            return True
        return False

    session.take(call(5))
    session.side.start_events()
    eventually(left, "the end of the stream")
    answer = session.client.message()
    assert (answer["id"], answer["error"]["code"]) == (5, -32001)
    cancelled = session.server.accept().request()[1]
    assert json.loads(cancelled)["params"]["requestId"] == 5


@pytest.mark.parametrize("status", ["404 Not Found", "405 Method Not Allowed", "400 Bad Request"])
def test_a_server_without_a_get_stream_keeps_its_sessions(session: Session, status: str) -> None:
    session.start(status)
    session.take(call(5))
    session.side.answer(json.dumps(result(5)).encode())
    assert session.client.message() == result(5)


def test_a_stream_that_cannot_be_resumed_costs_its_call_and_not_the_session(
    session: Session,
) -> None:
    session.take(call(5))
    session.side.start_events()
    session.side.chunk(b"id: e1\ndata: \n\n")
    session.side.chunk(b"")
    session.side.request()
    session.side.answer(b"", "404 Not Found")
    assert session.client.message()["id"] == 5
    session.take(call(6))
    session.side.answer(json.dumps(result(6)).encode())
    assert session.client.message() == result(6)


def test_a_session_that_the_server_forgot_ends_the_stream(
    session: Session, proxy: RunningProxy
) -> None:
    session.take(call(5))
    session.side.answer(b"{}", "404 Not Found")
    assert session.client.message()["id"] == 5
    assert session.client.message() is None
    assert proxy.value("mcp_proxy_sessions") == 0


def test_the_servers_own_messages_come_by_its_get_stream_which_is_opened_again(
    session: Session, server: Upstream
) -> None:
    listening = session.start("200 OK")
    listening.event({"id": "s-1", "method": "ping"})
    assert session.client.message() == {"id": "s-1", "method": "ping"}
    listening.chunk(b"id: e7\ndata: \n\n")
    session.client.post({"id": "s-1", "result": {}})
    side = server.accept()
    assert json.loads(side.request()[1]) == {"id": "s-1", "result": {}}
    side.send(ACCEPTED)
    side.close()
    listening.close()
    again = server.accept()
    head, _ = again.request()
    assert lines(head)["last-event-id"] == "e7"
    again.start_events()
    again.event({"method": "notifications/tools/list_changed"})
    assert session.client.message()["method"] == "notifications/tools/list_changed"


@pytest.mark.parametrize("head_first", [True, False])
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (result(5), ("ok", "none")),
        (result("5", isError=True), ("tool_error", "server")),
        ({"id": None, "error": {"code": 1, "message": "oh"}}, ("protocol_error", "server")),
    ],
)
def test_an_answer_that_comes_on_the_servers_get_stream_crosses(
    session: Session,
    server: Upstream,
    proxy: RunningProxy,
    *,
    answer: Any,
    outcome: tuple[str, str],
    head_first: bool,
) -> None:
    """Some servers send the head of that stream with the first event only."""
    session.take(STARTED)
    session.side.send(ACCEPTED)
    assert session.side.request()[0].startswith("GET /mcp HTTP/1.1\r\n")
    if head_first:
        session.side.start_events()
        session.side.event({"method": "notifications/tools/list_changed"})
        assert session.client.message() == {"method": "notifications/tools/list_changed"}
    session.client.post(call(5))
    side = server.take()
    side.answer(b"Accepted", "202 Accepted")
    session.client.post(call(6))
    side.request()
    side.answer(json.dumps(result(6)).encode())
    assert session.client.message() == result(6)
    if not head_first:
        session.side.start_events()
    session.side.event(answer)
    assert session.client.message() == {**answer, "id": 5}
    expected = {INITIALIZED: 1, (CALL, *outcome): 1}
    expected[CALL, "ok", "none"] = 1 + (outcome[0] == "ok")
    proxy.counted(expected)


def test_a_client_that_leaves_ends_the_session_at_the_server(
    session: Session, server: Upstream
) -> None:
    session.start()
    session.client.close()
    head, _ = session.side.request()
    assert head.startswith("DELETE /mcp HTTP/1.1\r\n")
    assert lines(head)["mcp-session-id"] == "abc"


def test_a_slow_reader_holds_the_server_back(session: Session, proxy: RunningProxy) -> None:
    session.take(call(5))
    session.side.start_events()
    message = {"method": "notifications/message", "params": {"data": "x" * 100_000}}
    event = b"data: " + json.dumps(message).encode() + b"\n\n"
    piece = b"%x\r\n%b\r\n" % (len(event), event)
    sent = session.side.send_until_full(piece, 64_000_000)
    assert sent < 32_000_000
    for _ in range(sent // len(piece)):
        assert session.client.message() == message


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("events", [True, False])
def test_a_message_of_several_lines_is_one_event(session: Session, end: str, events: bool) -> None:
    """The next one has to be read as well: an event that ends with CR is whole at once."""
    for number in (5, 6):
        session.take(call(number))
        pretty = json.dumps(result(number), indent=2).replace("\n", end)
        if events:
            session.side.start_events()
            data = "".join(f"data: {line}{end}" for line in pretty.split(end))
            session.side.chunk(f"event: ping{end}data: {{}}{end}{end}{data}{end}".encode())
            assert session.client.message() == result(number)
            session.side.chunk(b"")
        else:
            session.side.answer(pretty.encode())
            assert session.client.message() == result(number)


def test_an_answer_that_the_server_took_with_it_is_not_waited_for(server: Upstream) -> None:
    """The time-out is longer than this test waits."""
    with running("--upstream", server.url, "--upstream-timeout", "60") as proxy:
        client = SseClient(proxy.port)
        session = Session(server, client)
        session.take(call(5))
        session.side.start_events()
        session.side.chunk(b"id: e1\ndata:\n\n")
        server.close()
        answer = client.message()
        assert answer["id"] == 5
        assert "cannot reach the upstream" in answer["error"]["message"]
        proxy.counted({INITIALIZED: 1, (CALL, "transport_error", "server"): 1})
        client.close()
