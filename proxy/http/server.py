"""The client's side of HTTP/1.1: one connection, requests answered in turn, bytes both ways."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from time import perf_counter
from typing import cast

from ..errors import MalformedBody, MalformedHead
from ..memory_budget import FREE_BYTES, NO_ROOM, Account, Memory
from ..telemetry.vocabulary import Cause
from . import response
from .chunked import LAST, Decoder, chunk
from .connection_limit import Crowd, address_of
from .head import END
from .interfaces import Holds, Receiver, TokenCheck, Visitor
from .rejection import Refusal
from .request_policy import HEAD_LIMIT, Arrival

# A pipelining client may run ahead of its answers by this much before it is no longer read.
_AHEAD_LIMIT = 64 * 1024
# What is written at once is kept whole until its last byte is sent; a longer one is accounted for.
_LONG_WRITE = 64 * 1024
_LINGER_SECONDS = 1.0

RECEIVE_SECONDS = 30.0
"""How long a request may take to arrive once it has begun; the answer to a slower one is 408."""
SURPLUS_SECONDS = 1.0
"""How long a connection beyond the limit may take to ask for something before it is refused."""

# What an answer in place of the upstream's must say beside its status.
_LONG_HEAD = Refusal(Cause.HEAD_SIZE, 431, f"the head is longer than {HEAD_LIMIT} bytes")
_NO_ROOM = Refusal(Cause.MEMORY, 503, NO_ROOM)
_EXTRA = {503: (response.RETRY_AFTER,)}


@dataclass(frozen=True, slots=True)
class Front:
    """What all connections of the client side share.

    One that is unused for `idle` seconds is closed, and so is one whose client reads nothing of
    what waits for it for as long. `token_check` judges what `arrive` could not. `memory` is what
    bodies, and answers that are not read, are held in.
    """

    arrive: Callable[[bytes], Arrival]
    receiver: Receiver
    body_limit: int
    crowd: Crowd
    idle: float
    memory: Memory
    token_check: TokenCheck | None = None


class ClientConnection(asyncio.Protocol):
    """One client. Bytes wait in `_rest` while a request is being answered.

    Implements Client, Applicant and Member.
    """

    __slots__ = (
        "_account", "_arrival", "_body", "_chunked", "_decoder", "_front", "_holds", "_idle_since",
        "_longest", "_read_at", "_rejected", "_rest", "_since", "_size", "_slow", "_surplus",
        "_taken", "_transport", "_visitor", "_written", "address", "answering", "closing",
        "principal",
    )  # fmt: skip

    def __init__(self, front: Front) -> None:
        self._front = front
        self._transport: asyncio.Transport | None = None
        self._account: Account | None = None
        self._size = 0
        self._rest = b""
        self._arrival: Arrival | None = None
        self._body: bytearray | None = None
        self._decoder: Decoder | None = None
        self._visitor: Visitor | None = None
        self._holds: Holds | None = None
        self._chunked = False
        self._since = 0.0
        self._idle_since = 0.0
        self._written = 0
        self._longest = 0
        self._taken = 0
        self._read_at = 0.0
        self._rejected = False
        self._surplus = False
        self._slow = False
        self.address = b""
        self.answering = False
        self.closing = False
        self.principal = b""

    def __repr__(self) -> str:
        return f"<ClientConnection answering={self.answering} arrival={self._arrival!r}>"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._idle_since = self._read_at = perf_counter()
        self.address = address_of(transport)
        self._surplus = not self._front.crowd.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._front.crowd.leave(self)
        if self._account is not None:
            self._account.close()
            self._account = None
        visitor, self._visitor = self._visitor, None
        if visitor is not None:
            visitor.client_gone()
            if self._slow:
                visitor.client_resumed()

    def pause_writing(self) -> None:
        self._slow = True
        self._hold_or_give_up()
        if self._visitor is not None:
            self._visitor.client_paused()

    def resume_writing(self) -> None:
        self._slow = False
        self._hold()
        if self._visitor is not None:
            self._visitor.client_resumed()
        elif self._rest:
            asyncio.get_running_loop().call_soon(self._next)

    def data_received(self, data: bytes) -> None:
        """Who has not read its last answer gets no other yet."""
        if self.answering or self.closing or self._slow:
            self._run_ahead(data)
        elif self._arrival is not None:
            self._read_body(data)
        else:
            self._read_head(self._rest + data if self._rest else data)

    def attach(self, visitor: Visitor) -> None:
        self._visitor = visitor

    def answer(self, head: bytes, body: bytes, status: int) -> None:
        arrival = self._arrival
        if self._transport is None or arrival is None:
            return
        keep_alive = arrival.keep_alive and not self.closing
        if arrival.cors:
            head = response.readable(head, arrival.cors)
        method = arrival.method
        self._finish(response.framed(head, body, status, keep_alive=keep_alive, method=method))

    def begin(self, head: bytes, length: int | None = None) -> None:
        """HTTP/1.0 knows no chunks: there, closing ends the body."""
        if self._transport is None or self._arrival is None:
            return
        self._chunked = length is None and self._arrival.version_1_1
        if self._arrival.cors:
            head = response.readable(head, self._arrival.cors)
        if not self._arrival.keep_alive:
            head += response.CLOSE
        if length is not None:
            head += b"content-length: %d\r\n" % length
        head += response.CHUNKED if self._chunked else b"\r\n"
        self._write(self._transport, head)

    def piece(self, data: bytes) -> None:
        if self._transport is not None and data:
            self._write(self._transport, chunk(data) if self._chunked else data)

    def end(self) -> None:
        if self._transport is not None:
            self._finish(LAST if self._chunked else b"")

    def abort(self) -> None:
        visitor, self._visitor = self._visitor, None
        if self._transport is not None:
            self._transport.abort()
        if visitor is not None and self._slow:
            visitor.client_resumed()

    def accept(self, principal: bytes, holds: Holds | None) -> None:
        """Who gave way to others meanwhile is gone."""
        if self._rejected:
            return
        self.principal, self._holds = principal, holds
        self.answering = False
        arrival, transport = self._arrival, self._transport
        if arrival is None or transport is None:
            return
        if not transport.is_reading():
            transport.resume_reading()
        rest, self._rest = self._rest, b""
        self._take(arrival, rest)

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
        self._front.crowd.dismiss(self)
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
        """Whether the client read anything lately of what waits for it, if anything does."""
        unread = transport.get_write_buffer_size()
        taken = self._written - unread
        if not unread or taken > self._taken:
            self._read_at = now
        self._taken = taken
        return now - self._read_at <= self._front.idle

    def _expire_unanswered(self, now: float) -> None:
        if self._surplus and now - self._idle_since > SURPLUS_SECONDS:
            self.reject(self._full())
        elif self._since and now - self._since > RECEIVE_SECONDS:
            slow = f"the request took more than {RECEIVE_SECONDS:g} s"
            self.reject(Refusal(Cause.SLOW, 408, slow))
        elif not self._since and now - self._idle_since > self._front.idle:
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
            arrival = self._front.arrive(data[:end])
        except MalformedHead as error:
            self.reject(Refusal(Cause.MALFORMED, 400, str(error)))
            return
        self._arrival = arrival
        refusal = self._full() if self._surplus else arrival.refusal
        check = self._front.token_check
        if refusal is not None:
            self.reject(refusal)
        elif check is None or arrival.page is not None:
            self._take(arrival, data[end:])
        else:
            self.answering = True
            self._rest = data[end:]
            check.check(self, arrival)

    def _take(self, arrival: Arrival, data: bytes) -> None:
        """Take in the body, of which `data` is the beginning."""
        if not arrival.chunked and len(data) == arrival.length <= FREE_BYTES:
            self._deliver(arrival, data)
        else:
            self._start_body(arrival, data)

    def _start_body(self, arrival: Arrival, data: bytes) -> None:
        self._decoder = Decoder() if arrival.chunked else None
        self._body = bytearray()
        self._since = self._since or perf_counter()
        if arrival.expects_continue and not data and self._transport is not None:
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
        """Account for what is held for the client; whether there is room."""
        held = self._size + len(self._rest)
        if (self._slow or self._longest) and self._transport is not None:
            unread = self._transport.get_write_buffer_size()
            self._longest = self._longest if unread else 0
            held += max(unread, self._longest)
        account = self._account
        if account is None:
            if held <= FREE_BYTES:
                return True
            account = self._front.memory.account(self.address, self._make_room)
            self._account = account
        unread_since = self._read_at if self._slow or self._longest else inf
        idle_since = self._since or unread_since
        return account.hold(held, idle_since)

    def _hold_or_give_up(self) -> None:
        """Account for what cannot be refused any more: without room the client is given up."""
        if not self._hold() and self._transport is not None:
            asyncio.get_running_loop().call_soon(self._transport.abort)

    def _make_room(self) -> None:
        """Let go of what is held, for other clients."""
        if self._since:
            self.reject(_NO_ROOM)
        elif self._transport is not None:
            self._transport.abort()

    def _read_body(self, data: bytes) -> None:
        arrival, body = self._arrival, self._body
        if arrival is None or body is None:
            return
        if self._decoder is None:
            missing = arrival.length - len(body)
            body += data[:missing]
            self._rest = data[missing:]
            complete = len(body) == arrival.length
        else:
            complete = self._read_chunks(self._decoder, body, data)
        self._size = len(body)
        if self._size > self._front.body_limit:
            long = f"the body is longer than {self._front.body_limit} bytes"
            self.reject(Refusal(Cause.BODY_SIZE, 413, long))
        elif self._size > FREE_BYTES and not self._hold():
            self.reject(_NO_ROOM)
        elif complete:
            self._deliver(arrival, bytes(body))

    def _read_chunks(self, decoder: Decoder, body: bytearray, data: bytes) -> bool:
        try:
            body += decoder.feed(data)
        except MalformedBody as error:
            self.reject(Refusal(Cause.MALFORMED, 400, str(error)))
            return False
        self.closing = decoder.surplus
        return decoder.done

    def _deliver(self, arrival: Arrival, body: bytes) -> None:
        self._body = self._decoder = None
        self._since = 0.0
        self.answering = True
        if self._account is not None:
            self._hold()
        page = arrival.page
        if page is None:
            self._front.receiver.request(self, arrival, body, perf_counter())
        else:
            head = response.start(page.status, page.content_type, *page.headers)
            self.answer(head, page.body, page.status)

    def reject(self, refusal: Refusal) -> None:
        """The rest of the request is not read."""
        if self._rejected:
            return
        arrival = self._arrival
        self._front.receiver.refuse(arrival, refusal)
        self.closing = self.answering = self._rejected = True
        self._body = self._decoder = None
        self._rest = b""
        self._since = 0.0
        self._size = 0
        self._hold()
        if self._transport is None:
            return
        extra = _EXTRA.get(refusal.status, ()) + refusal.headers
        head = response.start(refusal.status, response.TEXT, *extra)
        body = refusal.reason.encode() + b"\n"
        if arrival is not None and arrival.cors:
            head = response.readable(head, arrival.cors)
        method = "" if arrival is None else arrival.method
        data = response.framed(head, body, refusal.status, keep_alive=False, method=method)
        self._transport.write(data)
        self._linger(self._transport)

    def _full(self) -> Refusal:
        taken = f"all {self._front.crowd.most} connections are taken: try again"
        return Refusal(Cause.CONNECTIONS, 503, taken)

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
        """Write the last bytes of an answer: they hold back nobody, however slowly they leave."""
        paused = self._slow
        visitor, self._visitor = self._visitor, None
        if self._transport is not None:
            self._write(self._transport, last)
        self._complete()
        if visitor is not None and paused:
            visitor.client_resumed()

    def _complete(self) -> None:
        arrival, self._arrival = self._arrival, None
        self._holds = None
        self.answering = False
        self._idle_since = perf_counter()
        self._size = 0
        if self._account is not None:
            self._hold()
        if self._transport is None:
            return
        if self.closing or arrival is None or not arrival.keep_alive:
            self.closing = True
            self._transport.close()
        elif self._rest and not self._slow:
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        """Take up what a pipelining client sent ahead."""
        if self._transport is None or self.answering or self._slow or not self._rest:
            return
        if not self._transport.is_reading():
            self._transport.resume_reading()
        rest, self._rest = self._rest, b""
        self._read_head(rest)
