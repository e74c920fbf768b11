"""An upstream whose sessions the proxy mints, each with a link of its own to the server."""

import uuid
from collections import Counter
from functools import partial
from time import perf_counter

from ..calls.client_request import NO_SESSION, Post, turn_away
from ..errors import DuplicateRequest
from ..http import response
from ..http.request_policy import SESSION_KEY
from ..outcome import CANCELLED, REJECTED, SATURATED, UNREACHABLE, Verdict
from ..telemetry.vocabulary import ErrorType, LinkState
from .base import StreamHost, Upstream
from .passthrough import INITIALIZE
from .session_bridge import Conversation, Host, Terms
from .session_limit import Places


class SessionUpstream(Upstream, StreamHost, Host):
    """Opens a link for each session, and ends it with the session."""

    def __init__(self, terms: Terms, *, idle: float, places: Places) -> None:
        self._terms = terms
        self._places = places
        self._idle = idle
        self._conversations: dict[str, Conversation] = {}

    def __repr__(self) -> str:
        return f"<SessionUpstream {self._terms.connector!r} sessions={len(self._conversations)}>"

    def __contains__(self, session: str) -> bool:
        return session in self._conversations

    def post(self, post: Post) -> None:
        name = post.arrival.session
        if name:
            conversation = self._conversations.get(name)
            if conversation is None:
                self._refuse(post, 404, NO_SESSION, REJECTED)
                return
            conversation.post(post)
        elif not any(call.method == INITIALIZE for call in post.calls):
            self._refuse(post, 400, "Mcp-Session-Id is missing: initialize first", REJECTED)
        else:
            self._open(post)

    def listen(self, post: Post) -> None:
        conversation = self._addressed(post)
        if conversation is None:
            return
        if post.arrival.accepts_events:
            conversation.listen(post)
        else:
            self._refuse(post, 406, "a GET needs Accept: text/event-stream", REJECTED)

    def delete(self, post: Post) -> None:
        conversation = self._addressed(post)
        if conversation is not None:
            self._end(conversation, "", CANCELLED)
            post.client.answer(response.start(200), b"", 200)

    def open_stream(self, post: Post) -> None:
        """The link is opened once the client has something to say."""
        if not post.arrival.accepts_events:
            self._refuse(post, 406, "a GET needs Accept: text/event-stream", REJECTED)
            return
        conversation = self._make(post)
        if conversation is not None:
            key = SESSION_KEY.encode()
            endpoint = b"%b?%b=%b" % (post.arrival.messages, key, conversation.name.encode())
            conversation.carry(post, endpoint)

    def take_message(self, post: Post) -> None:
        conversation = self._conversations.get(post.arrival.session)
        if conversation is None or not conversation.carries:
            self._refuse(post, 404, "no such session: open a new stream", REJECTED)
        else:
            conversation.post(post)
            if not conversation.started:
                self._start(conversation, post)

    def turn_away(self, post: Post, status: int, reason: str, verdict: Verdict) -> None:
        conversation = self._conversations.get(post.arrival.session)
        if conversation is None or not conversation.carries:
            self._refuse(post, 404, "no such session: open a new stream", REJECTED)
        else:
            conversation.turn_away(post, status, reason, verdict)

    def tick(self, now: float) -> None:
        for conversation in tuple(self._conversations.values()):
            conversation.tick(now)
            if now - conversation.idle_since > self._idle and not conversation.over:
                self._end(conversation, ErrorType.TIMEOUT)
        self._places.tick()

    def count_links(self, counts: Counter[LinkState]) -> None:
        there = sum(each.link is not None for each in self._conversations.values())
        counts[LinkState.OPENING] += len(self._conversations) - there
        counts[LinkState.OPEN] += there

    async def probe(self) -> str:
        return await self._terms.connector.probe()

    def drain(self) -> None:
        """Every call in flight has a client that waits."""

    async def close(self) -> None:
        for conversation in tuple(self._conversations.values()):
            self._end(conversation, "")
        await self._places.close()
        await self._terms.connector.close()

    def conversation_over(self, conversation: Conversation, error_type: str) -> None:
        self._forget(conversation, error_type)

    def evict(self, conversation: Conversation) -> None:
        self._end(conversation, ErrorType.EVICTED)

    def _open(self, post: Post) -> None:
        conversation = self._make(post)
        if conversation is not None:
            try:
                conversation.post(post, ((b"mcp-session-id", conversation.name.encode()),))
            except DuplicateRequest:
                self._end(conversation, ErrorType.REJECTED)
                raise
            self._start(conversation, post)

    def _make(self, opening: Post) -> Conversation | None:
        """A new session; None once its client is refused, since there is no room."""
        conversation = Conversation(uuid.uuid4().hex, opening.caller, self._terms, self)
        if not self._places.take(conversation):
            self._refuse(opening, 503, self._places.refusal(), SATURATED)
            return None
        self._terms.books.owners.claim(conversation.name, opening.principal)
        self._conversations[conversation.name] = conversation
        self._terms.books.ledger.sessions += 1
        return conversation

    def _start(self, conversation: Conversation, post: Post) -> None:
        conversation.started = True
        arrival = post.arrival
        start = partial(conversation.start, arrival.forward + post.context, arrival.query)
        self._terms.spawn(self._places.open(conversation, start))

    def _addressed(self, post: Post) -> Conversation | None:
        """The session a GET or DELETE names, or None once it is refused."""
        name = post.arrival.session
        conversation = self._conversations.get(name)
        if conversation is None:
            status, reason = (404, "no such session") if name else (400, "no Mcp-Session-Id")
            self._refuse(post, status, reason, REJECTED)
        return conversation

    def _end(
        self, conversation: Conversation, error_type: str, verdict: Verdict = UNREACHABLE
    ) -> None:
        conversation.end("the session ended", verdict)
        self._forget(conversation, error_type)

    def _forget(self, conversation: Conversation, error_type: str) -> None:
        del self._conversations[conversation.name]
        self._terms.books.owners.release(conversation.name)
        self._places.leave(conversation)
        self._terms.books.session_ended(perf_counter() - conversation.begun, error_type)

    def _refuse(self, post: Post, status: int, reason: str, verdict: Verdict) -> None:
        turn_away(post, self._terms.books, status, reason, verdict)
