"""The admin side: three pages, and one line for everything else."""

import asyncio
from math import inf
from time import perf_counter

import pytest

from proxy.app.options import MIB
from proxy.frontend.admin import (
    FLUSH_PATH,
    IDLE_SECONDS,
    MOST_CONNECTIONS,
    AdminPages,
    AdminPolicy,
)
from proxy.http.allowed_hosts import NONE_ALLOWED
from proxy.http.connection_limit import ConnectionLimiter
from proxy.http.rejection import StaticResponse
from proxy.http.server import ClientConnection, ServerContext
from proxy.memory_budget import MemoryBudget
from tests.proxy.http.recording_transport import RecordingTransport

GATE = AdminPolicy((b"/a", FLUSH_PATH), NONE_ALLOWED, private=True)


async def page(accept: str) -> StaticResponse:
    return StaticResponse(200, b"text/plain", accept.encode() or b"none")


class Doorstep:
    """Where observers come, each on a connection of its own."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        pages = AdminPages({b"/a": page, FLUSH_PATH: page}, tasks.create_task)
        crowd = ConnectionLimiter(MOST_CONNECTIONS, lambda count: None)
        self._front = ServerContext(GATE.evaluate, pages, 0, crowd, IDLE_SECONDS, MemoryBudget(MIB))

    def come(self, *data: bytes) -> tuple[ClientConnection, RecordingTransport]:
        observer, transport = ClientConnection(self._front), RecordingTransport()
        observer.connection_made(transport)
        for piece in data:
            observer.data_received(piece)
        return observer, transport


def visit(*data: bytes) -> RecordingTransport:
    async def run() -> RecordingTransport:
        async with asyncio.TaskGroup() as tasks:
            _, transport = Doorstep(tasks).come(*data)
        for _ in range(5):
            await asyncio.sleep(0)
        return transport

    return asyncio.run(run())


def request(line: str, *headers: str) -> bytes:
    return "\r\n".join((line, "host: x", *headers, "", "")).encode()


def test_a_page_is_served_and_the_connection_kept() -> None:
    transport = visit(*(bytes([each]) for each in request("GET /a?x=1 HTTP/1.1", "Accept: b")))
    assert transport.written.startswith(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n")
    assert transport.written.endswith(b"\r\n\r\nb")
    assert transport.alive


def test_requests_sent_at_once_are_answered_in_turn() -> None:
    transport = visit(request("GET /a HTTP/1.1", "Accept: 1") + request("GET /a HTTP/1.1"))
    assert transport.written.count(b"HTTP/1.1 200 OK") == 2
    assert transport.written.endswith(b"none")


@pytest.mark.parametrize(
    ("data", "status", "alive"),
    [
        (request("GET /b HTTP/1.1"), 404, False),
        (request("POST /a HTTP/1.1"), 405, False),
        (request("POST /flush HTTP/1.1", "Content-Length: 0"), 200, True),
        (request("GET /flush HTTP/1.1"), 405, False),
        (request("POST /flush HTTP/1.1", "Content-Length: 1"), 413, False),
        (request("HEAD /a HTTP/1.1"), 200, True),
        (request("GET /a HTTP/1.1", "Connection: close"), 200, False),
        (request("GET /a HTTP/1.1", "Content-Length: 3"), 413, False),
        (request("GET /a HTTP/1.1", "Transfer-Encoding: chunked"), 413, False),
        (request("GET /a HTTP/1.0"), 200, False),
        (b"garbage\r\n\r\n", 400, False),
        (b"GET /a HTTP/1.1\r\nx: " + b"y" * 20_000, 431, False),
    ],
)
def test_what_it_says_and_whether_it_stays(data: bytes, status: int, alive: bool) -> None:
    transport = visit(data)
    assert transport.written.startswith(b"HTTP/1.1 %d " % status)
    assert (b"\r\nconnection: close\r\n" not in transport.written) is alive


def test_head_gets_what_get_would_without_the_body() -> None:
    got, head = visit(request("GET /a HTTP/1.1")), visit(request("HEAD /a HTTP/1.1"))
    assert head.written == got.written.removesuffix(b"none")


@pytest.mark.parametrize("path", ["/a", "/b"])
def test_a_request_for_another_host_sees_nothing(path: str) -> None:
    data = request(f"GET {path} HTTP/1.1").replace(b"host: x", b"host: evil.example")
    assert visit(data).written.startswith(b"HTTP/1.1 403 ")
    assert b"'evil.example' is not known here" in visit(data).written


def test_a_health_check_of_http_1_0_may_name_no_host() -> None:
    assert visit(b"GET /a HTTP/1.0\r\n\r\n").written.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(("so_far", "timeout"), [(b"", 600.0), (b"GET /a HT", 30.0)])
def test_who_takes_too_long_to_ask_is_not_waited_for(so_far: bytes, timeout: float) -> None:
    async def run() -> None:
        async with asyncio.TaskGroup() as tasks:
            began = perf_counter()
            observer, transport = Doorstep(tasks).come(*filter(None, [so_far]))
            observer.expire(began + timeout - 1)
            assert (transport.alive, transport.written) == (True, b"")
            observer.expire(perf_counter() + timeout + 1)
            assert not transport.alive or b" 408 " in transport.written

    asyncio.run(run())


def test_any_number_of_silent_visitors_leaves_room_for_one_who_asks() -> None:
    async def run() -> None:
        async with asyncio.TaskGroup() as tasks:
            doorstep = Doorstep(tasks)
            silent = [doorstep.come() for _ in range(2 * MOST_CONNECTIONS)]
            _, transport = doorstep.come(request("GET /a HTTP/1.1"))
        assert transport.written.startswith(b"HTTP/1.1 200 OK")
        left = sum(each.alive for _, each in silent)
        assert 0 < left <= MOST_CONNECTIONS
        assert all(observer.idle_since < inf for observer, _ in silent)

    asyncio.run(run())
