"""One client request at an HTTP upstream: bytes pass through, the session watches them pass."""

from collections.abc import Iterable
from enum import Enum, auto
from time import perf_counter
from typing import Final, Protocol

from msgspec import UNSET

from ..calls.client_request import (
    CLIENT_CLOSED_REQUEST,
    ClientRequest,
    error_response,
    resumption_key,
)
from ..errors import MalformedMessage
from ..http.error_response import HttpError
from ..http.head import Content, ResponseHead
from ..http.interfaces import ResponseWriter, UpstreamReader
from ..http.sse import COMMENT, KEEP_ALIVE_SECONDS, Event
from ..in_flight import (
    UNMATCHED,
    UNRELATED,
    Completed,
    Effect,
    Finished,
    InFlightCalls,
    postpone_deadlines,
)
from ..jsonrpc import codec, methods
from ..jsonrpc.message import Message, RequestId
from ..jsonrpc.truncated import TruncatedJson
from ..outcome import (
    CANCELLED,
    INVALID_RESPONSE,
    TIMED_OUT,
    UNREACHABLE,
    CallOutcome,
    classify_http,
)
from ..telemetry.catalogue import Outcome
from ..tools.page_cache import LONGEST_PAGE
from .early_stream import EarlyStream
from .event_relay import HOLD_LIMIT, EventRelay

_IDLE: Final = Completed(())
"""What becomes of the calls of an answer for which none waits."""
ACCEPTED: Final = 202
_TOO_LONG = b"{"
"""Stands for a message of which nothing is known: it passes all the same."""


class State(Enum):
    """How far the response to the client is."""

    WAITING = auto()
    """The upstream has not responded."""
    EARLY_STREAM = auto()
    """It has not responded, and the client's response is begun as a stream of comments."""
    RESPONDING = auto()
    """Its response is being passed on."""
    STREAMING = auto()
    """Its response is being passed on, as a stream."""
    CLOSED = auto()
    """Nothing more will happen."""


WAITING: Final = State.WAITING
EARLY_STREAM: Final = State.EARLY_STREAM
RESPONDING: Final = State.RESPONDING
STREAMING: Final = State.STREAMING
CLOSED: Final = State.CLOSED
"""As names of the module, since attributes of an Enum are slow."""

_NEXT = {
    WAITING: (EARLY_STREAM, RESPONDING, STREAMING),
    EARLY_STREAM: (STREAMING,),
}
"""Beside these, every state but CLOSED is followed by CLOSED."""


class ExchangeOwner(Protocol):
    """Keeps the open exchanges, and counts."""

    message_limit: int

    def finished(self, finished: Finished, status: int, waited: float) -> None:
        """A call is over; `waited` is how many seconds the upstream took once it was asked."""

    def park(self, name: str, session: InFlightCalls) -> tuple[Finished, ...]:
        """Keep calls that the stream which resumes `name` may answer; end the others."""

    def listens(self, session: str) -> bool:
        """Whether the session has a GET stream, on which a server may answer."""

    def on_other_stream(self, session: str, message: Message, size: int, now: float) -> None:
        """A stream brought a message of so many bytes for a call of the session that is not its."""

    def unread_elsewhere(self, session: str, data: bytes, size: int) -> None:
        """A GET stream brought what cannot be read, and none of its own calls waits for it."""

    def is_elsewhere(self, exchange: "PassthroughExchange", request_id: object) -> bool:
        """Whether the id is of another call of the exchange's session, if of one given up."""

    def answered(self, exchange: "PassthroughExchange", head: ResponseHead) -> None:
        """The upstream's answer has begun."""

    def refusal(self, exchange: "PassthroughExchange", head: ResponseHead) -> bytes:
        """What is passed on of the head of a refusal."""

    def streams(self, more: int) -> None:
        """So many more answers are streams."""

    def closed(self, exchange: "PassthroughExchange") -> None:
        """Nothing more will happen in this exchange."""


