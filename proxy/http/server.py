"""HTTP/1.1 from clients: one connection, requests handled in order."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from time import perf_counter
from typing import Final, cast

from ..errors import MalformedBody, MalformedHead
from ..memory_budget import FREE_BYTES, NO_ROOM, MemoryAccount, MemoryBudget
from ..telemetry.vocabulary import RejectionCause
from . import response
from .chunked import LAST, Decoder, chunk
from .connection_limit import ConnectionLimiter, address_of
from .head import END
from .interfaces import ClientObserver, RequestHandler, StillValid, TokenCheck
from .rejection import HttpRejection
from .request_policy import HEAD_LIMIT, RequestInfo

# A pipelining client may run ahead of its answers by this much before it is no longer read.
_AHEAD_LIMIT = 64 * 1024
# What is written at once is kept whole until its last byte is sent; a longer one is accounted for.
_LONG_WRITE: Final = 64 * 1024
_LINGER_SECONDS = 1.0

RECEIVE_SECONDS = 30.0
"""How long a request may take to arrive once it has begun; the answer to a slower one is 408."""
OVER_LIMIT_SECONDS = 1.0
"""How long a connection beyond the limit may take to ask for something before it is refused."""

# Header lines of responses by the proxy itself, by status.
_LONG_HEAD: Final = HttpRejection(
    RejectionCause.HEAD_SIZE, 431, f"the head is longer than {HEAD_LIMIT} bytes"
)
_NO_ROOM = HttpRejection(RejectionCause.MEMORY, 503, NO_ROOM)
_EXTRA = {503: (response.RETRY_AFTER,)}


@dataclass(frozen=True, slots=True)
class ServerContext:
    """What all connections of the client side share.

    One that is unused for `idle` seconds is closed, and so is one whose client reads nothing of
    what waits for it for as long. `token_check` judges what `arrive` could not. `memory` is what
    bodies, and answers that are not read, are held in.
    """

    evaluate: Callable[[bytes], RequestInfo]
    receiver: RequestHandler
    body_limit: int
    limiter: ConnectionLimiter
    idle: float
    memory: MemoryBudget
    token_check: TokenCheck | None = None


class ClientConnection(asyncio.Protocol):
    """One client. Bytes wait in `_rest` while a request is being answered.

    Implements Client, PendingClient and LimitedConnection.
    """

    __slots__ = (
        "_account", "_info", "_body", "_chunked", "_decoder", "_context", "_holds", "_idle_since",
        "_longest", "_read_at", "_rejected", "_rest", "_since", "_size", "_slow", "_over_limit",
        "_drained", "_transport", "_observer", "_written", "address", "answering", "closing",
        "principal",
    )  # fmt: skip

    def __init__(self, front: ServerContext) -> None:
        self._context = front
        self._transport: asyncio.Transport | None = None
        self._account: MemoryAccount | None = None
        self._size = 0
        self._rest = b""
        self._info: RequestInfo | None = None
        self._body: bytearray | None = None
        self._decoder: Decoder | None = None
        self._observer: ClientObserver | None = None
        self._holds: StillValid | None = None
        self._chunked = False
        self._since = 0.0
        self._idle_since = 0.0
        self._written = 0
        self._longest = 0
        self._drained = 0
        self._read_at = 0.0
        self._rejected = False
        self._over_limit = False
        self._slow = False
        self.address = b""
        self.answering = False
        self.closing = False
        self.principal = b""

    def __repr__(self) -> str:
        return f"<ClientConnection answering={self.answering} arrival={self._info!r}>"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._idle_since = self._read_at = perf_counter()
        self.address = address_of(transport)
        self._over_limit = not self._context.limiter.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._context.limiter.remove(self)
        if self._account is not None:
            self._account.close()
            self._account = None
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.on_client_gone()
            if self._slow:
                observer.on_client_resumed()

    def pause_writing(self) -> None:
        self._slow = True
        self._hold_or_give_up()
        if self._observer is not None:
            self._observer.on_client_paused()

    def resume_writing(self) -> None:
        self._slow = False
        self._hold()
        if self._observer is not None:
            self._observer.on_client_resumed()
        elif self._rest:
            asyncio.get_running_loop().call_soon(self._next)

    def data_received(self, data: bytes) -> None:
        """A client that has not read its last response gets no other yet."""
        if self.answering or self.closing or self._slow:
            self._run_ahead(data)
        elif self._info is not None:
            self._read_body(data)
        else:
            self._read_head(self._rest + data if self._rest else data)

    def attach(self, observer: ClientObserver) -> None:
        self._observer = observer

    def respond(self, head: bytes, body: bytes, status: int) -> None:
        info = self._info
        if self._transport is None or info is None:
            return
        keep_alive = info.keep_alive and not self.closing
        if info.cors:
            head = response.readable(head, info.cors)
        method = info.method
        self._finish(response.framed(head, body, status, keep_alive=keep_alive, method=method))

    def start_response(self, head: bytes, length: int | None = None) -> None:
        """HTTP/1.0 has no chunked encoding: there, closing the connection ends the body."""
        if self._transport is None or self._info is None:
            return
        self._chunked = length is None and self._info.version_1_1
        if self._info.cors:
            head = response.readable(head, self._info.cors)
        if not self._info.keep_alive:
            head += response.CLOSE
        if length is not None:
            head += b"content-length: %d\r\n" % length
        head += response.CHUNKED if self._chunked else b"\r\n"
        self._write(self._transport, head)

    def write(self, data: bytes) -> None:
        if self._transport is not None and data:
            self._write(self._transport, chunk(data) if self._chunked else data)

    def end(self) -> None:
        if self._transport is not None:
            self._finish(LAST if self._chunked else b"")

    def abort(self) -> None:
        observer, self._observer = self._observer, None
        if self._transport is not None:
            self._transport.abort()
        if observer is not None and self._slow:
            observer.on_client_resumed()

    def accept(self, principal: bytes, holds: StillValid | None) -> None:
        """The client may have been evicted meanwhile."""
        if self._rejected:
            return
        self.principal, self._holds = principal, holds
        self.answering = False
        info, transport = self._info, self._transport
        if info is None or transport is None:
            return
        if not transport.is_reading():
            transport.resume_reading()
        rest, self._rest = self._rest, b""
        self._receive(info, rest)

    @property
    def client(self) -> bytes:
        return self.address

    @property
    def idle_since(self) -> float:
        """A request that takes long to arrive is idle since it began.

        A client is served until it has read its answer.
        """
        if self._rejected:
            return -inf
        return inf if self.answering or self._unread else self._since or self._idle_since

    @property
    def _unread(self) -> int:
        """Bytes that wait for the client to read."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def evict(self) -> None:
        self._context.limiter.stop_serving(self)
        if self._since:
            self.reject(self._full())
        elif self._transport is not None:
            self.closing = True
            self._transport.abort()

    def expire(self, now: float) -> None:
        """End what takes too long: to be read, to arrive once it has begun, or to begin at all.

        A stream ends when the token does that it was opened with.
        """
        if self._transport is None:
            return
        ended = self._holds is not None and self.answering and not self._holds()
        if ended or not self._is_read(self._transport, now):
            self._transport.abort()
            return
        if self._account is not None:
            self._hold()
        if not (self.answering or self.closing):
            self._expire_unanswered(now)

    def _is_read(self, transport: asyncio.Transport, now: float) -> bool:
        """Whether the client recently read any pending bytes, or there are none."""
        unread = transport.get_write_buffer_size()
        drained = self._written - unread
        if not unread or drained > self._drained:
            self._read_at = now
        self._drained = drained
        return now - self._read_at <= self._context.idle

    def _expire_unanswered(self, now: float) -> None:
        if self._over_limit and now - self._idle_since > OVER_LIMIT_SECONDS:
            self.reject(self._full())
        elif self._since and now - self._since > RECEIVE_SECONDS:
            slow = f"the request took more than {RECEIVE_SECONDS:g} s"
            self.reject(HttpRejection(RejectionCause.SLOW, 408, slow))
        elif not self._since and now - self._idle_since > self._context.idle:
            self.close_when_idle()

    def close_when_idle(self) -> None:
        """Close now if no request is being answered, else after the answer."""
        self.closing = True
        if not self.answering and self._transport is not None:
            self._transport.close()

    def _read_head(self, data: bytes) -> None:
        if data[:1] in (b"\r", b"\n"):
            data = data.lstrip(b"\r\n")
        end = data.find(END) + len(END)
        if end < len(END):
            self._rest = data
            self._since = self._since or perf_counter()
            if len(data) > HEAD_LIMIT:
                self.reject(_LONG_HEAD)
            return
        if end > HEAD_LIMIT:
            self.reject(_LONG_HEAD)
            return
        self._rest = b""
        try:
            info = self._context.evaluate(data[:end])
        except MalformedHead as error:
            self.reject(HttpRejection(RejectionCause.MALFORMED, 400, str(error)))
            return
        self._info = info
        rejection = self._full() if self._over_limit else info.rejection
        check = self._context.token_check
        if rejection is not None:
            self.reject(rejection)
        elif check is None or info.static_response is not None:
            self._receive(info, data[end:])
        else:
            self.answering = True
            self._rest = data[end:]
            check.check(self, info)

    def _receive(self, info: RequestInfo, data: bytes) -> None:
        """Receive the body, of which `data` is the beginning."""
        if not info.chunked and len(data) == info.length <= FREE_BYTES:
            self._deliver(info, data)
        else:
            self._start_body(info, data)

    def _start_body(self, info: RequestInfo, data: bytes) -> None:
        self._decoder = Decoder() if info.chunked else None
        self._body = bytearray()
        self._since = self._since or perf_counter()
        if info.expects_continue and not data and self._transport is not None:
            self._transport.write(response.CONTINUE)
        self._read_body(data)

    def _write(self, transport: asyncio.Transport, data: bytes) -> None:
        size = len(data)
        self._written += size
        transport.write(data)
        if size > _LONG_WRITE:
            self._longest = max(self._longest, size)
        if self._slow or self._longest:
            self._hold_or_give_up()

    def _hold(self) -> bool:
        """Account for the client's buffers; whether there is memory."""
        held = self._size + len(self._rest)
        if (self._slow or self._longest) and self._transport is not None:
            unread = self._transport.get_write_buffer_size()
            self._longest = self._longest if unread else 0
            held += max(unread, self._longest)
        account = self._account
        if account is None:
            if held <= FREE_BYTES:
                return True
            account = self._context.memory.account(self.address, self._make_room)
            self._account = account
        unread_since = self._read_at if self._slow or self._longest else inf
        idle_since = self._since or unread_since
        return account.hold(held, idle_since)

    def _hold_or_give_up(self) -> None:
        """Account for unrejectable data: without memory the connection is aborted."""
        if not self._hold() and self._transport is not None:
            asyncio.get_running_loop().call_soon(self._transport.abort)

    def _make_room(self) -> None:
        """Release the buffers for other clients."""
        if self._since:
            self.reject(_NO_ROOM)
        elif self._transport is not None:
            self._transport.abort()

    def _read_body(self, data: bytes) -> None:
        info, body = self._info, self._body
        if info is None or body is None:
            return
        if self._decoder is None:
            missing = info.length - len(body)
            body += data[:missing]
            self._rest = data[missing:]
            complete = len(body) == info.length
        else:
            complete = self._read_chunks(self._decoder, body, data)
        self._size = len(body)
        if self._size > self._context.body_limit:
            long = f"the body is longer than {self._context.body_limit} bytes"
            self.reject(HttpRejection(RejectionCause.BODY_SIZE, 413, long))
        elif self._size > FREE_BYTES and not self._hold():
            self.reject(_NO_ROOM)
        elif complete:
            self._deliver(info, bytes(body))

    def _read_chunks(self, decoder: Decoder, body: bytearray, data: bytes) -> bool:
        try:
            body += decoder.feed(data)
        except MalformedBody as error:
            self.reject(HttpRejection(RejectionCause.MALFORMED, 400, str(error)))
            return False
        self.closing = decoder.surplus
        return decoder.done

    def _deliver(self, info: RequestInfo, body: bytes) -> None:
        self._body = self._decoder = None
        self._since = 0.0
        self.answering = True
        if self._account is not None:
            self._hold()
        page = info.static_response
        if page is None:
            self._context.receiver.request(self, info, body, perf_counter())
        else:
            head = response.start(page.status, page.content_type, *page.headers)
            self.respond(head, page.body, page.status)

    def reject(self, rejection: HttpRejection) -> None:
        """Respond with an error; the rest of the request is not read."""
        if self._rejected:
            return
        info = self._info
        self._context.receiver.refuse(info, rejection)
        self.closing = self.answering = self._rejected = True
        self._body = self._decoder = None
        self._rest = b""
        self._since = 0.0
        self._size = 0
        self._hold()
        if self._transport is None:
            return
        extra = _EXTRA.get(rejection.status, ()) + rejection.headers
        head = response.start(rejection.status, response.TEXT, *extra)
        body = rejection.reason.encode() + b"\n"
        if info is not None and info.cors:
            head = response.readable(head, info.cors)
        method = "" if info is None else info.method
        data = response.framed(head, body, rejection.status, keep_alive=False, method=method)
        self._transport.write(data)
        self._linger(self._transport)

    def _full(self) -> HttpRejection:
        full = f"all {self._context.limiter.most} connections are taken: try again"
        return HttpRejection(RejectionCause.CONNECTIONS, 503, full)

    def _linger(self, transport: asyncio.Transport) -> None:
        """Close, but let the client read first: unread input would turn the close into a reset."""
        transport.write_eof()
        asyncio.get_running_loop().call_later(_LINGER_SECONDS, transport.close)

    def _run_ahead(self, data: bytes) -> None:
        if self.closing or self._transport is None:
            return
        self._rest += data
        if len(self._rest) > _AHEAD_LIMIT:
            self._transport.pause_reading()
            self._hold_or_give_up()

    def _finish(self, last: bytes) -> None:
        """Write the last bytes of a response; nothing else waits until they are sent."""
        paused = self._slow
        observer, self._observer = self._observer, None
        if self._transport is not None:
            self._write(self._transport, last)
        self._complete()
        if observer is not None and paused:
            observer.on_client_resumed()

    def _complete(self) -> None:
        info, self._info = self._info, None
        self._holds = None
        self.answering = False
        self._idle_since = perf_counter()
        self._size = 0
        if self._account is not None:
            self._hold()
        if self._transport is None:
            return
        if self.closing or info is None or not info.keep_alive:
            self.closing = True
            self._transport.close()
        elif self._rest and not self._slow:
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        """Handle the next pipelined request."""
        if self._transport is None or self.answering or self._slow or not self._rest:
            return
        if not self._transport.is_reading():
            self._transport.resume_reading()
        rest, self._rest = self._rest, b""
        self._read_head(rest)
