"""Clients that misbehave: they leave sessions, streams and calls behind, and send nonsense."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

from tests.integration.hostile_requests import CORPUS

HOST = "127.0.0.1"
PATIENCE_SECONDS = 30.0

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "soak", "version": "1"},
    },
}


class Caller:
    """One connection of a client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connected(cls, port: int) -> "Caller":
        """A new connection."""
        return cls(*await asyncio.open_connection(HOST, port))

    def send(self, message: object, session: str = "", method: str = "POST") -> None:
        """Write a request, and wait for nothing."""
        body = b"" if message is None else json.dumps(message).encode()
        named = f"mcp-session-id: {session}\r\n" if session else ""
        self._writer.write(
            f"{method} /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            f"accept: application/json, text/event-stream\r\n{named}"
            f"content-length: {len(body)}\r\n\r\n".encode()
            + body
        )

    def write(self, data: bytes) -> None:
        """Write bytes as they are."""
        self._writer.write(data)

    async def head(self) -> tuple[int, dict[str, str]]:
        """The head of the answer: its status, and its headers in lower case."""
        block = await self._reader.readuntil(b"\r\n\r\n")
        first, *lines = block.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines if line)
        return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """A whole answer that is not in chunks."""
        status, headers = await self.head()
        return status, headers, await self._reader.readexactly(int(headers["content-length"]))

    async def close(self, *, rudely: bool = False) -> None:
        """Close the connection; rudely: by a reset."""
        if rudely:
            self._writer.transport.abort()
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()


async def initialized(caller: Caller) -> str:
    """Open a session: its id."""
    caller.send(INITIALIZE)
    status, headers, _ = await caller.answer()
    assert status == 200, f"initialize: {status}"
    return headers["mcp-session-id"]


async def abandon(port: int) -> None:
    """Open a session, and never come back."""
    caller = await Caller.connected(port)
    await initialized(caller)
    await caller.close()


async def call(port: int) -> None:
    """A session as it should be, ended by DELETE half of the times."""
    caller = await Caller.connected(port)
    session = await initialized(caller)
    for number in range(1, 6):
        caller.send({"jsonrpc": "2.0", "id": number, "method": "ping"}, session)
        status, _, body = await caller.answer()
        assert status == 200, body
    if random.random() < 0.5:
        caller.send(None, session, "DELETE")
        await caller.head()
    await caller.close()


async def leave(port: int) -> None:
    """Open a stream and send a call, and go away from both by a reset."""
    caller, listener = await Caller.connected(port), await Caller.connected(port)
    session = await initialized(caller)
    listener.send(None, session, "GET")
    await listener.head()
    caller.send({"jsonrpc": "2.0", "id": 1, "method": "ping"}, session)
    await caller.close(rudely=True)
    await listener.close(rudely=True)


async def confuse(port: int) -> None:
    """Send something hostile."""
    caller = await Caller.connected(port)
    caller.write(random.choice(CORPUS).data)
    await caller.close(rudely=random.random() < 0.5)


async def confuse_once_by_each(port: int) -> None:
    """Send everything hostile there is, so that no later one is the first of its size."""
    for hostile in CORPUS:
        caller = await Caller.connected(port)
        caller.write(hostile.data)
        await caller.close()


async def crowd(
    acts: tuple[Callable[[int], Awaitable[None]], ...], port: int, *, times: int
) -> None:
    """Perform the acts in turn, so many in all, a few at once."""
    left = iter(range(times))

    async def one() -> None:
        for number in left:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await acts[number % len(acts)](port)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(8):
            tasks.create_task(one())
