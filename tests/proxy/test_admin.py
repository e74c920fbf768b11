"""The admin side: three pages, and one line for everything else."""

import asyncio

import pytest

from proxy.admin import AdminConnection, Page
from proxy.wire.head import RequestHead
from tests.proxy.transports.wires import RecordingTransport


async def page(head: RequestHead) -> Page:
    return 200, b"text/plain", head.value(b"accept") or b"none"


def visit(*data: bytes) -> RecordingTransport:
    async def run() -> RecordingTransport:
        async with asyncio.TaskGroup() as tasks:
            transport = RecordingTransport()
            connection = AdminConnection({b"/a": page}, tasks.create_task)
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
