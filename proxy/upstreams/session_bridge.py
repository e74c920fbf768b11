"""One client session over a transport to the server: its calls and messages."""

import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final, Protocol

from .. import logs
from ..calls.client_request import CLIENT_CLOSED_REQUEST, ClientRequest
from ..calls.recorder import CallRecorder
from ..errors import MalformedMessage
from ..http import response
from ..http.error_response import UNAUTHORIZED
from ..http.head import Header
from ..in_flight import (
    Call,
    Finished,
    InFlightCalls,
    Related,
    Unrelated,
    postpone_deadlines,
)
from ..jsonrpc import codec, methods
from ..jsonrpc.message import NO_PARAMS, Message, RequestId
from ..jsonrpc.repair import as_utf8
from ..memory_budget import NO_ROOM, MemoryBudget
from ..outcome import (
    CANCELLED,
    CLIENT_NOT_READING,
    OVERLOADED,
    REJECTED,
    TIMED_OUT,
    UNREACHABLE,
    CallOutcome,
)
from ..translation import server_messages
from ..translation.request import cancellation
from ..transports.base import Connector
from .pending_messages import PendingMessages
from .responses import (
    AcceptedResponse,
    CallResponse,
    EventStreamResponse,
    PostResponse,
    ResponseListener,
)
from .transport_session import TransportSession

LOG = logging.getLogger("proxy.session")

_STATUSES = {TIMED_OUT: 504, OVERLOADED: 503}
_UNREAD: Final = UNREACHABLE, "the server reads no more input"

OUTBOX_LIMIT: Final = 8 * 1024 * 1024
"""Bytes that may wait for the transport to be opened; then no message is taken."""


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What all sessions of one server share. `spawn` starts a task in the caller's group.

    `passes_challenges` is whether clients may get the server a token that it asks for.
    """

    connector: Connector
    timeout: float
    recorder: CallRecorder
    memory: MemoryBudget
    spawn: Callable[[Coroutine[None, None, None]], object]
    passes_challenges: bool = False

    def status(self, outcome: CallOutcome) -> int:
        """The HTTP status of a response instead of the server's."""
        if self.passes_challenges and outcome.error_type == str(UNAUTHORIZED):
            return UNAUTHORIZED
        return _STATUSES.get(outcome, 502)


class SessionOwner(Protocol):
    """Keeps the sessions."""

    def on_session_closed(self, bridge: "SessionBridge", error_type: str) -> None:
        """It ended by itself, for the reason `error_type`."""

    def evict(self, bridge: "SessionBridge") -> None:
        """End it in favour of another."""


