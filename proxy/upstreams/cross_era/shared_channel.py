"""A link that modern clients share: first opened in the server's era, then their requests."""

import asyncio
import logging
import secrets
from collections.abc import Iterable, Sequence
from math import inf
from time import perf_counter
from typing import Protocol

from ... import logs
from ...errors import MalformedMessage
from ...jsonrpc import methods
from ...jsonrpc.message import RequestId
from ...memory_budget import NO_ROOM, Memory
from ...outcome import GARBLED, SATURATED, UNREACHABLE, Verdict
from ...translation import server_messages
from ...translation.effects import Answer, Changed, Close, Effect, Failed, Opened, Push, Send
from ...translation.legacy_server import LegacyServer
from ...translation.modern_server import ModernServer
from ...translation.opening import PROBE_SECONDS, Opening
from ...translation.parameters import Parameters
from ...translation.request import Refused, Request
from ...translation.versions import Era
from ...transports.base import Connector, Link, LinkOwner, Unreachable
from .stateless_request import Host, Visit

LOG = logging.getLogger("proxy.channel")


class Keeper(Protocol):
    """Who keeps the channels, and knows which arguments travel as headers too."""

    parameters: Parameters

    def opened(self, channel: "Channel", waiting: list[Visit]) -> None:
        """The server's era is known; `waiting` are to be served now."""

    def changed(self, channel: "Channel", changed: Changed) -> None:
        """The server announced a change."""

    def channel_over(self, channel: "Channel") -> None:
        """It ended by itself."""

    def evict(self, channel: "Channel") -> None:
        """End it, since another takes its place."""

    def status(self, verdict: Verdict) -> int:
        """The HTTP status of an answer in the server's place."""

    def reopen(self, channel: "Channel") -> None:
        """Its link ended on the probe: `start` it again."""


