"""The requests of one session at a streamable HTTP server, each the handler of its own answer."""

import asyncio
import logging
from collections.abc import Sequence
from time import perf_counter
from typing import Protocol

from .. import logs
from ..errors import MalformedMessage
from ..http.error_response import UNAUTHORIZED, HttpError
from ..http.head import Content, ResponseHead
from ..http.interfaces import ResponseHandler, UpstreamReader
from ..http.sse import Event, EventReader
from ..jsonrpc import codec, ids
from ..jsonrpc.message import Message, RequestId
from ..outcome import (
    INVALID_RESPONSE,
    TIMED_OUT,
    UNREACHABLE,
    CallOutcome,
    classify_http,
    classify_unanswered,
)
from .oversized_message import LOG, labels, too_long
from .send_queue import OutgoingMessage

ACCEPTED = 202
RESUME_SECONDS = 1.0
"""Pause before a stream is asked for again; it doubles up to the longest while nothing comes."""
LONGEST_RESUME_SECONDS = 30.0
MOST_RESUMES = 2
"""Consecutive failed attempts to resume a response, as in the official SDKs."""


class ExchangeOwner(Protocol):
    """The session that asks."""

    paused: bool
    timeout: float
    message_limit: int
    session: bytes

    @property
    def has_event_stream(self) -> bool:
        """Whether the server has a stream on which it may answer what it only accepted."""

    def on_message(self, data: bytes, arrived: float) -> None:
        """A message of the server."""

    def on_initialized(self, session: bytes | None, answer: Message) -> None:
        """The server answered `initialize`, and named its session."""

    def on_head(self, head: ResponseHead) -> None:
        """The head of an answer came."""

    def on_delivered(self, outgoing: OutgoingMessage) -> None:
        """The server took a message, and answered what was asked."""

    def on_undelivered(self, outgoing: OutgoingMessage, outcome: CallOutcome, reason: str) -> None:
        """The server did not take a message, or did not answer it."""

    def reopen(self, request: "Exchange", last_event: bytes) -> None:
        """Ask for the rest of a stream, after the event of that id (b"": for a new stream)."""

    def on_finished(self, request: "Exchange") -> None:
        """A request is over."""

    def on_session_expired(self) -> None:
        """The server no longer has the session."""


