"""TCP forwarders between the parts of a pipeline: they count bytes, and can be cut."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from lab.local.ports import LOOPBACK

_CHUNK_BYTES = 65536


class Forwarder:
    """Forwards connections to an address.

    While it is cut, connections stay open and nothing passes, as on a network that drops packets:
    what was sent arrives after `restore`, unless the sender has given up.
    """

    def __init__(self, destination: str) -> None:
        """`destination` is host:port."""
        self._host, _, port = destination.rpartition(":")
        self._port = int(port)
        self._open = asyncio.Event()
        self._open.set()
        self.address = ""
        """host:port where it listens."""
        self.bytes = 0
        """What has passed in both directions."""

    def __repr__(self) -> str:
        return f"<Forwarder {self.address} to {self._host}:{self._port}>"

    def cut(self) -> None:
        self._open.clear()

    def restore(self) -> None:
        self._open.set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen on a free port inside the block."""
        connections: set[asyncio.Task[None]] = set()

        def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # Of a task of its own, asyncio 3.11 reports the cancellation as an error.
            task = asyncio.create_task(self._forward(reader, writer))
            connections.add(task)
            task.add_done_callback(connections.discard)

        server = await asyncio.start_server(serve, LOOPBACK, 0)
        host, port = server.sockets[0].getsockname()
        self.address = f"{host}:{port}"
        try:
            yield
        finally:
            server.close()
            for each in tuple(connections):
                each.cancel()
            await asyncio.gather(*connections, return_exceptions=True)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one connection until either side closes it, or refuses."""
        try:
            await self._open.wait()
            with suppress(OSError):
                back_reader, back_writer = await asyncio.open_connection(self._host, self._port)
                try:
                    await self._both_ways(reader, writer, back_reader, back_writer)
                finally:
                    back_writer.close()
        finally:
            writer.close()

    async def _both_ways(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        back_reader: asyncio.StreamReader,
        back_writer: asyncio.StreamWriter,
    ) -> None:
        there = asyncio.create_task(self._pump(reader, back_writer))
        back = asyncio.create_task(self._pump(back_reader, writer))
        try:
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
        finally:
            there.cancel()
            back.cancel()
            await asyncio.gather(there, back, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK_BYTES):
            await self._open.wait()
            self.bytes += len(data)
            writer.write(data)
            await writer.drain()
