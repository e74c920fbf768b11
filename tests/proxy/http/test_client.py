"""The upstream's side: answers come out whole, wherever the network cuts the bytes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.http.chunked import LAST, chunk
from proxy.http.client import GATHER_LIMIT, MOST_INTERIM, UpstreamConnection
from proxy.http.head import ResponseHead
from proxy.http.interfaces import UpstreamReader
from proxy.http.pool import Endpoint, Pool
from tests.proxy.http.recording_transport import RecordingTransport, pieces

ENDPOINT = Endpoint("h", 1, None)


class RecordingHandler:
    """A handler that keeps what comes."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.status = 0
        self.body = b""
        self.source: UpstreamReader | None = None

    def connected(self, source: UpstreamReader) -> bool:
        self.source = source
        return True

    def on_response(self, head: ResponseHead, body: bytes, arrived: float) -> None:
        self.events.append("whole")
        self.status, self.body = head.status, body

    def on_headers(self, head: ResponseHead) -> None:
        self.events.append("begins")
        self.status = head.status

    def on_data(self, data: bytes, arrived: float) -> None:
        self.body += data

    def on_end(self, arrived: float) -> None:
        self.events.append("ends")

    def on_error(self, reason: str) -> None:
        self.events.append("lost")


def spawn(coroutine: Any) -> None:
    raise AssertionError("no connection is to be opened here")


def play(*data: bytes, lost: bool = False) -> tuple[RecordingHandler, RecordingTransport]:
    pool = Pool(ENDPOINT, spawn, lambda failure: None)
    transport, handler = RecordingTransport(), RecordingHandler()
    connection = UpstreamConnection(pool)
    connection.connection_made(transport)
    connection.send(handler, b"request")
    for piece in data:
        connection.data_received(piece)
    if lost:
        connection.connection_lost(None)
    return handler, transport


def answer(body: bytes, kind: str, *, chunked: bool, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n".encode()
    if not chunked:
        return head + b"content-length: %d\r\n\r\n%b" % (len(body), body)
    coded = b"".join(chunk(body[i : i + 9]) for i in range(0, len(body), 9))
    return head + b"transfer-encoding: chunked\r\n\r\n" + coded + LAST


@pytest.mark.parametrize(
    ("interim", "event"), [(3, "whole"), (MOST_INTERIM + 1, "lost"), (5000, "lost")]
)
@pytest.mark.parametrize("at_once", [True, False])
def test_a_server_may_send_some_interim_responses(
    interim: int, event: str, *, at_once: bool
) -> None:
    said = [b"HTTP/1.1 103 Early Hints\r\n\r\n"] * interim
    said.append(answer(b"{}", "application/json", chunked=False))
    handler, _ = play(b"".join(said)) if at_once else play(*said)
    assert handler.events == [event]


def test_a_connection_that_is_lost_before_it_is_used_loses_the_request_at_once() -> None:
    connection, handler = (
        UpstreamConnection(Pool(ENDPOINT, spawn, lambda failure: None)),
        RecordingHandler(),
    )
    connection.connection_made(RecordingTransport())
    connection.connection_lost(None)
    connection.send(handler, b"request")
    assert handler.events == ["lost"]


CUTS = st.lists(st.integers(0, 300), max_size=10)


@given(body=st.binary(max_size=80), chunked=st.booleans(), cuts=CUTS)
def test_a_short_json_answer_comes_in_one_go_however_it_is_cut(
    body: bytes, chunked: bool, cuts: list[int]
) -> None:
    stream = answer(body, "application/json", chunked=chunked)
    handler, transport = play(*pieces(stream, cuts))
    assert (handler.events, handler.status, handler.body) == (["whole"], 200, body)
    assert transport.alive


@given(body=st.binary(max_size=80), chunked=st.booleans(), cuts=CUTS)
def test_events_come_as_they_come_and_end_once(body: bytes, chunked: bool, cuts: list[int]) -> None:
    stream = answer(body, "text/event-stream", chunked=chunked)
    handler, _ = play(*pieces(stream, cuts))
    assert (handler.events, handler.body) == (["begins", "ends"], body)


@pytest.mark.parametrize("chunked", [True, False])
def test_a_long_json_answer_is_passed_on_in_pieces(chunked: bool) -> None:
    body = b"x" * (GATHER_LIMIT + 1)
    stream = answer(body, "application/json", chunked=chunked)
    handler, _ = play(*pieces(stream, list(range(0, len(stream), 10_000))))
    assert (handler.events, handler.body) == (["begins", "ends"], body)


def test_an_informational_answer_is_not_the_answer() -> None:
    handler, _ = play(
        b"HTTP/1.1 103 Early Hints\r\n\r\n" + answer(b"x", "text/plain", chunked=False)
    )
    assert (handler.status, handler.body) == (200, b"x")


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    handler, transport = play(b"HTTP/1.1 200 OK\r\n\r\nhello", lost=True)
    assert (handler.events, handler.body) == (["begins", "ends"], b"hello")


@pytest.mark.parametrize(
    "so_far",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ],
)
def test_an_answer_that_breaks_off_is_lost(so_far: bytes) -> None:
    handler, _ = play(*([so_far] if so_far else []), lost=True)
    assert handler.events[-1] == "lost"


