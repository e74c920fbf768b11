"""The upstream's side of HTTP/1.1: kept-alive connections, one exchange at a time on each."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from time import perf_counter
from typing import cast

from proxy.errors import MalformedBody, MalformedHead
from proxy.transports.port import Sink
from proxy.wire.chunked import Decoder
from proxy.wire.head import END, Content, Memo, ResponseHead, parse_response

HEAD_LIMIT = 64 * 1024
"""Longest response head in bytes."""
GATHER_LIMIT = 64 * 1024
"""A JSON answer up to this many bytes is passed on in one write; a longer one as it comes."""
IDLE_SECONDS = 4.0
"""Below the 5 s after which uvicorn and Node close, so that a call never meets a closing one."""
CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an HTTP upstream listens; `tls` is None for plain http."""

    host: str
    port: int
    tls: ssl.SSLContext | None


class UpstreamConnection(asyncio.Protocol):
    """One connection to the upstream: idle, or busy for one sink."""

    __slots__ = (
        "_decoder", "_gathered", "_head", "_missing", "_paused", "_pool", "_rest", "_sink",
        "_surplus", "_transport", "idle_since",
    )  # fmt: skip

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._transport: asyncio.Transport | None = None
        self._sink: Sink | None = None
        self._head: ResponseHead | None = None
        self._rest = b""
        self._missing = 0
        self._paused = False
        self._surplus = False
        self._decoder: Decoder | None = None
        self._gathered: bytearray | None = None
        self.idle_since = 0.0

    def __repr__(self) -> str:
        return f"<UpstreamConnection busy={self._sink is not None} head={self._head!r}>"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self._transport = None
        self._pool.forget(self)
        sink, head = self._sink, self._head
        self._sink = self._head = None
        if sink is None:
            return
        if head is not None and exc is None and _ends_by_closing(head):
            self._end(sink, head, perf_counter())
        else:
            sink.answer_lost("the upstream closed the connection before its answer was complete")

    def send(self, sink: Sink, block: bytes) -> None:
        """Send a request; `sink` gets the answer."""
        self._sink = sink
        if self._transport is not None:
            self._transport.write(block)

    def abort(self) -> None:
        """Close at once; the sink hears nothing more."""
        self._sink = None
        if self._transport is not None:
            self._transport.abort()

    def pause(self) -> None:
        """Read no more for now."""
        if self._transport is not None and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._transport is not None and self._paused:
            self._paused = False
            self._transport.resume_reading()

    @property
    def usable(self) -> bool:
        """Whether an exchange may be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        arrived = perf_counter()
        sink = self._sink
        if sink is None:
            self.abort()
            return
        try:
            if self._head is None:
                self._read_head(sink, self._rest + data if self._rest else data, arrived)
            else:
                self._read_body(sink, self._head, data, arrived)
        except (MalformedHead, MalformedBody) as error:
            self._fail(sink, str(error))

    def _read_head(self, sink: Sink, data: bytes, arrived: float) -> None:
        end = data.find(END) + len(END)
        if end < len(END):
            self._rest = data
            if len(data) > HEAD_LIMIT:
                raise MalformedHead(f"a response head longer than {HEAD_LIMIT} bytes")
            return
        self._rest = b""
        head = self._pool.parse(data[:end])
        if head.status == 101:
            raise MalformedHead("the upstream switched protocols, which nobody asked for")
        if head.status < 200:
            self._read_head(sink, data[end:], arrived)
            return
        body = data[end:]
        if head.length == len(body) and head.content is not Content.EVENTS:
            self._release(head)
            sink.answer_whole(head, body, arrived)
        else:
            self._start_body(sink, head, body, arrived)

    def _start_body(self, sink: Sink, head: ResponseHead, data: bytes, arrived: float) -> None:
        self._head = head
        self._missing = head.length or 0
        self._decoder = Decoder() if head.chunked else None
        if _gathers(head):
            self._gathered = bytearray()
        else:
            sink.answer_begins(head)
            if self._sink is not sink:
                return
        if data or head.length == 0:
            self._read_body(sink, head, data, arrived)

    def _read_body(self, sink: Sink, head: ResponseHead, data: bytes, arrived: float) -> None:
        done = False
        if self._decoder is not None:
            data = self._decoder.feed(data)
            done, self._surplus = self._decoder.done, self._decoder.surplus
        elif head.length is not None:
            self._surplus = len(data) > self._missing
            data = data[: self._missing] if self._surplus else data
            self._missing -= len(data)
            done = self._missing == 0
        if data:
            self._pass_on(sink, head, data, arrived)
        if done and self._sink is sink:
            self._end(sink, head, arrived)

    def _pass_on(self, sink: Sink, head: ResponseHead, data: bytes, arrived: float) -> None:
        if self._gathered is None:
            sink.answer_piece(data, arrived)
            return
        self._gathered += data
        if len(self._gathered) > GATHER_LIMIT:
            gathered, self._gathered = bytes(self._gathered), None
            sink.answer_begins(head)
            if self._sink is sink:
                sink.answer_piece(gathered, arrived)

    def _end(self, sink: Sink, head: ResponseHead, arrived: float) -> None:
        gathered = self._gathered
        self._release(head)
        if gathered is None:
            sink.answer_ends(arrived)
        else:
            sink.answer_whole(head, bytes(gathered), arrived)

    def _release(self, head: ResponseHead) -> None:
        surplus, self._surplus = self._surplus, False
        self._sink = self._head = self._decoder = self._gathered = None
        transport = self._transport
        if transport is None:
            return
        self.resume()
        settled = not surplus and not transport.get_write_buffer_size()
        if settled and head.keep_alive and not _ends_by_closing(head):
            self._pool.keep(self)
        else:
            transport.close()

    def _fail(self, sink: Sink, reason: str) -> None:
        self.abort()
        sink.answer_lost(reason)


def _ends_by_closing(head: ResponseHead) -> bool:
    return head.length is None and not head.chunked


def _gathers(head: ResponseHead) -> bool:
    """Whether the body may be held until it is complete: short, or likely to be."""
    if head.content is Content.EVENTS:
        return False
    if head.length is None:
        return head.content is Content.JSON
    return head.length <= GATHER_LIMIT


class Pool:
    """The connections to one upstream; grows as calls overlap, and forgets the idle ones.

    `spawn` starts a task in a group that somebody owns; `on_reach` hears of every attempt to
    connect whether it succeeded.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        spawn: Callable[[Coroutine[None, None, None]], object],
        on_reach: Callable[[bool], None],
    ) -> None:
        self._endpoint = endpoint
        self._spawn = spawn
        self._idle: list[UpstreamConnection] = []
        self.parse = Memo(parse_response)
        self._on_reach = on_reach

    def __repr__(self) -> str:
        return f"<Pool idle={len(self._idle)} {self._endpoint}>"

    def exchange(self, sink: Sink, block: bytes) -> UpstreamConnection | None:
        """Send a request, at once on an idle connection (returned), else on a new one.

        A sink that waits for a new one learns of it by `sink.connected`.
        """
        fresh = perf_counter() - IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and connection.idle_since > fresh:
                connection.send(sink, block)
                return connection
            connection.abort()
        self._spawn(self._open(sink, block))
        return None

    def keep(self, connection: UpstreamConnection) -> None:
        """Take back a connection whose exchange is over."""
        connection.idle_since = perf_counter()
        self._idle.append(connection)

    def forget(self, connection: UpstreamConnection) -> None:
        """A connection was lost."""
        if connection in self._idle:
            self._idle.remove(connection)

    def prune(self) -> None:
        """Close what has been idle for too long."""
        old = perf_counter() - IDLE_SECONDS
        for connection in [each for each in self._idle if each.idle_since < old]:
            connection.abort()

    def close(self) -> None:
        """Close every idle connection."""
        for connection in tuple(self._idle):
            connection.abort()

    async def probe(self) -> bool:
        """Whether the upstream accepts connections now."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                transport, _ = await asyncio.get_running_loop().create_connection(
                    asyncio.Protocol, self._endpoint.host, self._endpoint.port
                )
        except OSError:
            return False
        transport.close()
        return True

    async def _open(self, sink: Sink, block: bytes) -> None:
        where = self._endpoint
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: UpstreamConnection(self), where.host, where.port, ssl=where.tls
                )
        except OSError as error:
            self._on_reach(False)
            reason = str(error) or f"no connection within {CONNECT_SECONDS:g} s"
            sink.answer_lost(f"cannot reach the upstream {where.host}:{where.port}: {reason}")
            return
        self._on_reach(True)
        if sink.connected(connection):
            connection.send(sink, block)
        else:
            self.keep(connection)