class SessionBridge(TransportSession, ResponseListener):
    """One client's session, `name`.

    Its client speaks streamable HTTP, or, after `open_stream`, HTTP+SSE: then all messages of the
    server travel on that stream. `opened_at` is a time of `perf_counter`.
    """

    def __init__(self, name: str, client: bytes, config: SessionConfig, host: SessionOwner) -> None:
        super().__init__(client, config.memory)
        self.name = name
        self.opened_at = self.last_activity
        self._config = config
        self._host = host
        self._session = InFlightCalls(config.timeout)
        self._pending_sends: list[tuple[bytes, bytes]] = []
        self._pending_send_bytes = 0
        self._responses: dict[Call, CallResponse] = {}
        self._listeners: list[EventStreamResponse] = []
        self._pending_messages = PendingMessages()
        self._slow: dict[object, float] = {}
        self._stream: EventStreamResponse | None = None
        self._stream_query: bytes | None = None
        self._headers = b""
        self._version = ""
        self._checked_at = perf_counter()

    def __repr__(self) -> str:
        return f"<SessionBridge {self._session!r} {self._state.name} {self._transport!r}>"

    @property
    def in_use(self) -> bool:
        return bool(self._responses or self._listeners)

    def evict(self) -> None:
        if not self.over:
            self._host.evict(self)

    @property
    def probing(self) -> bool:
        """A client's messages are never a probe."""
        return False

    @property
    def has_stream(self) -> bool:
        """Whether one stream has all responses."""
        return self._stream is not None

    async def start(self, headers: bytes, query: bytes) -> None:
        """Open the transport; what was sent meanwhile follows.

        A stream's own `query` wins, since that of a message on it is the proxy's.
        """
        query = query if self._stream_query is None else self._stream_query
        transport = await self._connect(self._config.connector, headers, query)
        if transport is None:
            return
        if self._slow:
            transport.pause()
        outbox, self._pending_sends = self._pending_sends, []
        for message, sent_with in outbox:
            transport.send(message, sent_with)

    def post(self, client_request: ClientRequest, headers: tuple[Header, ...] = ()) -> None:
        """Handle a client's message. Raises DuplicateRequest."""
        self.last_activity = perf_counter()
        self._session.begin(client_request.calls, client_request.since(perf_counter()))
        for call in client_request.calls:
            call.version = call.version or self._version
        if client_request.calls:
            stream = self._stream
            reply = (
                PostResponse(client_request, self, headers)
                if stream is None
                else AcceptedResponse(client_request, stream)
            )
            self._responses.update((call, reply) for call in client_request.calls)
        else:
            self._note_cancellations(client_request)
        asked = perf_counter()
        refused = self._send(client_request)
        if not client_request.calls:
            status = 202 if refused is None else 503
            client_request.client.respond(response.start(status), b"", status)
        elif refused is not None:
            outcome, reason = refused
            self._answer_in_place(self._drop(client_request.calls, outcome), 503, reason)
        for call in client_request.calls:
            call.sent_at = asked

    def listen(self, client_request: ClientRequest) -> None:
        """Open a stream for unsolicited messages of the server; the newest gets them all."""
        for unread in [each for each in self._listeners if each in self._slow]:
            self._drop_stream(unread)
        self._config.recorder.ledger.streams += 1
        listener = EventStreamResponse(client_request, self)
        self._listeners.append(listener)
        for message in self._pending_messages.drain():
            listener.push(message)

    def open_stream(self, client_request: ClientRequest, endpoint: bytes) -> None:
        """Open the one stream of a client that speaks HTTP+SSE, and name its `endpoint`."""
        self.listen(client_request)
        self._stream_query = client_request.info.query
        self._stream = self._listeners[0]
        self._stream.name_endpoint(endpoint)

    def reject(
        self, client_request: ClientRequest, status: int, reason: str, outcome: CallOutcome
    ) -> None:
        """Respond to a client's message on its stream, instead of the server."""
        if self._stream is None:
            return
        answer = AcceptedResponse(client_request, self._stream)
        for call in client_request.calls:
            self._count(Finished(call, outcome), answer.fail(call, status, reason))

    def tick(self, now: float) -> None:
        """Time out overdue calls, and keep open streams alive."""
        if self.in_use:
            self.last_activity = now
        self._keep_within_memory()
        if self.over:
            return
        since, self._checked_at = self._checked_at, now
        if self._slow:
            self._drop_unread(now)
            postpone_deadlines(self._calls_of_slow_clients(), now - since)
        overdue, reason = self._session.overdue(now), "the server did not answer in time"
        if self._account in self._slow:
            overdue = tuple(Finished(each.call, OVERLOADED) for each in overdue)
            reason = NO_ROOM
        elif self._slow:
            overdue = tuple(Finished(each.call, CLIENT_NOT_READING) for each in overdue)
            reason = "the client does not read another stream of this session, which holds this up"
        self._answer_in_place(overdue, 504, reason)
        self._cancel(overdue)
        open_answers: Iterable[EventStreamResponse | CallResponse] = (
            *self._listeners,
            *self._responses.values(),
        )
        for each in open_answers:
            if each not in self._slow:
                each.keep_alive(now)

    def end(self, reason: str, outcome: CallOutcome) -> None:
        """End the session and its transport; pending calls fail with `reason`."""
        self._close(outcome, 503, reason)
        if self._transport is not None:
            self._transport.end()

    def on_message(self, data: bytes, arrived: float) -> None:
        try:
            messages = server_messages.each_of(data, server_messages.labels)
        except MalformedMessage:
            logs.event(LOG, "not a message", logging.WARNING, bytes=len(data))
            return
        for message, part in messages:
            self._handle(message, as_utf8(part) if message.malformed else part, arrived)

    def on_undelivered(
        self, ids: Sequence[RequestId] | None, outcome: CallOutcome, reason: str
    ) -> None:
        logs.event(LOG, "message not delivered", logging.WARNING, reason=reason)
        if ids is None:
            waiting = self._session.calls
            ids = [each.id for each in waiting] if len(waiting) == 1 else ()
        ended = tuple(filter(None, (self._session.abandon(each, outcome) for each in ids)))
        self._answer_in_place(ended, self._config.status(outcome), reason)
        if outcome is TIMED_OUT:
            self._cancel(ended)

    def on_closed(self, outcome: CallOutcome, reason: str) -> None:
        self._fail(outcome, reason)

    def pause(self, member: object) -> None:
        """One slow client holds back the transport, which is its own."""
        self._slow[member] = perf_counter()
        if self._transport is not None:
            self._transport.pause()

    def resume(self, member: object) -> None:
        self._slow.pop(member, None)
        if self._transport is not None and not self._slow:
            self._transport.resume()

    def streams(self, more: int) -> None:
        self._config.recorder.ledger.streams += more

    def on_response_abandoned(self, reply: PostResponse) -> None:
        for finished in self._session.give_up(tuple(reply.calls), perf_counter()):
            del self._responses[finished.call]
            self._count(finished, CLIENT_CLOSED_REQUEST)

    def on_stream_closed(self, listener: EventStreamResponse) -> None:
        self._forget(listener)
        if listener is self._stream:
            self._on_stream_closed()

    def _calls_of_slow_clients(self) -> Iterable[Call]:
        """The calls whose own client is slow; only these are not timed."""
        if self._stream in self._slow:
            return self._session.calls
        return [call for call, reply in self._responses.items() if reply in self._slow]

    def _drop_unread(self, now: float) -> None:
        """Close a GET stream that is not read after half of the time of waiting calls."""
        for listener in tuple(self._listeners):
            since = self._slow.get(listener, now)
            if now - since > self._config.timeout / 2 and self._responses:
                self._drop_stream(listener)

    def _drop_stream(self, listener: EventStreamResponse) -> None:
        if listener is not self._stream:
            reason = "its client does not read it"
            logs.event(LOG, "stream closed", logging.WARNING, reason=reason)
            self._forget(listener)
            listener.abort()

    def _forget(self, listener: EventStreamResponse) -> None:
        self._listeners.remove(listener)
        self._config.recorder.ledger.streams -= 1

    def _on_stream_closed(self) -> None:
        """A client of HTTP+SSE closed its stream: end the session."""
        self._mark_closed()
        self._stream = None
        for finished in self._session.give_up(self._session.calls, perf_counter()):
            del self._responses[finished.call]
            self._count(finished, CLIENT_CLOSED_REQUEST)
        if self._transport is not None:
            self._transport.end()
        self._host.on_session_closed(self, "")

    def _send(self, client_request: ClientRequest) -> tuple[CallOutcome, str] | None:
        """Send a message to the server, or keep it for the transport; the reason if impossible."""
        headers = self._headers = client_request.info.forward + client_request.context
        if not self._has_room(len(client_request.body)):
            return OVERLOADED, NO_ROOM
        if self._transport is not None:
            return None if self._transport.send(client_request.body, headers) else _UNREAD
        if self._pending_send_bytes > OUTBOX_LIMIT:
            return _UNREAD
        self._pending_sends.append((client_request.body, headers))
        self._pending_send_bytes += len(client_request.body)
        return None

    def _has_room(self, more: int = 0) -> bool:
        """Account for pending bytes of both directions, and so many more."""
        held = self._pending_send_bytes if self._transport is None else self._transport.held
        return self._account.hold(held + self._pending_messages.held + more)

    def _keep_within_memory(self) -> None:
        """Without memory, stop reading the server, and drop what waits for slow clients."""
        if self._has_room():
            if self._account in self._slow:
                self.resume(self._account)
        elif self._slow.keys() - {self._account}:
            self._fail(REJECTED, f"the client reads too slowly: {NO_ROOM}")
        elif self._account not in self._slow:
            self.pause(self._account)

    def _handle(self, message: Message, data: bytes, arrived: float) -> None:
        effect = self._session.receive(message, arrived)
        if isinstance(effect, Finished):
            effect.call.answer_size = len(data)
            if type(message.id) is not type(effect.call.id) or message.id != effect.call.id:
                data = codec.with_id(data, effect.call.id)
            if message.result and message.result.protocol_version:
                self._version = message.result.protocol_version
            reply = self._responses.pop(effect.call)
            self._count(effect, reply.answer(effect.call, data), arrived)
        elif isinstance(effect, Related) and self._responses[effect.call].accepts_events:
            self._responses[effect.call].push(data)
        elif isinstance(effect, Related | Unrelated):
            self._send_unrelated(data)

    def _send_unrelated(self, data: bytes) -> None:
        """Send a message that the server initiated: on a GET stream, with a call, or later."""
        if self._listeners:
            (self._stream or self._listeners[-1]).push(data)
            return
        reply = next((each for each in self._responses.values() if each.accepts_events), None)
        if reply is not None:
            reply.push(data)
            return
        lost = self._pending_messages.add(data) if self._has_room(len(data)) else 1
        if lost:
            logs.event(LOG, "messages lost: no stream is open", logging.WARNING, count=lost)

    def _note_cancellations(self, client_request: ClientRequest) -> None:
        for message in client_request.messages:
            if message.method != methods.CANCELLED:
                continue
            request_id = (message.params or NO_PARAMS).request_id
            finished = self._session.cancel(request_id, perf_counter())
            if finished is not None:
                self._responses.pop(finished.call).drop(finished.call)
                self._count(finished, CLIENT_CLOSED_REQUEST)

    def _cancel(self, ended: tuple[Finished, ...]) -> None:
        """Cancel requests at the server (specification, "Lifecycle", Timeouts)."""
        for each in ended:
            if self._transport is not None and each.call.method != methods.INITIALIZE:
                self._transport.send(cancellation(each.call.id), self._headers)

    def _drop(
        self, calls: tuple[Call, ...], outcome: CallOutcome = UNREACHABLE
    ) -> tuple[Finished, ...]:
        return tuple(self._session.drop(call, outcome) for call in calls)

    def _fail(self, outcome: CallOutcome, reason: str) -> None:
        if not self.over:
            self._close(outcome, self._config.status(outcome), reason)
            self._host.on_session_closed(self, outcome.error_type)

    def _close(self, outcome: CallOutcome, status: int, reason: str) -> None:
        self._mark_closed()
        session = self._session
        if outcome is CANCELLED:
            ended = session.give_up(session.calls, perf_counter())
        else:
            ended = session.end(outcome)
        self._answer_in_place(ended, status, reason)
        self._config.recorder.ledger.streams -= len(self._listeners)
        for listener in self._listeners:
            listener.end()
        self._listeners.clear()

    def _answer_in_place(self, ended: tuple[Finished, ...], status: int, reason: str) -> None:
        """Respond to calls instead of the server, each with its own id."""
        for finished in ended:
            reply = self._responses.pop(finished.call)
            self._count(finished, reply.fail(finished.call, status, reason))

    def _count(self, finished: Finished, status: int, answered: float = 0.0) -> None:
        call = finished.call
        waited = (answered or perf_counter()) - call.sent_at if call.sent_at else 0.0
        self._config.recorder.finish(finished, status, waited)
