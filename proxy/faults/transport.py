"""A transport whose server has faults: between a session, which owns it, and the real transport."""

import asyncio
from collections.abc import Sequence
from functools import partial
from time import perf_counter

from ..errors import MalformedMessage
from ..jsonrpc import codec, ids, methods
from ..jsonrpc.members import encode
from ..jsonrpc.message import NO_PARAMS, Message, RequestId
from ..outcome import INVALID_RESPONSE, UNREACHABLE, CallOutcome
from ..transports.base import Transport, TransportListener
from ..transports.oversized_message import too_long
from . import answers
from .active_faults import ActiveFaults
from .effects import (
    LIST_CHANGED,
    Cut,
    Effect,
    Expired,
    Later,
    Malformed,
    Preceded,
    Unanswered,
)

CRASHED = "the server closed the connection"
_LIST_CHANGED = encode(LIST_CHANGED)


class FaultyTransport(Transport, TransportListener):
    """What is sent and received passes as it is, but for requests that a fault concerns.

    A subclass knows what its real transport reports of such a server. `message_limit`, in bytes,
    is that of the real transport.
    """

    in_session = True
    """Whether the server can end a session with 404."""

    def __init__(self, owner: TransportListener, faults: ActiveFaults, message_limit: int) -> None:
        self.exited = asyncio.Event()
        self._owner: TransportListener | None = owner
        self._faults = faults
        self._message_limit = message_limit
        self._transport: Transport | None = None
        self._concerned: dict[RequestId, tuple[Effect, ...]] = {}
        self._timers: dict[RequestId, tuple[asyncio.TimerHandle, int]] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} concerned={len(self._concerned)} {self._transport!r}>"

    @property
    def over(self) -> bool:
        """Whether its owner gets no more events."""
        return self._owner is None

    @property
    def probing(self) -> bool:
        return self._owner is not None and self._owner.probing

    def adopt(self, transport: Transport) -> None:
        """The real transport is open."""
        self._transport = transport
        self.exited = transport.exited

    def send(self, message: bytes, headers: bytes = b"") -> bool:
        if self._transport is None:
            return True
        if not self._concerned and not self._timers and not self._faults.any_of_answers():
            return self._transport.send(message, headers)
        concerned = self._note(message)
        effects = (each for found in concerned.values() for each in found)
        if self.in_session and any(isinstance(each, Expired) for each in effects):
            asyncio.get_running_loop().call_soon(self._expire, tuple(concerned))
            return True
        self._concerned.update(concerned)
        accepted = self._transport.send(message, headers)
        if not accepted:
            for each in concerned:
                self._forget(each)
        return accepted

    @property
    def held(self) -> int:
        delayed = sum(size for _, size in self._timers.values())
        return delayed + (0 if self._transport is None else self._transport.held)

    def pause(self) -> None:
        """Answers that are late still come when they are due: holding them takes memory."""
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

    def crash(self) -> None:
        """The server's end of the connection is gone at once."""
        owner = self._owner
        if owner is not None and not owner.probing:
            self.kill()
            owner.on_closed(UNREACHABLE, CRASHED)

    def on_message(self, data: bytes, arrived: float) -> None:
        owner = self._owner
        if owner is None:
            return
        parts = self._concerned_answers(data) if self._concerned else ()
        if not parts:
            owner.on_message(data, arrived)
        for request_id, part in parts:
            if self._owner is None:
                return
            if request_id is None:
                owner.on_message(part, arrived)
            else:
                self._answer(request_id, part, arrived)

    def on_undelivered(
        self, ids: Sequence[RequestId] | None, outcome: CallOutcome, reason: str
    ) -> None:
        for each in ids or ():
            self._forget(each)
        if self._owner is not None:
            self._owner.on_undelivered(ids, outcome, reason)

    def on_closed(self, outcome: CallOutcome, reason: str) -> None:
        owner = self._owner
        self._detach()
        if owner is not None:
            owner.on_closed(outcome, reason)

    def on_malformed(self, owner: TransportListener, request_id: RequestId) -> None:
        """The server sent a frame that is not JSON as the answer."""
        raise NotImplementedError

    def on_cut(self, owner: TransportListener, request_id: RequestId) -> None:
        """The server closed the connection within the answer."""
        raise NotImplementedError

    def on_expired(self, owner: TransportListener, requests: Sequence[RequestId]) -> None:
        """The server answered 404 to these requests, since it ended the session."""
        raise NotImplementedError

    def _note(self, message: bytes) -> dict[RequestId, tuple[Effect, ...]]:
        """The requests in a message to the server that a fault concerns."""
        try:
            parts = codec.split(message)
        except MalformedMessage:
            return {}
        concerned = {}
        for each, _ in parts:
            if each.method == methods.CANCELLED:
                cancelled = (each.params or NO_PARAMS).request_id
                if cancelled is not None:
                    self._forget(cancelled)
            elif each.is_request and isinstance(each.id, RequestId):
                effects = self._faults.effects(each.method)
                concerned.update({each.id: effects} if effects else {})
        return concerned

    def _concerned_answers(self, data: bytes) -> tuple[tuple[RequestId | None, bytes], ...]:
        """Each part of a message, with the id if it answers what a fault concerns; or nothing."""
        try:
            found = [(self._match(message), part) for message, part in codec.split(data)]
        except MalformedMessage:
            return ()
        return tuple(found) if any(each is not None for each, _ in found) else ()

    def _match(self, message: Message) -> RequestId | None:
        return ids.match_id(message.id, self._concerned) if message.is_answer else None

    def _answer(self, request_id: RequestId, data: bytes, arrived: float) -> None:
        """The answer to a request that a fault concerns has come."""
        effects = self._concerned.pop(request_id, ())
        if any(isinstance(each, Unanswered) for each in effects):
            return
        changed = answers.changed(data, effects, self._message_limit)
        act = partial(self._act, request_id, changed, effects, arrived)
        late = sum(each.seconds for each in effects if isinstance(each, Later))
        if late:
            timer = asyncio.get_running_loop().call_later(late, act)
            self._timers[request_id] = timer, len(changed)
        else:
            act()

    def _act(
        self,
        request_id: RequestId,
        data: bytes,
        effects: tuple[Effect, ...],
        arrived: float,
    ) -> None:
        """It is time for the answer."""
        late = self._timers.pop(request_id, None) is not None
        owner = self._owner
        if owner is None:
            return
        kinds = {type(each) for each in effects}
        if Malformed in kinds:
            self.on_malformed(owner, request_id)
        elif Cut in kinds:
            self.on_cut(owner, request_id)
        elif len(data) > self._message_limit:
            reason = too_long(self._message_limit)
            owner.on_undelivered((request_id,), INVALID_RESPONSE, reason)
        else:
            first = sum(each.count for each in effects if isinstance(each, Preceded))
            self._deliver(data, first, perf_counter() if late else arrived)

    def _deliver(self, data: bytes, first: int, arrived: float) -> None:
        """Give the owner an answer, after so many notifications."""
        for message in (*(_LIST_CHANGED for _ in range(first)), data):
            if self._owner is not None:
                self._owner.on_message(message, arrived)

    def _expire(self, requests: tuple[RequestId, ...]) -> None:
        if self._owner is not None:
            self.on_expired(self._owner, requests)

    def _forget(self, request_id: RequestId) -> None:
        """No answer is waited for any more."""
        self._concerned.pop(request_id, None)
        timer, _ = self._timers.pop(request_id, (None, 0))
        if timer is not None:
            timer.cancel()

    def _detach(self) -> None:
        self._owner = None
        for request_id in (*self._concerned, *self._timers):
            self._forget(request_id)
