"""A streamable HTTP server for clients of both eras: bytes pass where both speak the same."""

from collections import Counter
from collections.abc import Callable, Coroutine
from time import perf_counter

from ...calls.client_request import GONE_STATUS, Post, turn_away
from ...calls.recorder import Books
from ...errors import DuplicateRequest
from ...http.interfaces import Visitor
from ...in_flight import Finished
from ...outcome import CANCELLED, REJECTED, UNREACHABLE, Verdict
from ...telemetry.vocabulary import LinkState
from ...translation.versions import Era
from ...transports.base import Connector, Link, LinkOwner
from ..base import Upstream
from ..initialize_probe import Trial
from ..passthrough import HttpUpstream, initializes
from ..sessions import SessionUpstream
from .channel_pool import ModernUpstream
from .detector import Speech
from .era_router import era
from .legacy_bridge import Bridges


class HttpEras(Upstream):
    """`passing` passes exchanges through, `modern` and `sessions` translate."""

    def __init__(
        self,
        passing: HttpUpstream,
        modern: ModernUpstream,
        sessions: SessionUpstream,
        speech: Speech,
        books: Books,
        spawn: Callable[[Coroutine[None, None, None]], object],
    ) -> None:
        self._passing = passing
        self._modern = modern
        self._sessions = sessions
        self._speech = speech
        self._books = books
        self._spawn = spawn
        self._waiting: set[_Waiting] = set()

    def __repr__(self) -> str:
        return f"<HttpEras {self._speech!r} {self._passing!r}>"

    def post(self, post: Post) -> None:
        client, speech = era(post), self._speech
        if client is Era.MODERN and speech.modern is None:
            self._spawn(self._wait(post))
        elif client is Era.LEGACY and speech.legacy is None and _opens(post):
            self._passing.post(post, Trial(self._taken, self._refused))
        else:
            self._route(post, client)

    def listen(self, post: Post) -> None:
        self._of_session(post).listen(post)

    def delete(self, post: Post) -> None:
        self._of_session(post).delete(post)

    def tick(self, now: float) -> None:
        self._passing.tick(now)
        self._sessions.tick(now)
        self._modern.tick(now)

    def count_links(self, counts: Counter[LinkState]) -> None:
        """What passes through needs no link."""
        self._sessions.count_links(counts)
        self._modern.count_links(counts)

    async def probe(self) -> str:
        """A server that was away may come back as another."""
        failure = await self._passing.probe()
        if failure:
            self._speech.forget()
        return failure

    def drain(self) -> None:
        self._passing.drain()
        self._sessions.drain()

    async def close(self) -> None:
        for waiting in self._waiting:
            waiting.turn_away(503, "the proxy is shutting down", UNREACHABLE)
        self._speech.close()
        await self._modern.close()
        await self._sessions.close()
        await self._passing.close()

    def _route(self, post: Post, client: Era) -> None:
        if client is Era.LEGACY:
            self._of_session(post).post(post)
        elif self._speech.modern is False:
            self._modern.post(post)
        else:
            self._passing.post(post)

    def _of_session(self, post: Post) -> HttpUpstream | SessionUpstream:
        """Who keeps a legacy client's session."""
        speech = self._speech
        ours = speech.sse or speech.legacy is False or post.arrival.session in self._sessions
        return self._sessions if ours else self._passing

    def _taken(self) -> None:
        self._speech.legacy = True

    def _refused(self, trial: Trial) -> None:
        self._spawn(self._reconsider(trial))

    async def _reconsider(self, trial: Trial) -> None:
        """The server refused `initialize`: one of another kind is spoken to in its own way."""
        post, speech = trial.exchange.post, self._speech
        speech.doubt()
        await speech.find_out(post.arrival.forward + post.context, post.arrival.query)
        if trial.exchange.gone:
            return
        if speech.modern or speech.sse:
            speech.legacy = bool(speech.sse)
            trial.exchange.withdraw()
            for call in post.calls:
                call.held = perf_counter() - call.asked
            self._sessions.post(post)
        else:
            trial.go_on()

    async def _wait(self, post: Post) -> None:
        """Find out whether the server speaks a modern client's era, then go on."""
        waiting = _Waiting(post, self._books)
        self._waiting.add(waiting)
        arrival = post.arrival
        await self._speech.find_out(arrival.forward + post.context, arrival.query)
        self._waiting.discard(waiting)
        if waiting.over:
            return
        waiting.go_on()
        try:
            self._route(post, Era.MODERN)
        except DuplicateRequest as error:
            waiting.turn_away(400, str(error), REJECTED)


def _opens(post: Post) -> bool:
    """Whether a client opens a session: it has none yet."""
    return initializes(post) and not post.arrival.session


class _Waiting(Visitor):
    """The visitor of a client that waits for the server's era to be found out."""

    def __init__(self, post: Post, books: Books) -> None:
        self.over = False
        self._began = perf_counter()
        self._post = post
        self._books = books
        post.client.attach(self)

    def go_on(self) -> None:
        """What it has waited was for the server."""
        for call in self._post.calls:
            call.held = perf_counter() - self._began

    def turn_away(self, status: int, reason: str, verdict: Verdict) -> None:
        """Answer in the server's place."""
        self.over = True
        self.go_on()
        turn_away(self._post, self._books, status, reason, verdict)

    def client_paused(self) -> None:
        pass

    def client_resumed(self) -> None:
        pass

    def client_gone(self) -> None:
        self.over = True
        self.go_on()
        for call in self._post.calls:
            self._books.finished(Finished(call, CANCELLED), GONE_STATUS, 0.0)


class EraConnector(Connector):
    """Opens sessions as the server wants them, or bridged where it knows none.

    `sse` is for a server that turns out to speak HTTP+SSE.
    """

    def __init__(
        self, legacy: Connector, modern: Connector, sse: Connector, speech: Speech
    ) -> None:
        self._legacy = legacy
        self._sse = sse
        self._modern = modern
        self._bridged = Bridges(modern, Era.MODERN)
        self._speech = speech

    def __repr__(self) -> str:
        return f"<EraConnector {self._speech!r} {self._legacy!r}>"

    async def connect(self, owner: LinkOwner, headers: bytes, query: bytes) -> Link:
        speech = self._speech
        if not speech.legacy:
            await speech.find_out_legacy(headers, query)
        way = self._bridged if speech.modern and not speech.legacy else self._legacy
        if speech.sse:
            way = self._sse
        return await way.connect(owner, headers, query)

    async def probe(self) -> str:
        return await self._legacy.probe()

    async def close(self) -> None:
        for each in (self._modern, self._sse, self._legacy):
            await each.close()
