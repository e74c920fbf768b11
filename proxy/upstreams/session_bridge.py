"""One client session over a link to the server: its calls, and where each message goes."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from math import inf
from time import perf_counter
from typing import Protocol

from .. import logs
from ..calls.client_request import GONE_STATUS, Post
from ..calls.recorder import Books
from ..errors import MalformedMessage
from ..http import response
from ..http.error_response import UNAUTHORIZED
from ..http.head import Header
from ..in_flight import CANCELLED_METHOD, Call, Finished, Related, Session, Unrelated, excuse
from ..jsonrpc import codec, methods
from ..jsonrpc.message import NO_PARAMS, Message, RequestId
from ..jsonrpc.repair import as_utf8
from ..memory_budget import NO_ROOM, Memory
from ..outcome import CANCELLED, HELD_UP, REJECTED, SATURATED, TIMED_OUT, UNREACHABLE, Verdict
from ..translation import server_messages
from ..translation.request import cancellation
from ..transports.base import Connector, Link, LinkOwner, Unreachable
from .pending_messages import Backlog
from .responses import Answer, Audience, Listener, Receipt, Reply

LOG = logging.getLogger("proxy.session")

_STATUSES = {TIMED_OUT: 504, SATURATED: 503}
_UNREAD = UNREACHABLE, "the server reads no more input"

OUTBOX_LIMIT = 8 * 1024 * 1024
"""Bytes that may wait for the link to be opened; then no message is taken."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What all sessions of one server share. `spawn` starts a task that somebody owns.

    `passes_challenges` is whether clients may get the server a token that it asks for.
    """

    connector: Connector
    patience: float
    books: Books
    memory: Memory
    spawn: Callable[[Coroutine[None, None, None]], object]
    passes_challenges: bool = False

    def status(self, verdict: Verdict) -> int:
        """The HTTP status of an answer in the server's place."""
        if self.passes_challenges and verdict.error_type == str(UNAUTHORIZED):
            return UNAUTHORIZED
        return _STATUSES.get(verdict, 502)


class Host(Protocol):
    """Who keeps the conversations."""

    def conversation_over(self, conversation: "Conversation", error_type: str) -> None:
        """It ended by itself; `error_type` says why."""

    def evict(self, conversation: "Conversation") -> None:
        """End it, since another takes its place."""


