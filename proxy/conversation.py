"""One client session at a stdio server: its process, its calls, and where each message goes."""

import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

from proxy import logs
from proxy.backlog import Backlog
from proxy.books import Books
from proxy.errors import MalformedMessage
from proxy.post import Post
from proxy.reply import Listener, Reply
from proxy.session import CANCELLED_METHOD, Call, Finished, Related, Session, Unrelated
from proxy.transports import child as processes
from proxy.transports.child import Child
from proxy.verdict import CANCELLED, EXITED, GARBLED, UNREACHABLE, Verdict
from proxy.wire import jsonrpc, response
from proxy.wire.head import Header
from proxy.wire.message import NO_PARAMS, Message

LOG = logging.getLogger("proxy.session")

GONE_STATUS = 499
"""Counted, never sent: the caller did not wait for its answer."""
KEEP_ALIVE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What all sessions of one stdio server share. `spawn` starts a task that somebody owns."""

    command: tuple[str, ...]
    patience: float
    message_limit: int
    books: Books
    spawn: Callable[[Coroutine[None, None, None]], object]


class Host(Protocol):
    """Who keeps the conversations."""

    def conversation_started(self) -> None:
        """The server answered: its command works."""

    def conversation_over(self, conversation: "Conversation", error_type: str) -> None:
        """It ended by itself; `error_type` says why."""


class Conversation:
    """A session `name` with a process of its own, which lives exactly as long."""

    def __init__(self, name: str, terms: Terms, host: Host) -> None:
        self.name = name
        self._terms = terms
        self._host = host
        self._session = Session(terms.patience)
        self._child: Child | None = None
        self._outbox: list[bytes] = []
        self._replies: dict[Call, Reply] = {}
        self._listeners: list[Listener] = []
        self._backlog = Backlog()
        self._slow: set[object] = set()
        self._kept_alive = 0.0
        self.answered = False
        self.over = False

    def __repr__(self) -> str:
        return f"<Conversation {self._session!r} {self._child!r} over={self.over}>"

    @property
    def in_use(self) -> bool:
        """Whether a client waits for something now, so that the session is not idle."""
        return bool(self._replies or self._listeners)

    @property
    def child(self) -> Child | None:
        """The process, once it runs."""
        return self._child

    async def start(self) -> None:
        """Start the process; what was sent meanwhile follows."""
        terms = self._terms
        try:
            child = await processes.start(terms.command, self, terms.message_limit)
        except OSError as error:
            self._fail(UNREACHABLE, f"cannot start {terms.command[0]!r}: {error.strerror}")
            return
        self._child = child
        if self.over:
            child.kill()
            await child.exited.wait()
            return
        outbox, self._outbox = self._outbox, []
        for message in outbox:
            child.send(message)

    def post(self, post: Post, headers: tuple[Header, ...] = ()) -> None:
        """Take over a client's message. Raises DuplicateRequest."""
        now = perf_counter()
        for call in post.calls:
            self._session.begin(call, now)
        if post.calls:
            reply = Reply(post, self, headers)
            self._replies.update((call, reply) for call in post.calls)
        else:
            self._note_cancellations(post)
        sent = self._send(post.body)
        if not post.calls:
            status = 202 if sent else 503
            post.client.answer(response.start(status), b"", status)
        elif not sent:
            self._answer_in_place(self._drop(post.calls), 503, "the server reads no more input")
        for call in post.calls:
            call.asked = perf_counter()

    def listen(self, post: Post) -> None:
        """Open a stream for what the server says of its own accord."""
        self._terms.books.ledger.streams += 1
        listener = Listener(post, self)
        self._listeners.append(listener)
        for message in self._backlog.take():
            listener.push(message)

    def tick(self, now: float) -> None:
        """Look for overdue calls, and keep open streams alive."""
        if not self._slow:
            overdue = self._session.overdue(now)
            self._answer_in_place(overdue, 504, "the server did not answer in time")
        if now - self._kept_alive > KEEP_ALIVE_SECONDS:
            self._kept_alive = now
            for listener in self._listeners:
                listener.keep_alive()

    def end(self, reason: str) -> None:
        """End the session and its process; who still waits is told `reason`."""
        self._close(UNREACHABLE, 503, reason)
        if self._child is not None:
            self._child.end()

    def child_line(self, line: bytes, arrived: float) -> None:
        """Part of child.ChildOwner."""
        try:
            messages = jsonrpc.split(line)
        except MalformedMessage:
            logs.event(LOG, "not a message", logging.WARNING, bytes=len(line))
            return
        for message, data in messages:
            self._take(message, data, arrived)

    def child_overflowed(self) -> None:
        """Part of child.ChildOwner."""
        limit = self._terms.message_limit
        self._fail(GARBLED, f"the server sent a message of more than {limit} bytes")
        if self._child is not None:
            self._child.kill()

    def child_ended(self) -> None:
        """Part of child.ChildOwner."""
        self._fail(EXITED, "the server's process ended")

    def pause(self, member: object) -> None:
        """Part of reply.Audience. One slow client holds back the process, which is its own."""
        self._slow.add(member)
        if self._child is not None:
            self._child.pause()

    def resume(self, member: object) -> None:
        """Part of reply.Audience."""
        self._slow.discard(member)
        self._session.heard(perf_counter())
        if self._child is not None and not self._slow:
            self._child.resume()

    def reply_gone(self, reply: Reply) -> None:
        """Part of reply.Audience."""
        self.resume(reply)
        for finished in self._drop(tuple(reply.calls), CANCELLED):
            del self._replies[finished.call]
            self._count(finished, GONE_STATUS)

    def listener_gone(self, listener: Listener) -> None:
        """Part of reply.Audience."""
        self.resume(listener)
        self._listeners.remove(listener)
        self._terms.books.ledger.streams -= 1

    def _send(self, message: bytes) -> bool:
        if self._child is not None:
            return self._child.send(message)
        self._outbox.append(message)
        return True

    def _take(self, message: Message, data: bytes, arrived: float) -> None:
        if not self.answered:
            self.answered = True
            self._host.conversation_started()
        effect = self._session.receive(message, arrived)
        if isinstance(effect, Finished):
            reply = self._replies.pop(effect.call)
            self._count(effect, reply.answer(effect.call, data), arrived)
        elif isinstance(effect, Related) and self._replies[effect.call].accepts_events:
            self._replies[effect.call].push(data)
        elif isinstance(effect, Related | Unrelated):
            self._say(data)

    def _say(self, data: bytes) -> None:
        """Send a message of the server's own: on a GET stream, else beside a call, else later."""
        if self._listeners:
            self._listeners[0].push(data)
            return
        reply = next((each for each in self._replies.values() if each.accepts_events), None)
        if reply is not None:
            reply.push(data)
            return
        lost = self._backlog.add(data)
        if lost:
            logs.event(LOG, "messages lost: no stream is open", logging.WARNING, count=lost)

    def _note_cancellations(self, post: Post) -> None:
        for message in post.messages:
            if message.method != CANCELLED_METHOD:
                continue
            finished = self._session.cancel((message.params or NO_PARAMS).request_id)
            if finished is not None:
                self._replies.pop(finished.call).drop(finished.call)
                self._count(finished, GONE_STATUS)

    def _drop(
        self, calls: tuple[Call, ...], verdict: Verdict = UNREACHABLE
    ) -> tuple[Finished, ...]:
        return tuple(self._session.drop(call, verdict) for call in calls)

    def _fail(self, verdict: Verdict, reason: str) -> None:
        """End because the server did."""
        if not self.over:
            self._close(verdict, 502, reason)
            self._host.conversation_over(self, verdict.error_type)

    def _close(self, verdict: Verdict, status: int, reason: str) -> None:
        self.over = True
        self._answer_in_place(self._session.end(verdict), status, reason)
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