class PassthroughExchange:
    """The handler of one upstream answer, and the observer of one client.

    `session` holds the calls that the answer may answer: those of the client's message, or, on a
    GET stream, those parked by earlier streams. From 2025-11-25 a server may close a stream that
    has event ids before it answers; the client then comes back by GET with Last-Event-ID (MCP
    specification, "Resumability and redelivery").

    Implements ResponseHandler and ClientObserver.
    """

    __slots__ = (
        "_checked_at", "_held", "_kept_alive", "_last_event", "_mark", "_owner", "_relay",
        "_session", "_slow", "_source", "_state", "_upstream_seconds", "_writer", "head", "request",
    )  # fmt: skip

    def __init__(
        self, client_request: ClientRequest, session: InFlightCalls, owner: ExchangeOwner
    ) -> None:
        self.request = client_request
        self.head: ResponseHead | None = None
        self._state = WAITING
        self._writer: ResponseWriter = client_request.client
        self._slow = False
        self._session = session
        self._owner = owner
        self._source: UpstreamReader | None = None
        self._relay: EventRelay | None = None
        self._last_event = b""
        self._held: TruncatedJson | None = None
        self._mark = 0.0
        self._checked_at = 0.0
        self._kept_alive = 0.0
        self._upstream_seconds = 0.0

    def __repr__(self) -> str:
        return f"<PassthroughExchange {self.request!r} {self._state.name} {self.head!r}>"

    @property
    def over(self) -> bool:
        """Whether nothing more will happen in this exchange."""
        return self._state is CLOSED

    def sent(self, asked: float) -> None:
        """The request is written, or waits for a connection; since `asked` the server could act."""
        self._mark = self._checked_at = asked
        for call in self.request.calls:
            call.sent_at = asked

    def connected(self, source: UpstreamReader) -> bool:
        self._source = source
        if self._slow:
            source.pause(self)
        return self._state is not CLOSED

    def on_response(self, head: ResponseHead, body: bytes, arrived: float) -> None:
        self._upstream_seconds += arrived - self._mark
        if self._refuses(head):
            return
        if self._is_accepted(head, body):
            self._accept(head, body)
            return
        completed = (
            self._session.complete(head.status, body, arrived) if self._session.busy else _IDLE
        )
        finished = completed.finished
        if not completed.relay:
            self._fail(502, "the upstream's answer was not an answer to the request", finished)
            return
        if self._state is EARLY_STREAM and not codec.has_answer(body):
            self._fail(502, self._error(head, body).text, finished)
            return
        for each in finished:
            each.call.answer_size = len(body) // len(finished)
            if head.status >= 300 and each.outcome.outcome is not Outcome.OK:
                each.call.reason = self._error(head, body).text
        self.head = head
        self._owner.answered(self, head)
        forward = head.forward if head.status < 400 else self._owner.refusal(self, head)
        self._writer.respond(forward, body, head.status)
        self._count(finished, head.status if self._state is WAITING else 200)
        self._close()

    def on_headers(self, head: ResponseHead) -> None:
        if self._refuses(head):
            return
        if self._state is EARLY_STREAM and (head.status != 200 or head.content is Content.OTHER):
            self._drop_source()
            error = self._error(head)
            self._fail(502, error.text, self._session.end(classify_http(error)))
            return
        self.head = head
        self._owner.answered(self, head)
        if head.content is Content.EVENTS or self._state is EARLY_STREAM:
            self._enter_stream(STREAMING)
        else:
            self._enter(RESPONDING)
        if head.content is Content.EVENTS and not head.encoded:
            whole = max(HOLD_LIMIT, self._kept_whole)
            self._relay = EventRelay(self._writer, self._owner.message_limit, whole)
            self._writer.start_response(head.forward)
            return
        if self._session.busy:
            self._held = TruncatedJson(self._owner.message_limit, whole=self._kept_whole)
        forward = head.forward if head.status < 400 else self._owner.refusal(self, head)
        self._writer.start_response(forward, head.length)

    def on_data(self, data: bytes, arrived: float) -> None:
        self._upstream_seconds += arrived - self._mark
        if self._session.busy:
            self._session.extend_deadlines(arrived)
        if self._relay is None:
            self._writer.write(data)
            if self._held is not None:
                self._held.feed(data)
        else:
            for event in self._relay.feed(data):
                self._last_event = event.id or self._last_event
                self._on_event(event, arrived)
        self._mark = perf_counter()

    def on_end(self, arrived: float) -> None:
        self._upstream_seconds += arrived - self._mark
        if self._held is not None and self.head is not None:
            status = self.head.status
            if self._is_accepted(self.head, self._held.text):
                self._park()
            finished = self._session.complete(status, self._held.text, arrived).finished
            for each in finished:
                each.call.answer_size = self._held.length // len(finished)
            self._count(finished, status)
        complete = self._read_unfinished(arrived)
        if self._waits and self._last_event:
            self._park()
        if self._waits:
            reason = "the stream ended without an answer"
            self._break_off(502, reason, self._session.end(INVALID_RESPONSE))
        else:
            if self._relay is not None and not complete:
                self._relay.flush()
            self._writer.end()
            self._close()

    def on_error(self, reason: str) -> None:
        if self._state is CLOSED:
            return
        self._wait_so_far()
        self._read_unfinished(perf_counter())
        if self._waits and self._last_event:
            self._park()
            self._writer.abort()
            self._close()
        else:
            self._break_off(502, reason, self._end_own(UNREACHABLE))

    def expire(self, now: float, timeout: float) -> None:
        """End the exchange if the upstream was silent for too long; a GET may be, for ever.

        An upstream that is not read, because the client is slow, is not silent.
        """
        since, self._checked_at = self._checked_at, now
        if self._slow:
            postpone_deadlines(self._session.calls, now - since)
        else:
            self._keep_alive(now)
        overdue = self._session.overdue(now) if self.request.calls else ()
        silent = not self._responded and now - self._mark > timeout
        if overdue or (silent and not self._waits and self.request.info.method != "GET"):
            self._wait_so_far()
            self._drop_source()
            ended = (*overdue, *self._end_own(TIMED_OUT))
            self._break_off(504, "the upstream did not answer in time", ended)

    def _keep_alive(self, now: float) -> None:
        """Send a comment on a stream, or begin one: its answer is late."""
        if now - max(self._mark, self._kept_alive) <= KEEP_ALIVE_SECONDS:
            return
        self._kept_alive = now
        if self._relay is not None:
            self._relay.keep_alive()
        elif not self._responded and self._may_stream:
            if self._state is WAITING:
                self._writer = EarlyStream(self.request.client)
                self._enter_stream(EARLY_STREAM)
            self.request.client.write(COMMENT)

    @property
    def _may_stream(self) -> bool:
        """Whether the answer may be a stream, whatever the upstream will make of it.

        That to `initialize` may not, since its head names the session.
        """
        request = self.request
        return self._waits and request.info.accepts_events and request.initialize is None

    @property
    def _kept_whole(self) -> int:
        """How long an answer may be that is not truncated to be read: tools are read whole."""
        lists = any(call.method == methods.TOOLS_LIST for call in self.request.calls)
        return LONGEST_PAGE if lists else 0

    @property
    def _responded(self) -> bool:
        """Whether the upstream's response is being passed on."""
        return self._state is RESPONDING or self._state is STREAMING

    def _enter(self, state: State) -> None:
        assert state in _NEXT.get(self._state, ()), f"{self._state.name} to {state.name}"
        self._state = state

    def _enter_stream(self, state: State) -> None:
        if self._state is WAITING:
            self._owner.streams(1)
        self._enter(state)

    @property
    def kept(self) -> int:
        """Bytes of an answer in pieces that are kept only to classify it."""
        events = 0 if self._relay is None else self._relay.kept
        return events if self._held is None else self._held.held

    def drop(self) -> None:
        """Keep nothing of it: the answer goes by unread."""
        if self._relay is not None and self._relay.kept:
            self._relay.drop()
        if self._held is not None:
            self._held.drop()

    def shut(self) -> None:
        """End the exchange because the proxy ends."""
        self._wait_so_far()
        self._drop_source()
        if self._responded and not self._waits:
            self._writer.end()
            self._close()
        else:
            self._break_off(503, "the proxy is shutting down", self._end_own(UNREACHABLE))

    def cancel(self, request_id: RequestId | None) -> None:
        """The caller cancelled a call; the upstream says how the exchange ends."""
        finished = self._session.cancel(request_id, perf_counter())
        if finished is not None:
            self._wait_so_far()
            self._count((finished,), CLIENT_CLOSED_REQUEST)

    def give_up(self) -> None:
        """The caller ended the session; the upstream says how the exchange ends."""
        self._give_up_own()

    def abandon(self) -> None:
        """Another takes the client's request over: nothing of this exchange is counted."""
        self._session.end(CANCELLED)
        self._drop_source()
        self._close()

    def on_client_paused(self) -> None:
        self._slow = True
        if self._source is not None:
            self._source.pause(self)

    def on_client_resumed(self) -> None:
        self._slow = False
        if self._source is not None:
            self._source.resume(self)

    def on_client_gone(self) -> None:
        if self._waits and self._last_event:
            self._park()
        self._wait_so_far()
        self._give_up_own()
        self._drop_source()
        self._close()

    @property
    def _waits(self) -> bool:
        """Whether a call of the client's own message is without an answer."""
        return bool(self.request.calls) and self._session.busy

    def _refuses(self, head: ResponseHead) -> bool:
        """An answer whose outcome cannot be read is not passed on: it was asked for as identity."""
        if not (head.encoded and self._waits):
            return False
        self._drop_source()
        self._fail(502, "the upstream encoded its answer unasked", self._end_own(INVALID_RESPONSE))
        return True

    def _give_up_own(self) -> None:
        calls = self._session.calls if self.request.calls else ()
        self._count(self._session.give_up(calls, perf_counter()), CLIENT_CLOSED_REQUEST)

    def _error(self, head: ResponseHead, body: bytes = b"") -> HttpError:
        return HttpError(head.status, body, in_session=bool(self.request.info.session))

    def _end_own(self, outcome: CallOutcome) -> tuple[Finished, ...]:
        return self._session.end(outcome) if self.request.calls else ()

    @property
    def _forwarded_status(self) -> int:
        """That of the upstream's response; 0 while there is none."""
        return 0 if self.head is None else self.head.status

    def _park(self) -> None:
        name = resumption_key(self.request, self._last_event.decode("latin-1"))
        self._count(self._owner.park(name, self._session), self._forwarded_status)

    def _is_accepted(self, head: ResponseHead, body: bytes) -> bool:
        """Whether the answer may come on the session's GET stream, as it does from some servers.

        SDKs' clients do not read the body of a 202, in which some frameworks write "Accepted".
        """
        if head.status != ACCEPTED or not self._waits or codec.has_answer(body):
            return False
        return self._owner.listens(self.request.info.session)

    def _accept(self, head: ResponseHead, body: bytes) -> None:
        """The server took the message, and answers on the session's GET stream."""
        self.head = head
        self._owner.answered(self, head)
        self._park()
        self._writer.respond(head.forward, body, head.status)
        self._close()

    def on_message(self, message: Message, size: int, now: float) -> None:
        """Another stream brought the answer to one of the calls, or its progress."""
        effect = self._session.receive(message, now)
        if isinstance(effect, Finished):
            self._wait_so_far()
            effect.call.answer_size = size
            self._count((effect,), self._forwarded_status)

    def _on_event(self, event: Event, now: float) -> None:
        """See which calls the event answers."""
        info = self.request.info
        listening = info.method == "GET" and info.session
        if not event.is_message or not (self._session.busy or listening):
            return
        for call in self.request.calls:
            call.first_event = call.first_event or now
            call.last_activity = now
        session = self._session
        size = event.length or len(event.data)
        effects: list[Effect | None] = []
        try:
            for each in codec.decode_all(event.data):
                if event.length and each.result:
                    each.result.tools = UNSET  # They are truncated.
                effect = self._receive(each, now)
                effects.append(effect)
                strays = effect is UNMATCHED or (
                    effect is UNRELATED and each.method == methods.PROGRESS
                )
                if strays and info.session:
                    self._owner.on_other_stream(info.session, each, size, now)
        except MalformedMessage:
            effects = [session.unreadable(event.data or _TOO_LONG)]
            if listening and not session.busy:
                self._owner.unread_elsewhere(info.session, event.data or _TOO_LONG, size)
        for effect in effects:
            if isinstance(effect, Finished):
                effect.call.answer_size = size
                self._count((effect,), self._forwarded_status)

    def _receive(self, message: Message, now: float) -> Effect | None:
        if message.method == methods.ACKNOWLEDGED:
            return self._session.acknowledge()
        # An error whose id no call here has is to the only one here, unless another has the id.
        if message.error and self._owner.is_elsewhere(self, message.id):
            return UNMATCHED
        return self._session.receive(message, now)

    def _read_unfinished(self, now: float) -> bool:
        """Whether an answer came last, without the line end that some servers leave out."""
        relay = self._relay
        event = None if relay is None else relay.unfinished()
        if relay is None or event is None or not (self._session.busy and event.is_message):
            return False
        if not codec.has_answer(event.data):
            return False
        self._on_event(event, now)
        relay.complete()
        return True

    def _break_off(self, status: int, reason: str, finished: tuple[Finished, ...]) -> None:
        if not self._responded:
            self._fail(status, reason, finished)
        elif finished and self._relay is not None and self._relay.between_events:
            self._send_errors(self._relay, finished, reason)
            self._writer.end()
            self._close()
        else:
            self._count(finished, self._forwarded_status)
            self._writer.abort()
            self._close()

    def _fail(self, status: int, reason: str, finished: tuple[Finished, ...]) -> None:
        """Answer in the upstream's place, each call with its own id."""
        calls = [each.call for each in finished]
        start, body = error_response(calls, status, reason, batch=self.request.is_batch)
        self._writer.respond(start, body, status)
        self._count(finished, status if self._state is WAITING else 200)
        self._close()

    def _send_errors(self, relay: EventRelay, finished: Iterable[Finished], reason: str) -> None:
        """Tell of failed calls on a stream that has begun."""
        for each in finished:
            relay.send_error(codec.error(each.call.id, codec.UPSTREAM_LOST, reason))
        self._count(finished, self._forwarded_status)

    def _count(self, finished: Iterable[Finished], status: int) -> None:
        for each in finished:
            own = bool(self.request.calls)
            waited = self._upstream_seconds if own else perf_counter() - each.call.sent_at
            self._owner.finished(each, status, waited)

    def _wait_so_far(self) -> None:
        """The time since the upstream's last bytes is its own, not the proxy's."""
        if self._mark:
            now = perf_counter()
            self._upstream_seconds += now - self._mark
            self._mark = now

    def _drop_source(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.abort(self)

    def _close(self) -> None:
        self._source = None
        if self._state is EARLY_STREAM or self._state is STREAMING:
            self._owner.streams(-1)
        self._state = CLOSED
        self._owner.closed(self)
