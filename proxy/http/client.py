"""HTTP/1.1 to the upstream: one connection, one exchange at a time."""

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import Final, Protocol, cast

from ..errors import MalformedBody, MalformedHead, UnfollowedRedirect
from .chunked import Decoder
from .head import END, Content, ResponseHead
from .interfaces import ResponseHandler

HEAD_LIMIT: Final = 64 * 1024
"""Longest response head in bytes."""
MOST_INTERIM: Final = 100
"""Most interim responses (1xx) before an answer; a server may send some (RFC 9110, 15.2)."""
GATHER_LIMIT: Final = 64 * 1024
"""A JSON answer up to this many bytes is passed on in one write; a longer one as it comes."""


class ConnectionOwner(Protocol):
    """Keeps the connections between their exchanges."""

    @property
    def follows(self) -> bool:
        """Whether redirects are followed instead of being responses."""

    @property
    def parse(self) -> Callable[[bytes], ResponseHead]:
        """Reads a head. Raises MalformedHead."""

    def release(self, connection: "UpstreamConnection") -> None:
        """Return a connection whose exchange is over."""

    def discard(self, connection: "UpstreamConnection") -> None:
        """A connection was lost."""

    def redirected(self, block: bytes, head: ResponseHead, *, again: bool) -> bytes:
        """The request `block` as a redirect has it sent, or sent `again`.

        Raises UnfollowedRedirect.
        """

    def resend(self, handler: ResponseHandler, block: bytes) -> None:
        """Send a request that was redirected on a new connection."""


