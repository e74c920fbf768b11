"""Faults of servers: each caller gets an error with its own id, and the next call works."""

import json
from collections.abc import Callable, Iterator
from http.client import IncompleteRead
from typing import NamedTuple

import psutil
import pytest

from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sockets import Client, Upstream, UpstreamSide, call, read_event, result
from tests.integration.stdio_session import SERVER, Session, gone

pytestmark = pytest.mark.slow

CALL = "tools/call"
LOST = (CALL, "transport_error", "server")
INITIALIZED = ("initialize", "ok", "none")
OK = (CALL, "ok", "none")
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n\r\n"
LAST = "connection: close\r\n"
"""So that the next call comes by a new connection, which a test accepts."""
ANSWER = json.dumps(result(7)).encode()


def ends_with(*pieces: bytes) -> Callable[[UpstreamSide], None]:
    """A server that sends these bytes, and dies."""

    def act(side: UpstreamSide) -> None:
        for piece in pieces:
            side.send(piece)
        side.close()

    return act


def answers(body: bytes, status: str = "200 OK", extra: str = "") -> Callable[[UpstreamSide], None]:
    """A server that answers like that."""
    return lambda side: side.answer(body, status, LAST + extra)


class Fault(NamedTuple):
    """What a server does instead of answering."""

    name: str
    act: Callable[[UpstreamSide], None]


FAULTS = [
    Fault("it dies", ends_with()),
    Fault("it dies within the head", ends_with(HEAD)),
    Fault("it dies within the answer", ends_with(HEAD, b"content-length: 99\r\n\r\n", ANSWER[:20])),
    Fault("it dies within a chunk",
          ends_with(HEAD, CHUNKED, b"40\r\n", ANSWER[:20])),
    Fault("it dies before the last chunk",
          ends_with(HEAD, CHUNKED, b"%x\r\n%b\r\n" % (len(ANSWER), ANSWER))),
    Fault("it resets the connection", lambda side: side.reset()),
    Fault("it speaks no HTTP", ends_with(b"\x00\xff{garbage}\r\n\r\n")),
    Fault("it frames twice", ends_with(
        HEAD, b"content-length: %d\r\ntransfer-encoding: chunked\r\n\r\n" % len(ANSWER), ANSWER)),
    Fault("it has two lengths", ends_with(
        HEAD, b"content-length: 5\r\ncontent-length: %d\r\n\r\n" % len(ANSWER), ANSWER)),
    Fault("its chunks are broken",
          ends_with(HEAD, CHUNKED, b"zz\r\n", ANSWER)),
    Fault("its head never ends", ends_with(HEAD, b"x: y\r\n" * 20_000)),
    Fault("it switches protocols",
          ends_with(b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n")),
    Fault("it answers another request", answers(json.dumps(result("x")).encode())),
    Fault("its answer is no JSON", answers(b"<html>")),
    Fault("its answer is half a JSON", answers(ANSWER[:-1])),
    Fault("its answer is empty", answers(b"")),
    Fault("it only accepts", answers(b"", "202 Accepted")),
    Fault("it points elsewhere", answers(b"", "302 Found", "location: http://127.0.0.1:1/\r\n")),
    Fault("it is encoded unasked", answers(b"\x1f\x8b", extra="content-encoding: gzip\r\n")),
]  # fmt: skip


def serves(proxy: RunningProxy, upstream: Upstream) -> None:
    """A good call, on connections of its own."""
    client = Client(proxy.port)
    client.post(call("good"))
    side = upstream.take()
    side.answer(json.dumps(result("good")).encode(), extra=LAST)
    assert client.answer() == (200, result("good"))
    client.close()


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[RunningProxy, Upstream]]:
    with Upstream() as upstream, running("--upstream", upstream.url) as proxy:
        yield proxy, upstream


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: str(each.name))
def test_a_server_at_fault_costs_one_call_an_error_at_once_and_the_next_is_answered(
    server: tuple[RunningProxy, Upstream], fault: Fault
) -> None:
    proxy, upstream = server
    before = proxy.outcomes()
    client = Client(proxy.port)
    client.post(call(7))
    side = upstream.take()
    fault.act(side)
    status, answer = client.answer()
    assert (status, answer["id"], answer["error"]["code"]) == (502, 7, -32000)
    client.close()
    side.close()
    proxy.counted({**before, LOST: before.get(LOST, 0) + 1})
    serves(proxy, upstream)


@pytest.mark.parametrize(
    ("last", "answer"),
    [
        (b": a comment\n\n", True),
        (b'data: {"half":', True),
        (b'data: {"half":"' + b"x" * 100_000, False),
    ],
    ids=["between events", "within an event", "within a long event"],
)
def test_a_server_that_dies_within_a_stream_is_reported_on_the_stream_or_by_its_end(
    server: tuple[RunningProxy, Upstream], last: bytes, *, answer: bool
) -> None:
    proxy, upstream = server
    client = Client(proxy.port)
    client.post(call(7))
    side = upstream.take()
    side.start_events()
    side.event({"method": "notifications/message"})
    stream = client.getresponse()
    assert read_event(stream)["method"] == "notifications/message"
    side.chunk(last)
    side.close()
    if answer:
        assert read_event(stream)["id"] == 7
    else:
        with pytest.raises((IncompleteRead, ConnectionError)):
            stream.read()
    client.close()
    serves(proxy, upstream)


@pytest.mark.parametrize("tool", ["die", "crash", "half", "mute"])
def test_a_process_that_ends_costs_its_call_an_error_at_once_and_its_session(tool: str) -> None:
    with running("--", *SERVER) as proxy, Session(proxy.port) as session:
        status, answer = session.call(tool, 7)
        assert (status, answer["id"], answer["error"]["code"]) == (502, 7, -32000)
        proxy.counted({INITIALIZED: 1, LOST: 1})
        assert session.call("echo", 8)[0] == 404
        eventually(lambda: gone(session.pid), "the end of the process")
        again = Session(proxy.port)
        assert again.call("echo")[0] == 200
        again.close()


@pytest.mark.parametrize("tool", ["hang", "garbage", "stranger"])
def test_a_process_that_gives_no_answer_costs_its_call_the_time_out_only(tool: str) -> None:
    with running("--upstream-timeout", "2", "--", *SERVER) as proxy, Session(proxy.port) as session:
        status, answer = session.call(tool, 7)
        assert (status, answer["id"], answer["error"]["code"]) == (504, 7, -32001)
        proxy.counted({INITIALIZED: 1, (CALL, "timeout", "server"): 1})
        assert session.call("echo", 8)[0] == 200
        again = Session(proxy.port)
        assert again.call("echo")[0] == 200
        again.close()


def test_a_process_that_dies_takes_its_own_children_with_it() -> None:
    with running("--", *SERVER) as proxy, Session(proxy.port) as session:
        child = session.call("spawn", 1)[1]["result"]["child"]
        assert psutil.pid_exists(child)
        assert session.call("die", 2)[0] == 502
        eventually(lambda: gone(child), "the end of the process's child")
