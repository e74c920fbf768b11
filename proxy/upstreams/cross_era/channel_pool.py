"""Modern clients (2026-07-28) before any server: channels are opened, shared and kept.

A modern server may serve all clients on one channel, since it keeps no state between requests. A
legacy server's session is one client's: it is shared only by requests that carry the same headers,
client information and capabilities.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from msgspec import Raw

from ...calls.client_request import ClientRequest, reject
from ...errors import MalformedMessage
from ...http import response
from ...http.head import Header
from ...in_flight import Finished
from ...jsonrpc import codec, methods
from ...jsonrpc.members import raw
from ...outcome import OVERLOADED, REJECTED, CallOutcome, classify
from ...telemetry.vocabulary import TransportState
from ...translation import headers, rules
from ...translation.effects import Changed
from ...translation.legacy_server import UNKNOWN_STATE
from ...translation.parameters import Parameters
from ...translation.request import NULL, JsonRpcError, Request, plain, text
from ...translation.versions import Era
from ..session_bridge import SessionConfig
from ..session_limit import SessionLimit
from ..transport_session import State
from .shared_channel import ChannelOwner, SharedChannel
from .stateless_request import StatelessRequest

ClientKey = tuple[bytes, bytes, bytes]
SHARED_KEY: ClientKey = (b"", b"", b"")
"""The key of a modern server's channel, which all clients share."""


