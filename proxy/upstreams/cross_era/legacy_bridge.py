"""A link to a modern server for a legacy client's session, around the link that carries it.

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
from ...outcome import Verdict
from ...translation import server_messages
from ...translation.effects import Cancel, Later, Relisten, Send, SessionEffect, Tell
from ...translation.legacy_client import LegacyClient
from ...translation.opening import PROBE_SECONDS, modern_meta, speaks_modern
from ...translation.request import Refused, Request, cancellation, identity, plain, request
from ...translation.versions import Era
from ...transports.base import Connector, Link, LinkOwner

LOG = logging.getLogger("proxy.bridge")

RELISTEN_SECONDS = 5.0
"""How long after its end a stream of changes is opened again."""


class _Way(Enum):
    """What becomes of the messages."""

    UNDECIDED = auto()
    PASS = auto()
    TRANSLATE = auto()


_WAYS = {None: _Way.UNDECIDED, Era.LEGACY: _Way.PASS, Era.MODERN: _Way.TRANSLATE}


class Bridge(Link, LinkOwner):
    """Between a session, which owns it, and a link, which it owns."""

    def __init__(
        self, owner: LinkOwner, known: Era | None, settle: Callable[[Era], None], headers: bytes
    ) -> None:
        self.exited = asyncio.Event()
        self._owner: LinkOwner | None = owner
        self._way = _WAYS[known]
        self._settle = settle
        self._headers = headers
        self._link: Link | None = None
        self._client = LegacyClient()
        self._greeting: Request | None = None
        self._refusal = b""
        self._timers: set[asyncio.TimerHandle] = set()

    def __repr__(self) -> str:
        return f"<Bridge {self._way.name} {self._link!r}>"

    @property
    def probing(self) -> bool:
        return self._way is _Way.UNDECIDED and bool(self._refusal)

    def adopt(self, link: Link) -> None:
        """The link is there."""
        self._link = link
        self.exited = link.exited

    def send(self, message: bytes, headers: bytes = b"") -> bool:
        self._headers = headers
        if self._way is _Way.TRANSLATE:
            return self._perform(
                effect for each in codec.split(message) for effect in self._ask(*each)
            )
        if self._way is _Way.UNDECIDED:
            self._look(message)
        return self._pass(message)

    @property
    def held(self) -> int:
        return 0 if self._link is None else self._link.held

    def pause(self) -> None:
        if self._link is not None:
            self._link.pause()

    def resume(self) -> None:
        if self._link is not None:
            self._link.resume()

    def end(self) -> None:
        self._leave()
        if self._link is not None:
            self._link.end()

    def kill(self) -> None:
        self._leave()
        if self._link is not None:
            self._link.kill()

    def link_message(self, data: bytes, arrived: float) -> None:
        owner = self._owner
        if owner is None:
            return
        if self._way is _Way.PASS:
            owner.link_message(data, arrived)
            return
        try:
            messages = server_messages.read(data)
        except MalformedMessage:
            logs.event(LOG, "not a message", logging.WARNING, bytes=len(data))
            return
        for message, part in messages:
            if self._owner is None:
                return
            if self._way is _Way.TRANSLATE:
                self._perform(self._client.receive(message))
            elif self._way is _Way.UNDECIDED:
                self._decide(owner, message, part)
            else:
                owner.link_message(part, arrived)

    def link_returned(self, ids: Sequence[RequestId] | None, verdict: Verdict, reason: str) -> None:
        owner = self._owner
        if owner is None:
            return
        if self._way is _Way.TRANSLATE and ids is not None:
            ids = [known for each in ids if (known := self._lose(each)) is not None]
        owner.link_returned(ids, verdict, reason)

    def link_ended(self, verdict: Verdict, reason: str) -> None:
        self._give_up_probing()
        owner = self._owner
        self._leave()
        if owner is not None:
            owner.link_ended(verdict, reason)

    def _lose(self, number: RequestId) -> RequestId | None:
        """The id by which the client knows a request that is lost; None if it has none."""
        lost, effects = self._client.lose(number)
        self._perform(effects)
        return None if lost is None else identity(lost.id)

    def _pass(self, message: bytes) -> bool:
        return self._link is None or self._link.send(message, self._headers)

    def _ask(self, message: Message, data: bytes) -> Iterable[SessionEffect]:
        try:
            return self._client.ask(data)
        except MalformedMessage as error:
            refused = Refused(methods.INVALID_PARAMS, str(error))
            return [Tell(refused.answer(raw(message.id)))] if message.is_request else []

    def _look(self, message: bytes) -> None:
        """Remember what the client opens the session with."""
        for found, part in codec.split(message):
            if found.is_request and found.method == methods.INITIALIZE:
                # Params that are no object are for the server to refuse.
                with suppress(MalformedMessage):
                    self._greeting = Request(part)

    def _decide(self, owner: LinkOwner, message: Fields, data: bytes) -> None:
        """See by the server's answers whether it speaks the client's era."""
        greeting, answered = self._greeting, plain(message.get("id"))
        if "method" in message or greeting is None:
            owner.link_message(data, perf_counter())
        elif answered == methods.DISCOVER and self._refusal:
            self._discovered(owner, greeting, modern=speaks_modern(message) is True)
        elif answered != plain(greeting.id) or "error" not in message:
            self._way = _Way.PASS
            owner.link_message(data, perf_counter())
        else:
            self._refusal = data
            meta = modern_meta(greeting.params.get("clientInfo"), None)
            self._pass(request(methods.DISCOVER, methods.DISCOVER, {"_meta": meta}))
            self._after(PROBE_SECONDS, self._give_up_probing)

    def _give_up_probing(self) -> Iterable[SessionEffect]:
        """The server ends or says nothing when it is asked: it is a legacy one, and refused."""
        if self.probing and self._owner is not None:
            self._settle(Era.LEGACY)
            self._way = _Way.PASS
            self._owner.link_message(self._refusal, perf_counter())
        return ()

    def _discovered(self, owner: LinkOwner, greeting: Request, *, modern: bool) -> None:
        if modern:
            self._way = _Way.TRANSLATE
            self._settle(Era.MODERN)
            self._perform(self._client.ask(encode(greeting.fields)))
        else:
            self._way = _Way.PASS
            owner.link_message(self._refusal, perf_counter())

    def _perform(self, effects: Iterable[SessionEffect]) -> bool:
        """False if the server does not take what is sent."""
        taken = True
        for effect in effects:
            if isinstance(effect, Send):
                taken = self._pass(effect.message) and taken
            elif isinstance(effect, Cancel):
                taken = self._pass(cancellation(effect.ticket)) and taken
            elif isinstance(effect, Tell) and self._owner is not None:
                self._owner.link_message(effect.message, perf_counter())
            elif isinstance(effect, Later):
                self._after(effect.seconds, partial(self._client.retry, effect.ticket))
            elif isinstance(effect, Relisten):
                self._after(RELISTEN_SECONDS, self._client.listen)
        return taken

    def _after(self, seconds: float, decide: Callable[[], Iterable[SessionEffect]]) -> None:
        def go_on() -> None:
            self._timers.discard(timer)
            if self._owner is not None:
                self._perform(decide())

        timer = asyncio.get_running_loop().call_later(seconds, go_on)
        self._timers.add(timer)

    def _leave(self) -> None:
        self._owner = None
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()


class Bridges(Connector):
    """Puts a bridge on every link of another connector."""

    def __init__(self, connector: Connector, known: Era | None) -> None:
        self._connector = connector
        self._known = known

    def __repr__(self) -> str:
        return f"<Bridges {self._connector!r} known={self._known}>"

    async def connect(self, owner: LinkOwner, headers: bytes, query: bytes) -> Link:
        bridge = Bridge(owner, self._known, self._learn, headers)
        bridge.adopt(await self._connector.connect(bridge, headers, query))
        return bridge

    async def probe(self) -> str:
        return await self._connector.probe()

    async def close(self) -> None:
        await self._connector.close()

    def _learn(self, era: Era) -> None:
        self._known = era