class Conversation(LinkOwner, Audience):
    """A session `name` with a link of its own, which lives exactly as long.

    Its client speaks streamable HTTP, or, once the conversation `carry`s a stream, HTTP+SSE: then
    all that the server says travels on that stream. `client` is whose it
    is, `begun` and `heard` are when it began and was last heard of, in seconds.

    Implements Session.
    """

    def __init__(self, name: str, client: bytes, terms: Terms, host: Host) -> None:
        self.name = name
        self.client = client
        self.gone = asyncio.Event()
        self.begun = self.heard = perf_counter()
        self._terms = terms
        self._host = host
        self._session = Session(terms.patience)
        self._link: Link | None = None
        self._outbox: list[tuple[bytes, bytes]] = []
        self._outbox_bytes = 0
        self._replies: dict[Call, Answer] = {}
        self._listeners: list[Listener] = []
        self._backlog = Backlog()
        self._account = terms.memory.account(client)
        self._slow: dict[object, float] = {}
        self._stream: Listener | None = None
        self._stream_query: bytes | None = None
        self._headers = b""
        self._version = ""
        self._looked = perf_counter()
        self.started = False
        self.over = False

    def __repr__(self) -> str:
        return f"<Conversation {self._session!r} {self._link!r} over={self.over}>"

    @property
    def in_use(self) -> bool:
        """Whether a client waits for something now, so that the session is not idle."""
        return bool(self._replies or self._listeners)

    @property
    def idle_since(self) -> float:
        if self.over:
            return -inf
        return inf if self.in_use else self.heard

    def evict(self) -> None:
        if not self.over:
            self._host.evict(self)

    @property
    def probing(self) -> bool:
        """A client's messages are no probe."""
        return False

    @property
    def carries(self) -> bool:
        """Whether one stream carries all answers."""
        return self._stream is not None

    @property
    def link(self) -> Link | None:
        """The way to the server, once it is there."""
        return self._link

    async def start(self, headers: bytes, query: bytes) -> None:
        """Open the link; what was sent meanwhile follows.

        `headers` and the `query` of a client's target go with it, where they can. A stream's own
        query wins, since that of a message on it is the proxy's.
        """
        try:
            link = await self._terms.connector.connect(
                self, headers, query if self._stream_query is None else self._stream_query
            )
        except Unreachable as error:
            self._fail(error.verdict, str(error))
            return
        self._link = link
        if self.over:
            link.kill()
            await link.exited.wait()
            return
        if self._slow:
            link.pause()
        outbox, self._outbox = self._outbox, []
        for message, sent_with in outbox:
            link.send(message, sent_with)

    def post(self, post: Post, headers: tuple[Header, ...] = ()) -> None:
        """Take over a client's message. Raises DuplicateRequest."""
        self.heard = perf_counter()
        self._session.begin(post.calls, post.since(perf_counter()))
        for call in post.calls:
            call.version = call.version or self._version
        if post.calls:
            stream = self._stream
            reply = Reply(post, self, headers) if stream is None else Receipt(post, stream)
            self._replies.update((call, reply) for call in post.calls)
        else:
            self._note_cancellations(post)
        refused = self._send(post)
        if not post.calls:
            status = 202 if refused is None else 503
            post.client.answer(response.start(status), b"", status)
        elif refused is not None:
            verdict, reason = refused
            self._answer_in_place(self._drop(post.calls, verdict), 503, reason)
        for call in post.calls:
            call.asked = perf_counter()

    def listen(self, post: Post) -> None:
        """Open a stream for what the server says of its own accord: the newest gets it all."""
        for unread in [each for each in self._listeners if each in self._slow]:
            self._drop_stream(unread)
        self._terms.books.ledger.streams += 1
        listener = Listener(post, self)
        self._listeners.append(listener)
        for message in self._backlog.take():
            listener.push(message)

    def carry(self, post: Post, endpoint: bytes) -> None:
        """Open the one stream of a client that speaks HTTP+SSE, and name its `endpoint`."""
        self.listen(post)
        self._stream_query = post.arrival.query
        self._stream = self._listeners[0]
        self._stream.name_endpoint(endpoint)

    def turn_away(self, post: Post, status: int, reason: str, verdict: Verdict) -> None:
        """Answer a client's message on its stream, in the server's place."""
        if self._stream is None:
            return
        answer = Receipt(post, self._stream)
        for call in post.calls:
            self._count(Finished(call, verdict), answer.fail(call, status, reason))

    def tick(self, now: float) -> None:
        """Look for overdue calls, and keep open streams alive."""
        if self.in_use:
            self.heard = now
        self._keep_within_memory()
        if self.over:
            return
        since, self._looked = self._looked, now
        if self._slow:
            self._drop_unread(now)
            excuse(self._kept_waiting(), now - since)
        overdue, reason = self._session.overdue(now), "the server did not answer in time"
        if self._account in self._slow:
            overdue = tuple(each._replace(verdict=SATURATED) for each in overdue)
            reason = NO_ROOM
        elif self._slow:
            overdue = tuple(each._replace(verdict=HELD_UP) for each in overdue)
            reason = "the client does not read another stream of this session, which holds this up"
        self._answer_in_place(overdue, 504, reason)
        self._cancel(overdue)
        open_answers: Iterable[Listener | Answer] = (*self._listeners, *self._replies.values())
        for each in open_answers:
            if each not in self._slow:
                each.keep_alive(now)

    def end(self, reason: str, verdict: Verdict) -> None:
        """End the session and its link; who still waits is told `reason`."""
        self._close(verdict, 503, reason)
        if self._link is not None:
            self._link.end()

    def link_message(self, data: bytes, arrived: float) -> None:
        try:
            messages = server_messages.each_of(data, server_messages.labels)
        except MalformedMessage:
            logs.event(LOG, "not a message", logging.WARNING, bytes=len(data))
            return
        for message, part in messages:
            self._take(message, as_utf8(part) if message.malformed else part, arrived)

    def link_returned(self, ids: Sequence[RequestId] | None, verdict: Verdict, reason: str) -> None:
        logs.event(LOG, "message not delivered", logging.WARNING, reason=reason)
        if ids is None:
            waiting = self._session.calls
            ids = [each.id for each in waiting] if len(waiting) == 1 else ()
        ended = tuple(filter(None, (self._session.abandon(each, verdict) for each in ids)))
        self._answer_in_place(ended, self._terms.status(verdict), reason)
        if verdict is TIMED_OUT:
            self._cancel(ended)

    def link_ended(self, verdict: Verdict, reason: str) -> None:
        self._fail(verdict, reason)

    def pause(self, member: object) -> None:
        """One slow client holds back the link, which is its own."""
        self._slow[member] = perf_counter()
        if self._link is not None:
            self._link.pause()

    def resume(self, member: object) -> None:
        self._slow.pop(member, None)
        if self._link is not None and not self._slow:
            self._link.resume()

    def streams(self, more: int) -> None:
        self._terms.books.ledger.streams += more

    def reply_gone(self, reply: Reply) -> None:
        for finished in self._session.give_up(tuple(reply.calls), perf_counter()):
            del self._replies[finished.call]
            self._count(finished, GONE_STATUS)

    def listener_gone(self, listener: Listener) -> None:
        self._forget(listener)
        if listener is self._stream:
            self._hang_up()

    def _kept_waiting(self) -> Iterable[Call]:
        """The calls whose own client is slow; whatever else is, the others are timed."""
        if self._stream in self._slow:
            return self._session.calls
        return [call for call, reply in self._replies.items() if reply in self._slow]

    def _drop_unread(self, now: float) -> None:
        """A GET stream that is not read holds up calls for no longer than half of their time."""
        for listener in tuple(self._listeners):
            since = self._slow.get(listener, now)
            if now - since > self._terms.patience / 2 and self._replies:
                self._drop_stream(listener)

    def _drop_stream(self, listener: Listener) -> None:
        if listener is not self._stream:
            reason = "its client does not read it"
            logs.event(LOG, "stream closed", logging.WARNING, reason=reason)
            self._forget(listener)
            listener.abort()

    def _forget(self, listener: Listener) -> None:
        self._listeners.remove(listener)
        self._terms.books.ledger.streams -= 1

    def _hang_up(self) -> None:
        """End because the client of the HTTP+SSE transport did: with its stream."""
        self.over = True
        self._account.close()
        self._stream = None
        for finished in self._session.give_up(self._session.calls, perf_counter()):
            del self._replies[finished.call]
            self._count(finished, GONE_STATUS)
        if self._link is not None:
            self._link.end()
        self._host.conversation_over(self, "")

    def _send(self, post: Post) -> tuple[Verdict, str] | None:
        """Send a message to the server, or keep it for the link; why that cannot be."""
        headers = self._headers = post.arrival.forward + post.context
        if not self._has_room(len(post.body)):
            return SATURATED, NO_ROOM
        if self._link is not None:
            return None if self._link.send(post.body, headers) else _UNREAD
        if self._outbox_bytes > OUTBOX_LIMIT:
            return _UNREAD
        self._outbox.append((post.body, headers))
        self._outbox_bytes += len(post.body)
        return None

    def _has_room(self, more: int = 0) -> bool:
        """Account for what waits in either direction, and so many bytes more."""
        held = self._outbox_bytes if self._link is None else self._link.held
        return self._account.hold(held + self._backlog.held + more)

    def _keep_within_memory(self) -> None:
        """Without room the server is read no further; what waits for a slow client is given up."""
        if self._has_room():
            if self._account in self._slow:
                self.resume(self._account)
        elif self._slow.keys() - {self._account}:
            self._fail(REJECTED, f"the client reads too slowly: {NO_ROOM}")
        elif self._account not in self._slow:
            self.pause(self._account)

    def _take(self, message: Message, data: bytes, arrived: float) -> None:
        effect = self._session.receive(message, arrived)
        if isinstance(effect, Finished):
            effect.call.answer_size = len(data)
            if type(message.id) is not type(effect.call.id) or message.id != effect.call.id:
                data = codec.with_id(data, effect.call.id)
            if message.result and message.result.protocol_version:
                self._version = message.result.protocol_version
            reply = self._replies.pop(effect.call)
            self._count(effect, reply.answer(effect.call, data), arrived)
        elif isinstance(effect, Related) and self._replies[effect.call].accepts_events:
            self._replies[effect.call].push(data)
        elif isinstance(effect, Related | Unrelated):
            self._say(data)

    def _say(self, data: bytes) -> None:
        """Send a message of the server's own: on a GET stream, else beside a call, else later."""
        if self._listeners:
            (self._stream or self._listeners[-1]).push(data)
            return
        reply = next((each for each in self._replies.values() if each.accepts_events), None)
        if reply is not None:
            reply.push(data)
            return
        lost = self._backlog.add(data) if self._has_room(len(data)) else 1
        if lost:
            logs.event(LOG, "messages lost: no stream is open", logging.WARNING, count=lost)

    def _note_cancellations(self, post: Post) -> None:
        for message in post.messages:
            if message.method != CANCELLED_METHOD:
                continue
            request_id = (message.params or NO_PARAMS).request_id
            finished = self._session.cancel(request_id, perf_counter())
            if finished is not None:
                self._replies.pop(finished.call).drop(finished.call)
                self._count(finished, GONE_STATUS)

    def _cancel(self, ended: tuple[Finished, ...]) -> None:
        """Tell the server that nobody waits any more (specification, "Lifecycle", Timeouts)."""
        for call, _ in ended:
            if self._link is not None and call.method != methods.INITIALIZE:
                self._link.send(cancellation(call.id), self._headers)

    def _drop(
        self, calls: tuple[Call, ...], verdict: Verdict = UNREACHABLE
    ) -> tuple[Finished, ...]:
        return tuple(self._session.drop(call, verdict) for call in calls)

    def _fail(self, verdict: Verdict, reason: str) -> None:
        """End because the server did."""
        if not self.over:
            self._close(verdict, self._terms.status(verdict), reason)
            self._host.conversation_over(self, verdict.error_type)

    def _close(self, verdict: Verdict, status: int, reason: str) -> None:
        self.over = True
        self._account.close()
        session = self._session
        if verdict is CANCELLED:
            ended = session.give_up(session.calls, perf_counter())
        else:
            ended = session.end(verdict)
        self._answer_in_place(ended, status, reason)
        self._terms.books.ledger.streams -= len(self._listeners)
        for listener in self._listeners:
            listener.end()
        self._listeners.clear()

    def _answer_in_place(self, ended: tuple[Finished, ...], status: int, reason: str) -> None:
        """Answer calls in the server's place, each with its own id."""
        for finished in ended:
            reply = self._replies.pop(finished.call)
            self._count(finished, reply.fail(finished.call, status, reason))

    def _count(self, finished: Finished, status: int, answered: float = 0.0) -> None:
        call = finished.call
        waited = (answered or perf_counter()) - call.asked if call.asked else 0.0
        self._terms.books.finished(finished, status, waited)