class UpstreamConnection(asyncio.Protocol):
    """One connection to the upstream: idle, or busy for one handler. Implements UpstreamReader."""

    __slots__ = (
        "_block", "_decoder", "_gathered", "_head", "_interim", "_missing", "_paused", "_pool",
        "_redirected", "_rest", "_handler", "_surplus", "_transport", "idle_since",
    )  # fmt: skip

    def __init__(self, pool: ConnectionOwner) -> None:
        self._pool = pool
        self._transport: asyncio.Transport | None = None
        self._handler: ResponseHandler | None = None
        self._head: ResponseHead | None = None
        self._rest = self._block = b""
        self._redirected = False
        self._missing = 0
        self._interim = 0
        self._paused = False
        self._surplus = False
        self._decoder: Decoder | None = None
        self._gathered: bytearray | None = None
        self.idle_since = 0.0

    def __repr__(self) -> str:
        return f"<UpstreamConnection busy={self._handler is not None} head={self._head!r}>"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._pool.discard(self)
        handler, head = self._handler, self._head
        self._handler = self._head = None
        if handler is None:
            return
        if head is not None and exc is None and _ends_by_closing(head):
            self._end(handler, head, perf_counter())
        else:
            handler.on_error("the upstream closed the connection before its answer was complete")

    def send(self, handler: ResponseHandler, block: bytes, *, redirected: bool = False) -> None:
        """Send a request; `handler` gets the response, or at once the loss of the connection."""
        self._block, self._redirected = block, redirected
        if self._transport is None:
            handler.on_error("the upstream closed the connection before the request was sent")
            return
        self._handler = handler
        if handler.connected(self):
            self._transport.write(block)
        else:
            self._handler = None
            self._read_on()
            self._pool.release(self)

    def close(self) -> None:
        """Close at once; the handler gets no more events."""
        self._handler = None
        if self._transport is not None:
            self._transport.abort()

    def abort(self, handler: ResponseHandler) -> None:
        if handler is self._handler:
            self.close()

    def pause(self, handler: ResponseHandler) -> None:
        if handler is self._handler and self._transport is not None and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def resume(self, handler: ResponseHandler) -> None:
        if handler is self._handler:
            self._read_on()

    def _read_on(self) -> None:
        if self._transport is not None and self._paused:
            self._paused = False
            self._transport.resume_reading()

    @property
    def usable(self) -> bool:
        """Whether an exchange may be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def data_received(self, data: bytes) -> None:
        arrived = perf_counter()
        handler = self._handler
        if handler is None:
            self.close()
            return
        try:
            if self._head is None:
                self._read_head(handler, self._rest + data if self._rest else data, arrived)
            else:
                self._read_body(handler, self._head, data, arrived)
        except (MalformedHead, MalformedBody, UnfollowedRedirect) as error:
            self._fail(handler, str(error))

    def _read_head(self, handler: ResponseHandler, data: bytes, arrived: float) -> None:
        end = data.find(END) + len(END)
        if end < len(END):
            self._rest = data
            if len(data) > HEAD_LIMIT:
                raise MalformedHead(f"a response head longer than {HEAD_LIMIT} bytes")
            return
        self._rest = b""
        head, body = self._pool.parse(data[:end]), data[end:]
        if head.status == 101:
            raise MalformedHead("the upstream switched protocols, unasked")
        if head.status < 200:
            self._interim += 1
            if self._interim > MOST_INTERIM:
                raise MalformedHead(f"more than {MOST_INTERIM} responses before the answer")
            self._read_head(handler, body, arrived)
            return
        self._interim = 0
        if head.location is not None and self._pool.follows:
            self._follow(handler, head, complete=head.length == len(body))
            return
        self._block = b""
        if head.length == len(body) and head.content is not Content.EVENTS:
            self._release(head)
            handler.on_response(head, body, arrived)
        else:
            self._start_body(handler, head, body, arrived)

    def _follow(self, handler: ResponseHandler, head: ResponseHead, *, complete: bool) -> None:
        """Send the request again to the redirect's location. Raises UnfollowedRedirect."""
        block = self._pool.redirected(self._block, head, again=self._redirected)
        transport = self._transport
        flushed = transport is not None and not transport.get_write_buffer_size()
        if complete and flushed and head.keep_alive:
            self.send(handler, block, redirected=True)
        else:
            self.close()
            self._pool.resend(handler, block)

    def _start_body(
        self, handler: ResponseHandler, head: ResponseHead, data: bytes, arrived: float
    ) -> None:
        self._head = head
        self._missing = head.length or 0
        self._decoder = Decoder() if head.chunked else None
        if _gathers(head):
            self._gathered = bytearray()
        else:
            handler.on_headers(head)
            if self._handler is not handler:
                return
        if data or head.length == 0:
            self._read_body(handler, head, data, arrived)

    def _read_body(
        self, handler: ResponseHandler, head: ResponseHead, data: bytes, arrived: float
    ) -> None:
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
            self._pass_on(handler, head, data, arrived)
        if done and self._handler is handler:
            self._end(handler, head, arrived)

    def _pass_on(
        self, handler: ResponseHandler, head: ResponseHead, data: bytes, arrived: float
    ) -> None:
        if self._gathered is None:
            handler.on_data(data, arrived)
            return
        self._gathered += data
        if len(self._gathered) > GATHER_LIMIT:
            gathered, self._gathered = bytes(self._gathered), None
            handler.on_headers(head)
            if self._handler is handler:
                handler.on_data(gathered, arrived)

    def _end(self, handler: ResponseHandler, head: ResponseHead, arrived: float) -> None:
        gathered = self._gathered
        self._release(head)
        if gathered is None:
            handler.on_end(arrived)
        else:
            handler.on_response(head, bytes(gathered), arrived)

    def _release(self, head: ResponseHead) -> None:
        surplus, self._surplus = self._surplus, False
        self._handler = self._head = self._decoder = self._gathered = None
        transport = self._transport
        if transport is None:
            return
        self._read_on()
        flushed = not surplus and not transport.get_write_buffer_size()
        if flushed and head.keep_alive and not _ends_by_closing(head):
            self._pool.release(self)
        else:
            transport.close()

    def _fail(self, handler: ResponseHandler, reason: str) -> None:
        self.close()
        handler.on_error(reason)


def _ends_by_closing(head: ResponseHead) -> bool:
    return head.length is None and not head.chunked


def _gathers(head: ResponseHead) -> bool:
    """Whether the body may be held until it is complete: short, or likely to be."""
    if head.content is Content.EVENTS:
        return False
    if head.length is None:
        return head.content is Content.JSON
    return head.length <= GATHER_LIMIT