@pytest.mark.parametrize(
    "stream",
    [
        b"garbage\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000,
    ],
)
def test_an_answer_that_is_no_http_is_lost_and_the_connection_dropped(stream: bytes) -> None:
    handler, transport = play(stream)
    assert handler.events[-1] == "lost"
    assert not transport.alive


@pytest.mark.parametrize(
    "stream",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx",
        b"HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx",
        answer(b"x", "application/json", chunked=True) + b"more",
        answer(b"x", "application/json", chunked=False) + b"more",
    ],
)
def test_a_connection_that_cannot_be_kept_is_closed(stream: bytes) -> None:
    handler, transport = play(stream)
    assert (handler.events, handler.body) == (["whole"], b"x")
    assert not transport.alive


def test_an_answer_before_the_whole_request_is_sent_ends_the_connection() -> None:
    connection, transport = UpstreamConnection(Pool(ENDPOINT, spawn, print)), RecordingTransport()
    connection.connection_made(transport)
    connection.send(handler := RecordingHandler(), b"request")
    transport.unsent = 3
    connection.data_received(answer(b"too large", "text/plain", chunked=False, status="413 No"))
    assert (handler.events, handler.status) == (["whole"], 413)
    assert not transport.alive


def test_an_idle_connection_that_speaks_is_dropped() -> None:
    whole = answer(b"x", "application/json", chunked=False)
    handler, transport = play(whole, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    assert handler.events == ["whole"]
    assert not transport.alive


def test_a_connection_whose_reader_was_slow_is_read_again_for_the_next() -> None:
    connection, transport = UpstreamConnection(Pool(ENDPOINT, spawn, print)), RecordingTransport()
    connection.connection_made(transport)
    connection.send(handler := RecordingHandler(), b"request")
    connection.pause(handler)
    assert not transport.reading
    connection.data_received(answer(b"x", "application/json", chunked=False))
    assert transport.reading


def test_a_connection_that_was_given_back_obeys_its_former_user_no_more() -> None:
    connection, transport = UpstreamConnection(Pool(ENDPOINT, spawn, print)), RecordingTransport()
    connection.connection_made(transport)
    connection.send(former := RecordingHandler(), b"request")
    connection.data_received(answer(b"x", "application/json", chunked=False))
    connection.pause(former)
    connection.send(later := RecordingHandler(), b"next")
    connection.pause(former)
    connection.abort(former)
    assert (transport.reading, transport.alive) == (True, True)
    connection.pause(later)
    connection.resume(former)
    assert not transport.reading
