"""The admin side: three pages, and one line for everything else."""

import asyncio
from time import perf_counter

import pytest

from proxy.admin import MOST_VISITORS, AdminConnection, Page
from proxy.wire.head import RequestHead
from tests.proxy.transports.wires import RecordingTransport


async def page(head: RequestHead) -> Page:
    return 200, b"text/plain", head.value(b"accept") or b"none"


def refused_host(host: str) -> str:
    return "not here" if host == "evil.example" else ""


def visit(*data: bytes) -> RecordingTransport:
    async def run() -> RecordingTransport:
        async with asyncio.TaskGroup() as tasks:
            transport = RecordingTransport()
            connection = AdminConnection({b"/a": page}, set(), tasks.create_task, refused_host)
            connection.connection_made(transport)
            for piece in data:
                connection.data_received(piece)
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
        (request("GET /b HTTP/1.1"), 404, True),
        (request("POST /a HTTP/1.1"), 405, True),
        (request("HEAD /a HTTP/1.1"), 200, True),
        (request("GET /a HTTP/1.1", "Connection: close"), 200, False),
        (request("GET /a HTTP/1.1", "Content-Length: 3"), 200, False),
        (request("GET /a HTTP/1.0"), 200, False),
        (b"garbage\r\n\r\n", 400, False),
        (b"GET /a HTTP/1.1\r\nx: " + b"y" * 20_000, 431, False),
    ],
)
def test_what_it_says_and_whether_it_stays(data: bytes, status: int, alive: bool) -> None:
    transport = visit(data)
    assert transport.written.startswith(b"HTTP/1.1 %d " % status)
    assert transport.alive is alive


def test_head_gets_what_get_would_without_the_body() -> None:
    got, head = visit(request("GET /a HTTP/1.1")), visit(request("HEAD /a HTTP/1.1"))
    assert head.written == got.written.removesuffix(b"none")


@pytest.mark.parametrize("path", ["/a", "/b"])
def test_a_request_for_another_host_sees_nothing(path: str) -> None:
    data = request(f"GET {path} HTTP/1.1").replace(b"host: x", b"host: evil.example")
    assert visit(data).written.startswith(b"HTTP/1.1 403 ")
    assert visit(data).written.endswith(b"\r\n\r\nnot here\n")


def test_a_health_check_of_http_1_0_may_name_no_host() -> None:
    assert visit(b"GET /a HTTP/1.0\r\n\r\n").written.startswith(b"HTTP/1.1 200 ")


class Doorstep:
    """Visitors who never ask for anything that would need a task."""

    def __init__(self) -> None:
        self.visitors: set[AdminConnection] = set()

    def come(self) -> tuple[AdminConnection, RecordingTransport]:
        visitor = AdminConnection({}, self.visitors, lambda task: None, refused_host)
        transport = RecordingTransport()
        visitor.connection_made(transport)
        return visitor, transport


@pytest.mark.parametrize(("so_far", "patience"), [(b"", 600.0), (b"GET /a HT", 30.0)])
def test_who_takes_too_long_to_ask_is_not_waited_for(so_far: bytes, patience: float) -> None:
    visitor, transport = Doorstep().come()
    came = perf_counter()
    if so_far:
        visitor.data_received(so_far)
    visitor.expire(came + patience - 1)
    assert transport.alive
    visitor.expire(came + patience + 1)
    assert not transport.alive


def test_a_slow_request_is_not_renewed_by_each_byte() -> None:
    visitor, transport = Doorstep().come()
    came = perf_counter()
    for byte in b"GET":
        visitor.data_received(bytes([byte]))
    visitor.expire(came + 31)
    assert not transport.alive


def test_one_visitor_more_than_may_come_is_turned_away_until_another_leaves() -> None:
    doorstep = Doorstep()
    here = [doorstep.come() for _ in range(MOST_VISITORS)]
    assert all(transport.alive for _, transport in here)
    refused, transport = doorstep.come()
    assert not transport.alive
    refused.connection_lost(None)
    here[0][0].connection_lost(None)
    assert doorstep.come()[1].alive