class Channel(LinkOwner, Host):
    """One link and the requests on it. `first` is the request it is opened for.

    `patience` is how many seconds a legacy server's question waits for its client's answer. Part of
    session_limit.Session: it counts as the first client's, also once others share it.

    Implements Session.
    """

    def __init__(
        self, first: Visit, known: Era | None, keeper: Keeper, patience: float, memory: Memory
    ) -> None:
        meta = first.request.meta
        self._capabilities = meta.get(methods.CAPABILITIES_KEY)
        self._opening = Opening(known, meta.get(methods.CLIENT_INFO_KEY), self._capabilities)
        self._headers = first.forward
        self._query = first.post.arrival.query
        self._keeper = keeper
        self._patience = patience
        self._link: Link | None = None
        self._server: ModernServer | LegacyServer | None = None
        self._waiting = [first]
        self._visits: dict[int, Visit] = {}
        self._parked: dict[int, float] = {}
        self._probed_since = 0.0
        self._paused = False
        self._settled_at = perf_counter()
        self.client = first.post.caller
        self._account = memory.account(self.client)
        self._full = False
        self.gone = asyncio.Event()
        self.over = False
        first.host = self
        first.waits()

    def __repr__(self) -> str:
        return f"<Channel {self._server or self._opening!r} {self._link!r} over={self.over}>"

    @property
    def link(self) -> Link | None:
        """The way to the server, once it is there."""
        return self._link

    @property
    def era(self) -> Era | None:
        """The server's era, once it is known."""
        if self._server is None:
            return None
        return Era.MODERN if isinstance(self._server, ModernServer) else Era.LEGACY

    @property
    def probing(self) -> bool:
        return self._opening.probing

    @property
    def idle_since(self) -> float:
        """A channel is in use while somebody waits for anything on it."""
        if self.over:
            return -inf
        return inf if self._waiting or self._visits or self._parked else self._settled_at

    def evict(self) -> None:
        if not self.over:
            self._keeper.evict(self)

    async def start(self, connector: Connector) -> None:
        """Open the link, then the session."""
        try:
            link = await connector.connect(self, self._headers, self._query)
        except Unreachable as error:
            self._fail(error.verdict, str(error))
            return
        self._link = link
        if self.over:
            link.kill()
            await link.exited.wait()
            return
        self._probed_since = perf_counter()
        self._perform(self._opening.start(), self._headers)

    def can_take(self, request: Request) -> bool:
        """Whether the channel may serve the request beside those it has."""
        if self.over:
            return False
        return self._server is None or self._server.can_take(request)

    def knows(self, state: str) -> bool:
        """Whether a request waits here for input under that state."""
        return isinstance(self._server, LegacyServer) and self._server.knows(state)

    def take(self, visit: Visit) -> None:
        """Serve a request, as soon as the server is ready."""
        if not self._has_room(len(visit.post.body)):
            visit.fail(503, NO_ROOM, SATURATED)
            return
        visit.host = self
        server = self._server
        if server is None:
            self._waiting.append(visit)
            visit.waits()
            return
        number, effects = server.ask(visit.request)
        self._serve(number, visit, effects)

    def resume(self, visit: Visit) -> Refused | None:
        """Let a request that waits for input go on by this one; why it cannot."""
        assert isinstance(self._server, LegacyServer)
        resumed = self._server.resume(visit.request)
        if isinstance(resumed, Refused):
            return resumed
        number, effects = resumed
        self._parked.pop(number, None)
        visit.host = self
        self._serve(number, visit, effects)
        return None

    def announce(self, changed: Changed) -> None:
        """Tell those who listen here of a change."""
        if isinstance(self._server, LegacyServer):
            self._perform(self._server.announce(changed))

    def tick(self, now: float) -> None:
        """Look for what is overdue."""
        full, self._full = self._full, not self._has_room()
        if full is not self._full:
            self._settle()
        for visit in (*self._waiting, *self._visits.values()):
            visit.tick(now)
        probing = self._link is not None and self._opening.probing
        if probing and now - self._probed_since > min(PROBE_SECONDS, self._patience / 2):
            self._perform(self._opening.give_up_probing(), self._headers)
        for number, since in tuple(self._parked.items()):
            if now - since > self._patience:
                del self._parked[number]
                self._cancel(number)

    def end(self) -> None:
        """End the link; who still waits is told."""
        self._close(UNREACHABLE, 503, "the proxy is shutting down", gracefully=True)
        if self._link is not None:
            self._link.end()

    def link_message(self, data: bytes, arrived: float) -> None:
        try:
            messages = server_messages.read(data)
        except MalformedMessage:
            logs.event(LOG, "not a message", logging.WARNING, bytes=len(data))
            return
        for message, _ in messages:
            if self.over:
                return
            self._perform((self._server or self._opening).receive(message), self._headers)

    def link_returned(self, ids: Sequence[RequestId] | None, verdict: Verdict, reason: str) -> None:
        logs.event(LOG, "message not delivered", logging.WARNING, reason=reason)
        if ids is None:
            ids = tuple(self._visits) if len(self._visits) == 1 else ()
        for number in ids:
            if isinstance(number, str):
                self._returned_own(verdict, reason)
            visit = self._visits.pop(number, None) if isinstance(number, int) else None
            if visit is not None and isinstance(number, int):
                visit.fail(self._keeper.status(verdict), reason, verdict)
                if self._server is not None:
                    self._server.cancel(number)

    def link_ended(self, verdict: Verdict, reason: str) -> None:
        """A server that ends on the probe is a legacy one."""
        if not self.probing or self.over:
            self._fail(verdict, reason)
            return
        logs.event(LOG, "taken for a legacy server", reason=f"{reason} on {methods.DISCOVER}")
        self._opening.ended()
        self._keeper.reopen(self)
        self._link = None

    def visit_over(self, visit: Visit) -> None:
        if visit in self._waiting:
            self._waiting.remove(visit)
            return
        for number, other in tuple(self._visits.items()):
            if other is visit:
                del self._visits[number]
                self._cancel(number)
        self._settle()

    def visit_slow(self, visit: Visit) -> None:
        """The server is read while any of its clients reads."""
        self._settle()

    def _has_room(self, more: int = 0) -> bool:
        """Account for what waits on the link, and so many bytes more."""
        return self._account.hold(more + (0 if self._link is None else self._link.held))

    def _serve(self, number: int, visit: Visit, effects: Iterable[Effect]) -> None:
        self._visits[number] = visit
        self._settle()
        self._perform(effects, visit.forward)
        visit.asked()

    def _perform(self, effects: Iterable[Effect], headers: bytes = b"") -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self._send(effect.message, headers)
            elif isinstance(effect, Push):
                if (visit := self._visits.get(effect.ticket)) is not None:
                    visit.push(effect.message)
            elif isinstance(effect, Answer):
                self._answer(effect)
            elif isinstance(effect, Close):
                if (visit := self._visits.pop(effect.ticket, None)) is not None:
                    visit.close()
            elif isinstance(effect, Changed):
                self._keeper.changed(self, effect)
            elif isinstance(effect, Opened):
                self._open(effect)
            else:
                self._break(effect)

    def _send(self, message: bytes, headers: bytes) -> None:
        if self._link is not None and not self._link.send(message, headers):
            self._break(Failed("the server reads no more input"))

    def _answer(self, answer: Answer) -> None:
        visit = self._visits.pop(answer.ticket, None)
        if isinstance(self._server, LegacyServer) and self._server.waits(answer.ticket):
            self._parked[answer.ticket] = perf_counter()
        if visit is not None:
            visit.answer(answer.message)
        self._settle()

    def _open(self, opened: Opened) -> None:
        if opened.result is None:
            self._server = ModernServer(self._keeper.parameters)
        else:
            self._server = LegacyServer(
                opened.result, self._capabilities, _state, self._keeper.parameters
            )
        waiting, self._waiting = self._waiting, []
        self._keeper.opened(self, waiting)

    def _settle(self) -> None:
        """Read the server unless everybody who waits for it is slow; note when nobody does.

        Who listens for changes waits for nothing while there are calls. Without room in memory it
        is not read either.
        """
        self._settled_at = perf_counter()
        visits = self._visits.values()
        waiting = [each for each in visits if not each.listening] or visits
        slow = bool(waiting) and all(each.slow for each in waiting)
        paused = slow or self._full
        if self._link is None or paused is self._paused:
            return
        self._paused = paused
        if paused:
            self._link.pause()
        else:
            self._link.resume()

    def _cancel(self, number: int) -> None:
        if self._server is not None:
            self._perform(self._server.cancel(number), self._headers)

    def _returned_own(self, verdict: Verdict, reason: str) -> None:
        """A message of the proxy's own was not taken: without it the session does not open."""
        if self._server is None:
            self._break(Failed(reason), verdict)

    def _break(self, failed: Failed, verdict: Verdict = GARBLED) -> None:
        link = self._link
        self._fail(verdict, failed.reason)
        if link is not None:
            link.end()

    def _fail(self, verdict: Verdict, reason: str) -> None:
        """End because the server did, or cannot be spoken to."""
        if not self.over:
            self._close(verdict, self._keeper.status(verdict), reason)
            self._keeper.channel_over(self)

    def _close(
        self, verdict: Verdict, status: int, reason: str, *, gracefully: bool = False
    ) -> None:
        self.over = True
        self._account.close()
        visits = (*self._waiting, *self._visits.values())
        self._waiting.clear()
        self._visits.clear()
        self._parked.clear()
        for visit in visits:
            if gracefully and visit.listening:
                visit.close()
            else:
                visit.fail(status, reason, verdict)


def _state() -> str:
    return secrets.token_urlsafe(24)
