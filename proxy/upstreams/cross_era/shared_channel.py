"""A transport that modern clients share, opened in the server's era."""

import logging
import secrets
from collections.abc import Iterable, Sequence
from time import perf_counter
from typing import Protocol

from ... import logs
from ...errors import MalformedMessage
from ...jsonrpc import methods
from ...jsonrpc.message import RequestId
from ...memory_budget import NO_ROOM, MemoryBudget
from ...outcome import INVALID_RESPONSE, OVERLOADED, UNREACHABLE, CallOutcome
from ...translation import server_messages
from ...translation.effects import Answer, Changed, Close, Effect, Failed, Opened, Push, Send
from ...translation.legacy_server import LegacyServer
from ...translation.modern_server import ModernServer
from ...translation.opening import PROBE_SECONDS, Opening
from ...translation.parameters import Parameters
from ...translation.request import JsonRpcError, Request
from ...translation.versions import Era
from ...transports.base import Connector
from ..transport_session import TransportSession
from .stateless_request import RequestOwner, StatelessRequest

LOG = logging.getLogger("proxy.channel")


class ChannelOwner(Protocol):
    """Keeps the channels, and which arguments are also sent as headers."""

    parameters: Parameters

    def opened(self, channel: "SharedChannel", waiting: list[StatelessRequest]) -> None:
        """The server's era is known; serve `waiting` now."""

    def changed(self, channel: "SharedChannel", changed: Changed) -> None:
        """The server announced a change."""

    def on_channel_closed(self, channel: "SharedChannel") -> None:
        """It ended by itself."""

    def evict(self, channel: "SharedChannel") -> None:
        """End it in favour of another."""

    def status(self, outcome: CallOutcome) -> int:
        """The HTTP status of a response instead of the server's."""

    def reopen(self, channel: "SharedChannel") -> None:
        """Its transport ended on the probe: `start` it again."""