class ChannelPool(ChannelOwner):
    """The channels to one server. `era` is its era, None as long as that is to be found out.

    What was found out holds until a session cannot be opened by it, or, of a modern server, which
    answers the question at no cost, until the last channel is over. `on_unopened` is called when
    a session could not be opened.
    """

    def __init__(
        self,
        config: SessionConfig,
        *,
        era: Era | None,
        idle: float,
        session_limit: SessionLimit,
        on_unopened: Callable[[], None] = lambda: None,
    ) -> None:
        self._on_unopened = on_unopened
        self._config = config
        self._idle = idle
        self._session_limit = session_limit
        self._channels: dict[ClientKey, list[SharedChannel]] = {}
        self.parameters = Parameters()
        self._known_era = era
        self.era = era

    def __repr__(self) -> str:
        return f"<ChannelPool {self._config.connector!r} era={self.era} {self._channels}>"

    def post(self, client_request: ClientRequest) -> None:
        refused = self._unfit(client_request)
        if refused is not None:
            self._refuse(client_request, refused, NULL)
        elif not client_request.calls:
            self._handle_notification(client_request)
        else:
            self._handle_request(client_request)

    def tick(self, now: float) -> None:
        for channel in self._each():
            channel.tick(now)
            if now - channel.idle_since > self._idle and not channel.over:
                self._end(channel)
        self._session_limit.tick()

    def count_transports(self, counts: Counter[TransportState]) -> None:
        for channel in self._each():
            counts[
                TransportState.OPENING if channel.transport is None else TransportState.OPEN
            ] += 1

    async def close(self) -> None:
        for channel in self._each():
            self._end(channel)
        await self._session_limit.close()

    def opened(self, channel: SharedChannel, waiting: list[StatelessRequest]) -> None:
        self.era = channel.era
        if self.era is Era.MODERN:
            self._forget(channel)
            self._channels.setdefault(SHARED_KEY, []).append(channel)
        for pending in waiting:
            self._dispatch(pending)

    def changed(self, channel: SharedChannel, changed: Changed) -> None:
        """Forward a change announced in any session of a client."""
        for together in self._channels.values():
            if channel in together:
                for each in tuple(together):
                    each.announce(changed)

    def on_channel_closed(self, channel: SharedChannel) -> None:
        self._forget(channel)
        self._session_limit.release(channel)
        if channel.era is None or (self.era is Era.MODERN and not self._channels):
            self.era = self._known_era
        if channel.era is None:
            self._on_unopened()

    def status(self, outcome: CallOutcome) -> int:
        return self._config.status(outcome)

    def reopen(self, channel: SharedChannel) -> None:
        if channel.transport is not None:
            self._session_limit.end(channel.transport)
        self._start(channel)

    def evict(self, channel: SharedChannel) -> None:
        self._end(channel)

    def _each(self) -> list[SharedChannel]:
        return [each for together in self._channels.values() for each in together]

    def _unfit(self, client_request: ClientRequest) -> JsonRpcError | None:
        if client_request.is_batch:
            return rules.NO_BATCH
        return rules.NO_ANSWERS if client_request.messages[0].is_answer else None

    def _handle_notification(self, client_request: ClientRequest) -> None:
        """2026-07-28 has no notification of clients over HTTP: closing a stream is the cancel."""
        if client_request.messages[0].method == methods.CANCELLED:
            client_request.client.respond(response.start(202), b"", 202)
        else:
            reason = "2026-07-28 defines no such notification of clients over HTTP"
            self._refuse(client_request, JsonRpcError(methods.INVALID_REQUEST, reason), NULL)

    def _handle_request(self, client_request: ClientRequest) -> None:
        try:
            request = Request(client_request.body)
        except MalformedMessage as error:
            self._refuse(
                client_request,
                JsonRpcError(methods.INVALID_PARAMS, str(error)),
                raw(client_request.calls[0].id),
            )
            return
        broken = self._broken(request, headers.split(client_request.info.forward))
        if broken is not None:
            self._refuse(client_request, broken, request.id)
        elif request.method == methods.LISTEN and not client_request.info.accepts_events:
            reason = "subscriptions need Accept: text/event-stream"
            reject(client_request, self._config.recorder, 406, reason, REJECTED)
        else:
            self._dispatch(
                StatelessRequest(
                    client_request, request, self._config.recorder, self._config.timeout
                )
            )

    def _broken(self, request: Request, given: Sequence[Header]) -> JsonRpcError | None:
        """The first rule that a request breaks, regardless of the server."""
        if request.method == methods.INITIALIZE:
            return rules.NO_SUCH_METHOD
        broken = rules.broken(request, given)
        if broken is not None or request.method != methods.TOOLS_CALL:
            return broken
        arguments = plain(request.params.get("arguments"))
        return self.parameters.mismatch(text(request.params.get("name")), arguments, given)

    def _dispatch(self, pending: StatelessRequest) -> None:
        """Find a channel for a request, or open one."""
        request = pending.request
        state = text(request.params.get("requestState"))
        refused = rules.unspoken(request) if self.era is Era.LEGACY else None
        if pending.over:
            return
        if refused is not None:
            pending.refuse(refused)
        elif state and self.era is Era.LEGACY:
            self._resume(pending, state)
        else:
            self._serve(pending)

    def _resume(self, pending: StatelessRequest, state: str) -> None:
        together = self._channels.get(pending.owner, ())
        channel = next((each for each in together if each.knows(state)), None)
        refused = UNKNOWN_STATE if channel is None else channel.resume(pending)
        if refused is not None:
            pending.refuse(refused)

    def _serve(self, pending: StatelessRequest) -> None:
        owner = SHARED_KEY if self.era is Era.MODERN else pending.owner
        together = self._channels.get(owner, ())
        channel = next((each for each in together if each.can_serve(pending.request)), None)
        if channel is not None:
            channel.serve(pending)
        else:
            self._open(owner, pending)

    def _open(self, owner: ClientKey, pending: StatelessRequest) -> None:
        config = self._config
        channel = SharedChannel(pending, self.era, self, config.timeout, config.memory)
        if self._session_limit.acquire(channel):
            self._channels.setdefault(owner, []).append(channel)
            self._start(channel)
        else:
            pending.fail(503, self._session_limit.refusal(), OVERLOADED)

    def _start(self, channel: SharedChannel) -> None:
        channel.enter(State.OPENING)
        start = partial(channel.start, self._config.connector)
        self._config.spawn(self._session_limit.open(channel, start))

    def _end(self, channel: SharedChannel) -> None:
        self._forget(channel)
        channel.end()
        self._session_limit.release(channel)

    def _forget(self, channel: SharedChannel) -> None:
        for owner, together in tuple(self._channels.items()):
            if channel in together:
                together.remove(channel)
            if not together:
                del self._channels[owner]

    def _refuse(
        self, client_request: ClientRequest, refused: JsonRpcError, request_id: Raw
    ) -> None:
        message = refused.answer(request_id)
        status = rules.STATUS.get(refused.code, 200)
        client_request.client.respond(response.start(status, response.JSON), message, status)
        outcome = classify(codec.decode(message))
        for call in client_request.calls:
            self._config.recorder.finish(Finished(call, outcome), status, 0.0)
