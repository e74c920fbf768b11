"""OTLP over HTTP to collectors that are well, dead, slow, or lie: a reply each time, in bounds."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from proxy.telemetry.otlp.export_response import NOT_OTLP
from proxy.telemetry.otlp.http import OtlpHttpTransport
from proxy.telemetry.otlp.retry import ACCEPTED, ANSWER_LIMIT, ExportResult
from proxy.telemetry.otlp.settings import OtlpSettings, parse

LONG_SECONDS = 20.0
SHORT_SECONDS = 0.2
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
TLS_ALERT = bytes.fromhex("15030300020228")

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def says(*answers: bytes) -> Behaviour:
    """Reads a request and gives the next answer, until none is left; then closes."""
    return gives(list(answers))


def gives(left: list[bytes]) -> Behaviour:
    """As `says`; takes the answers off the list."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while left:
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
            await reader.readexactly(int(length))
            writer.write(left.pop(0))
            await writer.drain()

    return behave


async def is_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reads for ever."""
    while await reader.read(1024):
        pass


def drips(start: bytes, drop: bytes) -> Behaviour:
    """Never stops to answer."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(0)

    return behave


class Collector:
    """Where it listens, and how often a connection was opened."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0


@asynccontextmanager
async def collector(
    behaviour: Behaviour, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Collector]:
    """A server on loopback that behaves so on each connection."""
    seen, serving = Collector(), set[asyncio.Task[None] | None]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        serving.add(asyncio.current_task())
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await behaviour(reader, writer)
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()
        for task in filter(None, serving):
            task.cancel()
            await task


def settings(port: int, scheme: str = "http", **environment: str) -> OtlpSettings:
    endpoint = f"{scheme}://127.0.0.1:{port}"
    found = parse({"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, **environment}).traces
    assert found is not None
    return found


async def attempt(port: int, scheme: str = "http", seconds: float = LONG_SECONDS) -> ExportResult:
    transport = OtlpHttpTransport(settings(port, scheme))
    try:
        return await transport.attempt(b"body", seconds)
    finally:
        await transport.close()


def reply_of(
    behaviour: Behaviour, scheme: str = "http", seconds: float = LONG_SECONDS
) -> ExportResult:
    async def play() -> ExportResult:
        async with collector(behaviour) as seen:
            return await attempt(seen.port, scheme, seconds)

    return asyncio.run(play())


def status(code: int, *lines: str, body: bytes = b"") -> bytes:
    head = (f"HTTP/1.1 {code} X", f"content-length: {len(body)}", *lines, "", "")
    return "\r\n".join(head).encode() + body


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (OK, ACCEPTED),
        (status(202), ACCEPTED),
        (status(200, body=b"\n\x02\x08\x03"), ExportResult(rejected=3)),
        (status(200, body=b"<html>"), NOT_OTLP),
        (status(302, "location: http://127.0.0.1:1/"), ExportResult("HTTP status 302")),
        (status(400), ExportResult("HTTP status 400")),
        (status(401), ExportResult("HTTP status 401")),
        (status(500), ExportResult("HTTP status 500")),
        (status(503), ExportResult("HTTP status 503", again=True)),
        (status(429, "Retry-After: 7"), ExportResult("HTTP status 429", again=True, after=7.0)),
        (status(429, "retry-after: soon"), ExportResult("HTTP status 429", again=True)),
    ],
)
def test_a_collectors_answer_is_understood(answer: bytes, expected: ExportResult) -> None:
    assert reply_of(says(answer)) == expected


@pytest.mark.parametrize(
    "behaviour",
    [
        says(b"garbage\r\n\r\n"),
        says(TLS_ALERT),
        says(b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"),
        says(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
        says(b""),
        drips(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"),
    ],
)
def test_garbage_is_a_failure_after_which_another_attempt_is_made(behaviour: Behaviour) -> None:
    reply = reply_of(behaviour)
    assert reply.reason
    assert reply.again


@pytest.mark.parametrize(
    "head", ["content-length: 999999999999", "transfer-encoding: chunked", "connection: close"]
)
def test_a_huge_answer_is_cut_off(head: str) -> None:
    start = f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode()
    behaviour = drips(start, b"1000\r\n" + b"x" * 4096 + b"\r\n")
    assert reply_of(behaviour) == ExportResult(f"an answer of more than {ANSWER_LIMIT} bytes")


@pytest.mark.parametrize("behaviour", [is_silent, drips(b"HTTP/1.1 100 Continue\r\n\r\n", b"")])
def test_a_collector_that_never_answers_is_given_up_in_time(behaviour: Behaviour) -> None:
    reply = reply_of(behaviour, seconds=SHORT_SECONDS)
    assert reply == ExportResult("no answer in time", again=True)


@pytest.mark.parametrize("behaviour", [says(TLS_ALERT), drips(b"", b"no TLS"), is_silent])
def test_a_collector_that_speaks_no_tls_is_a_failure(behaviour: Behaviour) -> None:
    reply = reply_of(behaviour, "https", SHORT_SECONDS)
    assert reply.reason
    assert reply.again


def test_a_dead_collector_is_a_failure_with_its_reason() -> None:
    async def play() -> ExportResult:
        async with collector(is_silent) as seen:
            pass
        return await attempt(seen.port)

    reply = asyncio.run(play())
    assert "Connect call failed" in reply.reason
    assert reply.again


def test_a_connection_is_used_again() -> None:
    async def play() -> int:
        async with collector(says(OK, OK, OK)) as seen:
            transport = OtlpHttpTransport(settings(seen.port))
            for _ in range(3):
                assert await transport.attempt(b"body", LONG_SECONDS) == ACCEPTED
            await transport.close()
            return seen.connections

    assert asyncio.run(play()) == 1


def test_a_collectors_certificate_is_checked() -> None:
    assert settings(4318, "https").tls.context().verify_mode is ssl.CERT_REQUIRED