class SharedChannel(TransportSession, RequestOwner):
    """One transport and the requests on it. `first` is the request it is opened for.

    `timeout` is how many seconds a legacy server's question waits for its client's answer. It
    counts as the first client's, also once others share it.
    """

    def __init__(
        self,
        first: StatelessRequest,
        known: Era | None,
        owner: ChannelOwner,
        timeout: float,
        memory: MemoryBudget,
    ) -> None:
        super().__init__(first.client_request.caller, memory)
        meta = first.request.meta
        self._capabilities = meta.get(methods.CAPABILITIES_KEY)
        self._opening = Opening(known, meta.get(methods.CLIENT_INFO_KEY), self._capabilities)
        self._headers = first.forward
        self._query = first.client_request.info.query
        self._owner = owner
        self._timeout = timeout
        self._server: ModernServer | LegacyServer | None = None
        self._waiting = [first]
        self._requests: dict[int, StatelessRequest] = {}
        self._parked: dict[int, float] = {}
        self._probed_since = 0.0
        self._paused = False
        self._full = False
        first.host = self
        first.on_queued()

    def __repr__(self) -> str:
        server = self._server or self._opening
        return f"<SharedChannel {server!r} {self._state.name} {self._transport!r}>"

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
    def in_use(self) -> bool:
        return bool(self._waiting or self._requests or self._parked)

    def evict(self) -> None:
        if not self.over:
            self._owner.evict(self)

    async def start(self, connector: Connector) -> None:
        """Open the transport, then the session."""
        if await self._connect(connector, self._headers, self._query) is not None:
            self._probed_since = perf_counter()
            self._perform(self._opening.start(), self._headers)

    def can_serve(self, request: Request) -> bool:
        """Whether the channel can serve the request concurrently with its others."""
        if self.over:
            return False
        return self._server is None or self._server.can_serve(request)

    def knows(self, state: str) -> bool:
        """Whether a request waits for input with that state."""
        return isinstance(self._server, LegacyServer) and self._server.knows(state)

    def serve(self, pending: StatelessRequest) -> None:
        """Serve a request, as soon as the server is ready."""
        if not self._has_room(len(pending.client_request.body)):
            pending.fail(503, NO_ROOM, OVERLOADED)
            return
        pending.host = self
        server = self._server
        if server is None:
            self._waiting.append(pending)
            pending.on_queued()
            return
        number, effects = server.ask(pending.request)
        self._serve(number, pending, effects)

    def resume(self, pending: StatelessRequest) -> JsonRpcError | None:
        """Continue a request that waits for input by this one; the reason if impossible."""
        assert isinstance(self._server, LegacyServer)
        resumed = self._server.resume(pending.request)
        if isinstance(resumed, JsonRpcError):
            return resumed
        number, effects = resumed
        self._parked.pop(number, None)
        pending.host = self
        self._serve(number, pending, effects)
        return None

    def announce(self, changed: Changed) -> None:
        """Notify subscribers of a change."""
        if isinstance(self._server, LegacyServer):
            self._perform(self._server.announce(changed))

    def tick(self, now: float) -> None:
        """Time out overdue requests."""
        full, self._full = self._full, not self._has_room()
        if full is not self._full:
            self._update_flow()
        for pending in (*self._waiting, *self._requests.values()):
            pending.tick(now)
        probing = self._transport is not None and self._opening.probing
        if probing and now - self._probed_since > min(PROBE_SECONDS, self._timeout / 2):
            self._perform(self._opening.give_up_probing(), self._headers)
        for number, since in tuple(self._parked.items()):
            if now - since > self._timeout:
                del self._parked[number]
                self._cancel(number)

    def end(self) -> None:
        """End the transport, and notify waiting clients."""
        self._close(UNREACHABLE, 503, "the proxy is shutting down", gracefully=True)
        if self._transport is not None:
            self._transport.end()

    def on_message(self, data: bytes, arrived: float) -> None:
        try:
            messages = server_messages.read(data)
        except MalformedMessage:
            logs.event(LOG, "not a message", logging.WARNING, bytes=len(data))
            return
        for message, _ in messages:
            if self.over:
                return
            self._perform((self._server or self._opening).receive(message), self._headers)

    def on_undelivered(
        self, ids: Sequence[RequestId] | None, outcome: CallOutcome, reason: str
    ) -> None:
        logs.event(LOG, "message not delivered", logging.WARNING, reason=reason)
        if ids is None:
            ids = tuple(self._requests) if len(self._requests) == 1 else ()
        for number in ids:
            if isinstance(number, str):
                self._on_own_undelivered(outcome, reason)
            pending = self._requests.pop(number, None) if isinstance(number, int) else None
            if pending is not None and isinstance(number, int):
                pending.fail(self._owner.status(outcome), reason, outcome)
                if self._server is not None:
                    self._server.cancel(number)

    def on_closed(self, outcome: CallOutcome, reason: str) -> None:
        """A server that ends on the probe is a legacy one."""
        if not self.probing or self.over:
            self._fail(outcome, reason)
            return
        logs.event(LOG, "taken for a legacy server", reason=f"{reason} on {methods.DISCOVER}")
        self._opening.ended()
        self._owner.reopen(self)
        self._transport = None

    def on_request_over(self, pending: StatelessRequest) -> None:
        if pending in self._waiting:
            self._waiting.remove(pending)
            return
        for number, other in tuple(self._requests.items()):
            if other is pending:
                del self._requests[number]
                self._cancel(number)
        self._update_flow()

    def on_client_speed(self, pending: StatelessRequest) -> None:
        """The server is read while any of its clients reads."""
        self._update_flow()

    def _has_room(self, more: int = 0) -> bool:
        """Account for pending bytes of the transport, and so many more."""
        return self._account.hold(more + (0 if self._transport is None else self._transport.held))

    def _serve(self, number: int, pending: StatelessRequest, effects: Iterable[Effect]) -> None:
        self._requests[number] = pending
        self._update_flow()
        asked = perf_counter()
        self._perform(effects, pending.forward)
        pending.on_sent(asked)

    def _perform(self, effects: Iterable[Effect], headers: bytes = b"") -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self._send(effect.message, headers)
            elif isinstance(effect, Push):
                if (pending := self._requests.get(effect.request_number)) is not None:
                    pending.push(effect.message)
            elif isinstance(effect, Answer):
                self._answer(effect)
            elif isinstance(effect, Close):
                if (pending := self._requests.pop(effect.request_number, None)) is not None:
                    pending.close()
            elif isinstance(effect, Changed):
                self._owner.changed(self, effect)
            elif isinstance(effect, Opened):
                self._open(effect)
            else:
                self._abort(effect)

    def _send(self, message: bytes, headers: bytes) -> None:
        if self._transport is not None and not self._transport.send(message, headers):
            self._abort(Failed("the server reads no more input"))

    def _answer(self, answer: Answer) -> None:
        pending = self._requests.pop(answer.request_number, None)
        if isinstance(self._server, LegacyServer) and self._server.waits(answer.request_number):
            self._parked[answer.request_number] = perf_counter()
        if pending is not None:
            pending.answer(answer.message)
        self._update_flow()

    def _open(self, opened: Opened) -> None:
        if opened.result is None:
            self._server = ModernServer(self._owner.parameters)
        else:
            self._server = LegacyServer(
                opened.result, self._capabilities, _state, self._owner.parameters
            )
        waiting, self._waiting = self._waiting, []
        self._owner.opened(self, waiting)

    def _update_flow(self) -> None:
        """Read from the server unless all waiting clients are slow; note when none waits.

        Subscriptions do not count as waiting while there are calls. Without room in memory it
        is not read either.
        """
        self.last_activity = perf_counter()
        visits = self._requests.values()
        waiting = [each for each in visits if not each.listening] or visits
        slow = bool(waiting) and all(each.slow for each in waiting)
        paused = slow or self._full
        if self._transport is None or paused is self._paused:
            return
        self._paused = paused
        if paused:
            self._transport.pause()
        else:
            self._transport.resume()

    def _cancel(self, number: int) -> None:
        if self._server is not None:
            self._perform(self._server.cancel(number), self._headers)

    def _on_own_undelivered(self, outcome: CallOutcome, reason: str) -> None:
        """A message of the proxy's own was not delivered: without it the session does not open."""
        if self._server is None:
            self._abort(Failed(reason), outcome)

    def _abort(self, failed: Failed, outcome: CallOutcome = INVALID_RESPONSE) -> None:
        transport = self._transport
        self._fail(outcome, failed.reason)
        if transport is not None:
            transport.end()

    def _fail(self, outcome: CallOutcome, reason: str) -> None:
        if not self.over:
            self._close(outcome, self._owner.status(outcome), reason)
            self._owner.on_channel_closed(self)

    def _close(
        self, outcome: CallOutcome, status: int, reason: str, *, gracefully: bool = False
    ) -> None:
        self._mark_closed()
        visits = (*self._waiting, *self._requests.values())
        self._waiting.clear()
        self._requests.clear()
        self._parked.clear()
        for pending in visits:
            if gracefully and pending.listening:
                pending.close()
            else:
                pending.fail(status, reason, outcome)


def _state() -> str:
    return secrets.token_urlsafe(24)
