"""Streams of server messages, and streams that are resumed."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import pytest

from lab.load.protocol import CallFailed, Request
from lab.load.streamable_http import StreamableHttp
from tests.http_edge import Handler, serving

T = TypeVar("T")

NOTE = b'{"jsonrpc":"2.0","method":"notifications/message","params":{}}'
ANSWER = b'{"jsonrpc":"2.0","id":7,"result":{"n":1}}'
ASKED = Request(7, b'{"jsonrpc":"2.0","id":7,"method":"ping"}', {})
EVENTS = {"Content-Type": "text/event-stream"}


def event(data: bytes, number: str = "") -> bytes:
    return b"%bdata: %b\n\n" % (f"id: {number}\n".encode() if number else b"", data)


class Streams(Handler):
    """Answers a POST with the events at key "", a GET with those after its Last-Event-ID."""

    events: dict[str, tuple[int, bytes]]

    def do_POST(self) -> None:
        self.body()
        self.answer(200, self.events["post"][1], EVENTS)

    def do_GET(self) -> None:
        status, body = self.events[self.headers.get("Last-Event-ID", "")]
        with suppress(ConnectionError):  # The client may be done before.
            self.answer(status, body, EVENTS if status == 200 else {})


def with_server(
    events: dict[str, tuple[int, bytes]], use: Callable[[StreamableHttp], Awaitable[T]]
) -> tuple[T, list[Any]]:
    """What `use` returns, and the server's own messages."""
    seen: list[Any] = []

    async def run(url: str) -> T:
        transport = StreamableHttp(url, {}, connections=2)
        transport.observe(lambda message: seen.append(json.loads(message)["method"]))
        try:
            return await use(transport)
        finally:
            await transport.close()

    with serving(type("Own", (Streams,), {"events": events})) as url:
        return asyncio.run(run(url)), seen


async def ask(transport: StreamableHttp) -> bytes:
    return bytes((await transport.ask(ASKED)).answer.result)


def test_a_stream_that_ends_without_the_answer_is_resumed_after_its_last_event() -> None:
    events = {
        "post": (200, event(NOTE, "a") + event(NOTE)),
        "a": (200, event(NOTE, "b")),
        "b": (200, event(ANSWER, "c")),
    }
    result, seen = with_server(events, ask)

    assert (result, seen) == (b'{"n":1}', ["notifications/message"] * 3)


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ({"post": (200, event(NOTE))}, "the event stream ended without the answer"),
        ({"post": (200, event(NOTE, "a")), "a": (405, b"no")}, "HTTP 405, no"),
    ],
)
def test_a_stream_that_cannot_be_resumed_is_a_failure(
    events: dict[str, tuple[int, bytes]], why: str
) -> None:
    with pytest.raises(CallFailed, match=why):
        with_server(events, ask)


def test_messages_on_the_stream_of_a_session_are_delivered() -> None:
    async def listen(transport: StreamableHttp) -> None:
        noted = asyncio.Event()
        transport.observe(lambda message: noted.set())
        transport.listen()
        transport.listen()
        await asyncio.wait_for(noted.wait(), 10)

    with_server({"": (200, event(ANSWER) + event(NOTE))}, listen)


def test_a_server_without_such_a_stream_is_no_failure() -> None:
    async def listen(transport: StreamableHttp) -> bytes:
        transport.listen()
        return await ask(transport)

    result, _ = with_server({"": (405, b""), "post": (200, event(ANSWER))}, listen)
    assert result == b'{"n":1}'