class Exchange(ResponseHandler):
    """One HTTP exchange of the session."""

    def __init__(self, owner: ExchangeOwner) -> None:
        self._owner = owner
        self._source: UpstreamReader | None = None
        self._reader: EventReader | None = None
        self._head: ResponseHead | None = None
        self._body = bytearray()
        self._last_event = b""
        self._timer: asyncio.TimerHandle | None = None
        self._over = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} over={self._over} head={self._head!r}>"

    @property
    def held(self) -> int:
        """Bytes of an answer, or of an event, that is not complete."""
        return len(self._body) + (0 if self._reader is None else self._reader.held)

    def pause(self) -> None:
        """Read no more for now."""
        if self._source is not None:
            self._source.pause(self)

    def resume(self) -> None:
        """Read on."""
        if self._source is not None:
            self._source.resume(self)

    def drop(self) -> None:
        """The response is no longer wanted."""
        self._finish()
        self._abort()

    def connected(self, source: UpstreamReader) -> bool:
        self._source = source
        self._head = self._reader = None
        self._body.clear()
        if self._owner.paused:
            self.pause()
        return not self._over

    def on_response(self, head: ResponseHead, body: bytes, arrived: float) -> None:
        self._source = None
        self._head = head
        self._owner.on_head(head)
        self._on_complete(head, body, arrived)

    def on_headers(self, head: ResponseHead) -> None:
        self._head = head
        self._owner.on_head(head)
        if head.status == 200 and head.content is Content.EVENTS and not head.encoded:
            self._reader = EventReader(self._owner.message_limit)

    def on_data(self, data: bytes, arrived: float) -> None:
        if self._reader is not None:
            for event in self._reader.feed(data):
                self._last_event = event.id or self._last_event
                self._on_event(event, arrived)
            return
        self._body += data
        if len(self._body) > self._owner.message_limit:
            self._abort()
            self._last_event = b""
            self._end(INVALID_RESPONSE, too_long(self._owner.message_limit))

    def on_end(self, arrived: float) -> None:
        self._source = None
        if self._reader is None and self._head is not None:
            self._on_complete(self._head, bytes(self._body), arrived)
        else:
            self._read_unfinished()
            self._end(INVALID_RESPONSE, "the server's stream ended without an answer")

    def on_error(self, reason: str) -> None:
        self._source = None
        self._read_unfinished()
        self._end(UNREACHABLE, reason)

    def _on_event(self, event: Event, arrived: float) -> None:
        if self._over or not event.is_message:
            return
        if event.length:
            self._refuse_long(labels(event.data), event.length)
        else:
            self._on_message(event.data, arrived)

    def _read_unfinished(self) -> None:
        """See the last event, though some servers leave out the line end after it."""
        event = None if self._reader is None else self._reader.end()
        if event is not None and labels(event.data):
            self._on_event(event, perf_counter())

    def _on_message(self, data: bytes, arrived: float) -> None:
        """A message came on the stream."""
        self._owner.on_message(data, arrived)

    def _refuse_long(self, messages: Sequence[Message], length: int) -> None:
        """A message is longer than the limit; `messages` is what is known of it."""
        reason = too_long(self._owner.message_limit, length)
        logs.event(LOG, "message dropped", logging.WARNING, reason=reason)

    def _on_complete(self, head: ResponseHead, body: bytes, arrived: float) -> None:
        """The answer is complete, and was no stream."""
        raise NotImplementedError

    def _end(self, outcome: CallOutcome, reason: str) -> None:
        """The stream ended, or no answer will come."""
        raise NotImplementedError

    def _abort(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.abort(self)

    def _finish(self) -> None:
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
        self._owner.on_finished(self)


class PostExchange(Exchange):
    """A message to the server, and its answers."""

    def __init__(self, owner: ExchangeOwner, outgoing: OutgoingMessage) -> None:
        super().__init__(owner)
        self.outgoing = outgoing
        self._waiting: set[RequestId] = set(outgoing.ids)
        self._last_activity = perf_counter()
        self._delivered = False
        self._resumes = False
        self._failed_resumes = 0
        self._watch(owner.timeout)

    def pause(self) -> None:
        """Stop reading for now; a receipt is still read, since other messages wait for it."""
        if self.outgoing.ids:
            super().pause()

    def resume(self) -> None:
        """Read on; the server was not silent while it was not read."""
        self._last_activity = perf_counter()
        super().resume()

    def on_headers(self, head: ResponseHead) -> None:
        self._failed_resumes = 0
        super().on_headers(head)

    def on_data(self, data: bytes, arrived: float) -> None:
        """A comment on a stream says nothing of the answer."""
        if self._reader is None:
            self._last_activity = arrived
        super().on_data(data, arrived)

    def _on_message(self, data: bytes, arrived: float) -> None:
        self._last_activity = arrived
        try:
            messages = codec.decode_all(data)
        except MalformedMessage:
            messages = ()
        for message in messages:
            if not message.is_answer:
                continue
            request_id = self._match(message)
            if request_id is not None:
                self._waiting.discard(request_id)
                if request_id != message.id and not codec.is_batch(data):
                    data = codec.with_id(data, request_id)
            if self.outgoing.initializes and self._head is not None and message.result:
                self._owner.on_initialized(self._head.session, message)
        self._owner.on_message(data, arrived)
        if self.outgoing.ids and not self._waiting:
            self._mark_delivered()

    def _on_complete(self, head: ResponseHead, body: bytes, arrived: float) -> None:
        if head.status == 404 and self._owner.session and not self._resumes:
            self._finish()
            self._owner.on_session_expired()
            return
        if head.status == ACCEPTED and self._owner.has_event_stream and not codec.has_answer(body):
            self._mark_delivered()
            self._finish()
            return
        error = HttpError(head.status, body, in_session=bool(self._owner.session), own=True)
        outcome = classify_http(error)
        is_message = head.content is Content.JSON and head.status != UNAUTHORIZED
        if body and is_message and not head.encoded:
            outcome = self._read_body(error, arrived)
        if self._waiting or (head.status >= 300 and not self.outgoing.ids):
            self._fail(outcome, error.text)
        else:
            self._mark_delivered()
            self._finish()

    def _read_body(self, error: HttpError, arrived: float) -> CallOutcome:
        """Take a JSON body; the outcome on what it leaves without an answer."""
        try:
            messages = codec.decode_all(error.body)
        except MalformedMessage:
            return classify_http(error)
        unnamed = any(message.id is None and message.error for message in messages)
        if not unnamed and any(self._match(each) is not None for each in messages):
            self._on_message(error.body, arrived)
        return classify_unanswered(error, messages)

    def _match(self, answer: Message) -> RequestId | None:
        """The request that an answer is to: an error under an unknown id is to the only one."""
        if not answer.is_answer:
            return None
        known = ids.match_id(answer.id, self._waiting)
        if known is None and answer.error and len(self._waiting) == 1:
            return next(iter(self._waiting))
        return known

    def _end(self, outcome: CallOutcome, reason: str) -> None:
        if self._over:
            return
        if not self._waiting and (self._delivered or self._reader is not None):
            self._mark_delivered()
            self._finish()
        elif self._last_event and self._waiting and self._failed_resumes < MOST_RESUMES:
            self._resumes = True
            pause = RESUME_SECONDS * 2**self._failed_resumes
            self._failed_resumes += 1
            again = self._owner.reopen
            asyncio.get_running_loop().call_later(pause, again, self, self._last_event)
        else:
            self._fail(outcome, reason)

    def _mark_delivered(self) -> None:
        if not self._delivered:
            self._delivered = True
            self._owner.on_delivered(self.outgoing)

    def _refuse_long(self, messages: Sequence[Message], length: int) -> None:
        if messages and not any(each.is_answer for each in messages):
            super()._refuse_long(messages, length)
            return
        self._abort()
        self._fail(INVALID_RESPONSE, too_long(self._owner.message_limit, length))

    def _fail(self, outcome: CallOutcome, reason: str) -> None:
        self._finish()
        if not self._delivered:
            self._delivered = True
            self._owner.on_undelivered(self.outgoing, outcome, reason)

    def _watch(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._check_timeout)

    def _check_timeout(self) -> None:
        """Give up on a server that was silent for too long; one that is not read is not silent."""
        timeout = self._owner.timeout
        left = timeout if self._owner.paused else self._last_activity + timeout - perf_counter()
        if left > 0:
            self._watch(left)
            return
        self.drop()
        self._fail(TIMED_OUT, "the server did not answer in time")


class EventStream(Exchange):
    """The GET stream, which is reopened whenever it ends; a server need not offer one.

    A 404 to it says nothing of the session: servers without a route for GET answer so too, and the
    official SDKs go on. The answer to the next message decides.
    """

    def __init__(self, owner: ExchangeOwner) -> None:
        super().__init__(owner)
        self._pause = RESUME_SECONDS
        self.is_open = True
        """Whether the server may send events on it: some send its head with the first one only."""

    def connected(self, source: UpstreamReader) -> bool:
        self.is_open = True
        return super().connected(source)

    def on_headers(self, head: ResponseHead) -> None:
        super().on_headers(head)
        if self._reader is None:
            self._abort()
            self._on_complete(head, b"", 0.0)

    def _on_message(self, data: bytes, arrived: float) -> None:
        self._pause = RESUME_SECONDS
        super()._on_message(data, arrived)

    def _on_complete(self, head: ResponseHead, body: bytes, arrived: float) -> None:
        if head.status >= 500:
            self._end(UNREACHABLE, "")
        else:
            self._finish()

    def _end(self, outcome: CallOutcome, reason: str) -> None:
        if self._over:
            return
        self.is_open = False
        pause, self._pause = self._pause, min(self._pause * 2, LONGEST_RESUME_SECONDS)
        again = self._owner.reopen
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(pause, again, self, self._last_event)


class SessionDelete(Exchange):
    """The end of the session, by DELETE."""

    def _on_complete(self, head: ResponseHead, body: bytes, arrived: float) -> None:
        self._finish()

    def _end(self, outcome: CallOutcome, reason: str) -> None:
        self._finish()
