"""An upstream whose sessions the proxy mints, each with a link of its own to the server."""

import asyncio
import uuid
from collections import Counter
from time import perf_counter

from ..calls.post import NO_SESSION, Post, turn_away
from ..gate import SESSION_KEY
from ..telemetry.vocabulary import ErrorType, LinkState
from ..transports.port import Link
from ..verdict import CANCELLED, REJECTED, SATURATED, UNREACHABLE, Verdict
from ..wire import response
from .conversation import Conversation, Terms
from .http_upstream import INITIALIZE
from .leases import Leases
from .places import Places

END_SECONDS = 5.0
"""How long links may take to end with the proxy, a process's SIGKILL included."""


class SessionUpstream:
    """Opens a link for each session, and ends it with the session."""

    def __init__(self, terms: Terms, *, idle: float, places: Places) -> None:
        self._terms = terms
        self._places = places
        self._sessions = Leases(idle)
        self._conversations: dict[str, Conversation] = {}
        self._ending: set[Link] = set()
        places.join(lambda: len(self._conversations))

    def __repr__(self) -> str:
        return f"<SessionUpstream {self._terms.connector!r} sessions={len(self._sessions)}>"

    def __contains__(self, session: str) -> bool:
        return session in self._sessions

    def post(self, post: Post) -> None:
        """Part of Upstream."""
        name = post.arrival.session
        if name:
            conversation = self._conversations.get(name)
            if conversation is None:
                self._refuse(post, 404, NO_SESSION, REJECTED)
                return
            self._sessions.touch(name, perf_counter())
            conversation.post(post)
        elif not any(call.method == INITIALIZE for call in post.calls):
            self._refuse(post, 400, "Mcp-Session-Id is missing: initialize first", REJECTED)
        elif not self._places.make_room():
            self._refuse(post, 503, self._places.refusal(), SATURATED)
        else:
            self._open(post)

    def listen(self, post: Post) -> None:
        """Part of Upstream."""
        conversation = self._addressed(post)
        if conversation is None:
            return
        if post.arrival.accepts_events:
            conversation.listen(post)
        else:
            self._refuse(post, 406, "a GET needs Accept: text/event-stream", REJECTED)

    def delete(self, post: Post) -> None:
        """Part of Upstream."""
        conversation = self._addressed(post)
        if conversation is not None:
            self._end(conversation, "", CANCELLED)
            post.client.answer(response.start(200), b"", 200)

    def open_stream(self, post: Post) -> None:
        """Part of StreamHost. The link is opened once the client has something to say."""
        if not post.arrival.accepts_events:
            self._refuse(post, 406, "a GET needs Accept: text/event-stream", REJECTED)
        elif not self._places.make_room():
            self._refuse(post, 503, self._places.refusal(), SATURATED)
        else:
            conversation = self._make()
            self._keep(conversation, post)
            key = SESSION_KEY.encode()
            endpoint = b"%b?%b=%b" % (post.arrival.messages, key, conversation.name.encode())
            conversation.carry(post, endpoint)

    def take_message(self, post: Post) -> None:
        """Part of StreamHost."""
        conversation = self._conversations.get(post.arrival.session)
        if conversation is None or not conversation.carries:
            self._refuse(post, 404, "no such session: open a new stream", REJECTED)
        else:
            conversation.post(post)
            if not conversation.started:
                self._start(conversation, post)

    def turn_away(self, post: Post, status: int, reason: str, verdict: Verdict) -> None:
        """Part of StreamHost."""
        conversation = self._conversations.get(post.arrival.session)
        if conversation is None or not conversation.carries:
            self._refuse(post, 404, "no such session: open a new stream", REJECTED)
        else:
            conversation.turn_away(post, status, reason, verdict)

    def tick(self, now: float) -> None:
        """Part of Upstream."""
        for conversation in tuple(self._conversations.values()):
            if conversation.in_use:
                self._sessions.touch(conversation.name, now)
            conversation.tick(now)
        for name in self._sessions.abandoned(now):
            self._end(self._conversations[name], ErrorType.TIMEOUT)
        self._ending = {link for link in self._ending if not link.exited.is_set()}

    def count_links(self, counts: Counter[LinkState]) -> None:
        """Part of Upstream."""
        there = sum(each.link is not None for each in self._conversations.values())
        counts[LinkState.OPENING] += len(self._conversations) - there
        counts[LinkState.OPEN] += there
        counts[LinkState.CLOSING] += len(self._ending)

    async def probe(self) -> str:
        """Part of Upstream."""
        return await self._terms.connector.probe()

    def drain(self) -> None:
        """Part of Upstream. Every call in flight has a client that waits."""

    async def close(self) -> None:
        """Part of Upstream."""
        for conversation in tuple(self._conversations.values()):
            self._end(conversation, "")
        try:
            async with asyncio.timeout(END_SECONDS):
                await asyncio.gather(*(link.exited.wait() for link in self._ending))
        except TimeoutError:
            for link in self._ending:
                link.kill()
        await self._terms.connector.close()

    def conversation_over(self, conversation: Conversation, error_type: str) -> None:
        """Part of conversation.Host."""
        self._forget(conversation, error_type)

    def _open(self, post: Post) -> None:
        conversation = self._make()
        conversation.post(post, ((b"mcp-session-id", conversation.name.encode()),))
        self._keep(conversation, post)
        self._start(conversation, post)

    def _make(self) -> Conversation:
        return Conversation(uuid.uuid4().hex, self._terms, self)

    def _keep(self, conversation: Conversation, opening: Post) -> None:
        self._terms.books.owners.claim(conversation.name, opening.principal)
        self._conversations[conversation.name] = conversation
        self._sessions.open(conversation.name, perf_counter())
        self._terms.books.ledger.sessions += 1

    def _start(self, conversation: Conversation, post: Post) -> None:
        conversation.started = True
        arrival = post.arrival
        self._terms.spawn(conversation.start(arrival.forward + post.context, arrival.query))

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
        if conversation.link is not None:
            self._ending.add(conversation.link)
        seconds = self._sessions.close(conversation.name, perf_counter())
        if seconds is not None:
            self._terms.books.session_ended(seconds, error_type)

    def _refuse(self, post: Post, status: int, reason: str, verdict: Verdict) -> None:
        turn_away(post, self._terms.books, status, reason, verdict)
