"""A transport to a modern server for a legacy client's session, around another transport.

A server that takes `initialize` needs no translating: then every message passes as it is. One
that refuses it is asked by `server/discover` whether it is a modern one.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from enum import Enum, auto
from functools import partial
from time import perf_counter

from ... import logs
from ...errors import MalformedMessage
from ...jsonrpc import codec, methods
from ...jsonrpc.members import Fields, encode, raw
from ...jsonrpc.message import Message, RequestId
from ...outcome import CallOutcome
from ...translation import server_messages
from ...translation.effects import (
    Cancel,
    Resubscribe,
    RetryAfter,
    Send,
    SendToClient,
    SessionEffect,
)
from ...translation.legacy_client import LegacyClient
from ...translation.opening import PROBE_SECONDS, modern_meta, speaks_modern
from ...translation.request import JsonRpcError, Request, cancellation, identity, plain, request
from ...translation.versions import Era
from ...transports.base import Connector, Transport, TransportListener

LOG = logging.getLogger("proxy.bridge")

RESUBSCRIBE_SECONDS = 5.0
"""How long after its end a stream of changes is opened again."""


class _Mode(Enum):
    """How messages are handled."""

    UNDECIDED = auto()
    PASS = auto()
    TRANSLATE = auto()


_MODES = {None: _Mode.UNDECIDED, Era.LEGACY: _Mode.PASS, Era.MODERN: _Mode.TRANSLATE}


class LegacyBridge(Transport, TransportListener):
    """Between a session, which owns it, and a transport, which it owns."""

    def __init__(
        self,
        owner: TransportListener,
        known: Era | None,
        on_era: Callable[[Era], None],
        headers: bytes,
    ) -> None:
        self.exited = asyncio.Event()
        self._owner: TransportListener | None = owner
        self._mode = _MODES[known]
        self._on_era = on_era
        self._headers = headers
        self._transport: Transport | None = None
        self._client = LegacyClient()
        self._greeting: Request | None = None
        self._refusal = b""
        self._timers: set[asyncio.TimerHandle] = set()

    def __repr__(self) -> str:
        return f"<LegacyBridge {self._mode.name} {self._transport!r}>"

    @property
    def probing(self) -> bool:
        return self._mode is _Mode.UNDECIDED and bool(self._refusal)

    def adopt(self, transport: Transport) -> None:
        """The transport is open."""
        self._transport = transport
        self.exited = transport.exited

    def send(self, message: bytes, headers: bytes = b"") -> bool:
        self._headers = headers
        if self._mode is _Mode.TRANSLATE:
            return self._perform(
                effect for each in codec.split(message) for effect in self._handle_client(*each)
            )
        if self._mode is _Mode.UNDECIDED:
            self._note_initialize(message)
        return self._pass(message)

    @property
    def held(self) -> int:
        return 0 if self._transport is None else self._transport.held

    def pause(self) -> None:
        if self._transport is not None:
            self._transport.pause()

    def resume(self) -> None:
        if self._transport is not None:
            self._transport.resume()

    def end(self) -> None:
        self._detach()
        if self._transport is not None:
            self._transport.end()

    def kill(self) -> None:
        self._detach()
        if self._transport is not None:
            self._transport.kill()

    def on_message(self, data: bytes, arrived: float) -> None:
        owner = self._owner
        if owner is None:
            return
        if self._mode is _Mode.PASS:
            owner.on_message(data, arrived)
            return
        try:
            messages = server_messages.read(data)
        except MalformedMessage:
            logs.event(LOG, "not a message", logging.WARNING, bytes=len(data))
            return
        for message, part in messages:
            if self._owner is None:
                return
            if self._mode is _Mode.TRANSLATE:
                self._perform(self._client.handle_server(message))
            elif self._mode is _Mode.UNDECIDED:
                self._decide(owner, message, part)
            else:
                owner.on_message(part, arrived)

    def on_undelivered(
        self, ids: Sequence[RequestId] | None, outcome: CallOutcome, reason: str
    ) -> None:
        owner = self._owner
        if owner is None:
            return
        if self._mode is _Mode.TRANSLATE and ids is not None:
            ids = [known for each in ids if (known := self._client_id_of_lost(each)) is not None]
        owner.on_undelivered(ids, outcome, reason)

    def on_closed(self, outcome: CallOutcome, reason: str) -> None:
        self._give_up_probing()
        owner = self._owner
        self._detach()
        if owner is not None:
            owner.on_closed(outcome, reason)

    def _client_id_of_lost(self, number: RequestId) -> RequestId | None:
        """The client's id of a request that is lost; None if it has none."""
        lost, effects = self._client.on_undelivered(number)
        self._perform(effects)
        return None if lost is None else identity(lost.id)

    def _pass(self, message: bytes) -> bool:
        return self._transport is None or self._transport.send(message, self._headers)

    def _handle_client(self, message: Message, data: bytes) -> Iterable[SessionEffect]:
        try:
            return self._client.handle_client(data)
        except MalformedMessage as error:
            refused = JsonRpcError(methods.INVALID_PARAMS, str(error))
            return [SendToClient(refused.answer(raw(message.id)))] if message.is_request else []

    def _note_initialize(self, message: bytes) -> None:
        """Remember the client's `initialize`."""
        for found, part in codec.split(message):
            if found.is_request and found.method == methods.INITIALIZE:
                # Params that are not an object are for the server to refuse.
                with suppress(MalformedMessage):
                    self._greeting = Request(part)

    def _decide(self, owner: TransportListener, message: Fields, data: bytes) -> None:
        """Decide by the server's responses whether it speaks the client's era."""
        greeting, answered = self._greeting, plain(message.get("id"))
        if "method" in message or greeting is None:
            owner.on_message(data, perf_counter())
        elif answered == methods.DISCOVER and self._refusal:
            self._discovered(owner, greeting, modern=speaks_modern(message) is True)
        elif answered != plain(greeting.id) or "error" not in message:
            self._mode = _Mode.PASS
            owner.on_message(data, perf_counter())
        else:
            self._refusal = data
            meta = modern_meta(greeting.params.get("clientInfo"), None)
            self._pass(request(methods.DISCOVER, methods.DISCOVER, {"_meta": meta}))
            self._after(PROBE_SECONDS, self._give_up_probing)

    def _give_up_probing(self) -> Iterable[SessionEffect]:
        """The server ended or was silent on the probe: it is a legacy one that refused."""
        if self.probing and self._owner is not None:
            self._on_era(Era.LEGACY)
            self._mode = _Mode.PASS
            self._owner.on_message(self._refusal, perf_counter())
        return ()

    def _discovered(self, owner: TransportListener, greeting: Request, *, modern: bool) -> None:
        if modern:
            self._mode = _Mode.TRANSLATE
            self._on_era(Era.MODERN)
            self._perform(self._client.handle_client(encode(greeting.fields)))
        else:
            self._mode = _Mode.PASS
            owner.on_message(self._refusal, perf_counter())

    def _perform(self, effects: Iterable[SessionEffect]) -> bool:
        """False if the server does not take a message."""
        accepted = True
        for effect in effects:
            if isinstance(effect, Send):
                accepted = self._pass(effect.message) and accepted
            elif isinstance(effect, Cancel):
                accepted = self._pass(cancellation(effect.request_number)) and accepted
            elif isinstance(effect, SendToClient) and self._owner is not None:
                self._owner.on_message(effect.message, perf_counter())
            elif isinstance(effect, RetryAfter):
                self._after(effect.seconds, partial(self._client.retry, effect.request_number))
            elif isinstance(effect, Resubscribe):
                self._after(RESUBSCRIBE_SECONDS, self._client.listen)
        return accepted

    def _after(self, seconds: float, decide: Callable[[], Iterable[SessionEffect]]) -> None:
        def run() -> None:
            self._timers.discard(timer)
            if self._owner is not None:
                self._perform(decide())

        timer = asyncio.get_running_loop().call_later(seconds, run)
        self._timers.add(timer)

    def _detach(self) -> None:
        self._owner = None
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()


class BridgeConnector(Connector):
    """Puts a bridge on every transport of another connector."""

    def __init__(self, connector: Connector, known: Era | None) -> None:
        self._connector = connector
        self._known = known

    def __repr__(self) -> str:
        return f"<BridgeConnector {self._connector!r} known={self._known}>"

    async def connect(self, owner: TransportListener, headers: bytes, query: bytes) -> Transport:
        bridge = LegacyBridge(owner, self._known, self._learn, headers)
        bridge.adopt(await self._connector.connect(bridge, headers, query))
        return bridge

    async def probe(self) -> str:
        return await self._connector.probe()

    async def close(self) -> None:
        await self._connector.close()

    def _learn(self, era: Era) -> None:
        self._known = era
