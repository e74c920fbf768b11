"""A forwarder passes bytes on, counts them, and can be cut."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lab.compare.forwarder import Forwarder

SECONDS = 10.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1000):
        writer.write(data)
    writer.close()


@asynccontextmanager
async def forwarded() -> AsyncIterator[Forwarder]:
    """A forwarder to a server that returns what it receives."""
    async with (
        asyncio.timeout(SECONDS),
        await asyncio.start_server(_echo, "127.0.0.1", 0) as server,
    ):
        host, port = server.sockets[0].getsockname()
        forwarder = Forwarder(f"{host}:{port}")
        async with forwarder.listening():
            yield forwarder


async def connected(forwarder: Forwarder) -> Streams:
    host, _, port = forwarder.address.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def returned(streams: Streams, data: bytes) -> bytes:
    reader, writer = streams
    writer.write(data)
    return await reader.readexactly(len(data))


def test_bytes_are_passed_on_and_counted_in_both_directions() -> None:
    async def scenario() -> int:
        async with forwarded() as forwarder:
            streams = await connected(forwarder)
            assert await returned(streams, b"hello") == b"hello"
            streams[1].close()
            return forwarder.bytes

    assert asyncio.run(scenario()) == 10


def test_while_it_is_cut_nothing_passes_and_afterwards_all_arrives() -> None:
    async def scenario() -> None:
        async with forwarded() as forwarder:
            old = await connected(forwarder)
            await returned(old, b"before")
            forwarder.cut()
            new = await connected(forwarder)
            held = [asyncio.create_task(returned(each, b"held")) for each in (old, new)]
            await asyncio.sleep(0)
            done, _ = await asyncio.wait(held, timeout=0.3)
            assert not done
            assert forwarder.bytes == 12
            forwarder.restore()
            assert await asyncio.gather(*held) == [b"held", b"held"]
            for each in (old, new):
                each[1].close()

    asyncio.run(scenario())


def test_a_refused_connection_is_closed() -> None:
    async def scenario() -> None:
        async with asyncio.timeout(SECONDS):
            forwarder = Forwarder("127.0.0.1:1")
            async with forwarder.listening():
                reader, writer = await connected(forwarder)
                assert await reader.read() == b""
                writer.close()

    asyncio.run(scenario())


def test_leaving_the_block_ends_the_connections_without_an_error() -> None:
    async def scenario() -> None:
        errors: list[dict[str, object]] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: errors.append(context))
        async with forwarded() as forwarder:
            reader, writer = await connected(forwarder)
            await returned((reader, writer), b"x")
        async with asyncio.timeout(SECONDS):
            assert await reader.read() == b""
        writer.close()
        assert not errors

    asyncio.run(scenario())
