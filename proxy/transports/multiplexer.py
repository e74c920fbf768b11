"""Many sessions with one server, isolated from each other.

Each request of a session gets an id and a progress token of its own. The server answers
`initialize` once, and later sessions get the same answer; so all have the first one's revision, and
the server sees the first one's capabilities only. A request of the server goes to the one session
that has a call in flight, or is the only one; else the server gets an error. Its notifications go
to every session, except progress and cancellation, which have one addressee.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from time import perf_counter

from .. import logs
from ..errors import MalformedMessage
from ..jsonrpc import codec, methods
from ..jsonrpc.members import Fields, encode, members, parse_members, raw
from ..jsonrpc.message import NO_PARAMS, Message, RequestId
from ..outcome import REJECTED, CallOutcome
from ..translation import server_messages
from ..translation.id_map import IdMap
from ..translation.request import JsonRpcError
from .base import Transport, TransportListener
from .shared_session import SessionRequest, SharedSession

LOG = logging.getLogger("proxy.hub")

MOST_ASKED = 1000
"""Questions of the server that may wait for clients; one more is answered by an error."""
NOBODY = "no single session can be asked: the server is shared"
_NO_DISCOVERY = JsonRpcError(
    methods.METHOD_NOT_FOUND, "the server has a session that was initialized"
)


class Multiplexer(TransportListener):
    """The sessions of one running server. `over` is set at its end.

    `on_end` is called at the end of the server, before any session is notified. A server is asked
    for its era (`server/discover`) only while it has no session that the answer could affect;
    `unprobed` is set while no probe is in flight.
    """

    def __init__(self, on_end: Callable[[], None] = lambda: None) -> None:
        self.over = asyncio.Event()
        self.unprobed = asyncio.Event()
        self.unprobed.set()
        self._on_end = on_end
        self._probes: dict[int, SharedSession] = {}
        self._held: list[tuple[SharedSession, Message, bytes]] = []
        self.reason = ""
        self.spoke = False
        self._transport: Transport | None = None
        self._sessions: set[SharedSession] = set()
        self._requests = IdMap[SessionRequest]()
        self._asked: dict[RequestId, SharedSession] = {}
        self._cached_initialize: Fields | None = None
        self._initializing = 0
        self._pending_initializes: list[SessionRequest] = []
        self._initialized = False

    def __repr__(self) -> str:
        return f"<Multiplexer shares={len(self._sessions)} open={len(self._requests)}>"

    @property
    def probing(self) -> bool:
        return bool(self._probes)

    def attach(self, transport: Transport) -> None:
        """The way to the server is there."""
        self._transport = transport

    async def close(self) -> None:
        """End the server, which no session has any more."""
        self.over.set()
        self.unprobed.set()
        if self._transport is not None:
            self._transport.end()
            await self._transport.exited.wait()

    def open(self, owner: TransportListener) -> SharedSession:
        """A new session's share."""
        session = SharedSession(self, owner)
        self._sessions.add(session)
        return session

    def forward(self, session: SharedSession, message: Message, data: bytes) -> bool:
        """Send a session's message on; False if the server does not take it."""
        try:
            return self._forward(session, message, data)
        except MalformedMessage as error:  # Hardly JSON, and too long to be mended.
            if message.is_request:
                session.on_undelivered(message.id, REJECTED, str(error))  # type: ignore[arg-type]
            return True

    def _forward(self, session: SharedSession, message: Message, data: bytes) -> bool:
        if message.is_request:
            return self._forward_request(session, message, parse_members(data))
        if message.is_answer:
            return self._forward_response(session, message, data)
        if message.method == methods.CANCELLED:
            return self._forward_cancellation(session, message, parse_members(data))
        if message.method == methods.INITIALIZED:
            first, self._initialized = not self._initialized, True
            return self._send(data) if first else True
        return self._send(data)

    def remove(self, session: SharedSession) -> None:
        """A session ended: the server need not work for it any more, nor wait for it."""
        self._sessions.discard(session)
        self._pending_initializes = [
            each for each in self._pending_initializes if each.session is not session
        ]
        self._held = [each for each in self._held if each[0] is not session]
        self._forget_probe(session)
        for mapped in self._requests:
            if mapped.session is session and not mapped.initializes:
                self._requests.pop(mapped.number)
                params = {"requestId": mapped.number, "reason": "the client left"}
                self._send(
                    encode({"jsonrpc": "2.0", "method": methods.CANCELLED, "params": params})
                )
        for request_id in [each for each, asked in self._asked.items() if asked is session]:
            del self._asked[request_id]
            self._send(codec.error(request_id, codec.UPSTREAM_LOST, "the client left"))

    def on_message(self, data: bytes, arrived: float) -> None:
        try:
            parts = server_messages.each_of(
                data, lambda part: (server_messages.labels(part), server_messages.members_of(part))
            )
        except MalformedMessage:
            logs.event(LOG, "not a message", logging.WARNING, bytes=len(data))
            return
        self.spoke = True
        for (message, fields), part in parts:
            if message.is_answer:
                self._handle_response(message, fields, arrived)
            elif message.is_request:
                self._handle_server_request(message, part, arrived)
            elif message.method == methods.PROGRESS:
                self._handle_progress(message, fields, arrived)
            else:
                self._handle_notification(message, part, arrived)

    def on_undelivered(
        self, numbers: Sequence[RequestId] | None, outcome: CallOutcome, reason: str
    ) -> None:
        if numbers is None:
            numbers = [each.number for each in self._requests] if len(self._requests) == 1 else ()
        for number in numbers:
            mapped = self._close(number)
            if mapped is None:
                continue
            pending: list[SessionRequest] = []
            if mapped.number == self._initializing:
                self._initializing, pending, self._pending_initializes = (
                    0,
                    self._pending_initializes,
                    [],
                )
            for each in (mapped, *pending):
                each.session.on_undelivered(each.key, outcome, reason)

    def on_closed(self, outcome: CallOutcome, reason: str) -> None:
        self.reason = reason
        self.over.set()
        self.unprobed.set()
        self._on_end()
        sessions, self._sessions = self._sessions, set()
        for session in sessions:
            session.on_lost(outcome, reason)

    def _forward_request(self, session: SharedSession, message: Message, fields: Fields) -> bool:
        mapped = SessionRequest(session, message, fields)
        probes = session.probing and message.method == methods.DISCOVER
        if mapped.initializes and self._answer_initialize(mapped):
            return True
        if probes and self._spares(mapped, message, fields):
            return True
        number = self._requests.add(mapped)
        sent = {**fields, "id": raw(number)}
        if mapped.token is not None:
            params = members(fields, "params")
            meta = {**members(params, "_meta"), "progressToken": raw(number)}
            sent["params"] = raw({**params, "_meta": meta})
        if not self._send(encode(sent)):
            self._requests.pop(number)
            return False
        session.numbers[mapped.key] = number
        if mapped.initializes:
            self._initializing = number
            self._forget_probe(session)
        if probes:
            self._probes[number] = session
            self.unprobed.clear()
        return True

    def _spares(self, mapped: SessionRequest, message: Message, fields: Fields) -> bool:
        """Whether the probe is withheld: the era is known, or will be, from a session."""
        if self._cached_initialize is not None:
            rejection = _NO_DISCOVERY.answer(mapped.id)
            asyncio.get_running_loop().call_soon(mapped.session.deliver, rejection, perf_counter())
        elif self._initializing:
            self._held.append((mapped.session, message, encode(fields)))
        return bool(self._cached_initialize or self._initializing)

    def _forget_probe(self, session: SharedSession) -> None:
        """The share's owner waits no more for what the server speaks."""
        self._probes = {
            number: each for number, each in self._probes.items() if each is not session
        }
        if not self._probes:
            self.unprobed.set()

    def _answer_initialize(self, mapped: SessionRequest) -> bool:
        """Whether the server need not be asked: its answer is known, or on its way."""
        if self._cached_initialize is not None:
            initialize_result = mapped.answer(self._cached_initialize)
            loop = asyncio.get_running_loop()
            loop.call_soon(mapped.session.deliver, initialize_result, perf_counter())
            return True
        if self._initializing:
            self._pending_initializes.append(mapped)
        return bool(self._initializing)

    def _forward_response(self, session: SharedSession, message: Message, data: bytes) -> bool:
        """An answer to what the server asked this very session; of others it is dropped."""
        if self._asked.get(message.id) is not session:  # type: ignore[arg-type]
            return True
        del self._asked[message.id]  # type: ignore[arg-type]
        return self._send(data)

    def _forward_cancellation(
        self, session: SharedSession, message: Message, fields: Fields
    ) -> bool:
        """The client no longer waits for the answer, and a server need not give it."""
        number = session.numbers.get((message.params or NO_PARAMS).request_id)  # type: ignore[arg-type]
        if number is None or number == self._initializing:
            return True
        self._close(number)
        params = {**members(fields, "params"), "requestId": raw(number)}
        return self._send(encode({**fields, "params": params}))

    def _handle_response(self, message: Message, fields: Fields, arrived: float) -> None:
        mapped = self._close(message.id)
        if mapped is None:
            self._handle_unmatched(message, fields, arrived)
            return
        if mapped.number == self._initializing:
            self._handle_initialize_result(message, fields, arrived)
        mapped.session.deliver(mapped.answer(fields), arrived)

    def _close(self, number: object) -> SessionRequest | None:
        """A request at the server is over: whose it was."""
        mapped = self._requests.pop(number)
        if mapped is not None:
            if mapped.session.numbers.get(mapped.key) == mapped.number:
                del mapped.session.numbers[mapped.key]
            if mapped.number in self._probes:
                self._forget_probe(mapped.session)
        return mapped

    def _handle_unmatched(self, message: Message, fields: Fields, arrived: float) -> None:
        """An error that names no request there ever was is the only session's, if there is one."""
        late = self._requests.was_used(message.id)
        if message.error and not late and len(self._sessions) == 1:
            [session] = self._sessions
            session.deliver(encode(fields), arrived)

    def _handle_initialize_result(self, message: Message, fields: Fields, arrived: float) -> None:
        """An error is not cached: the next session may send `initialize` again."""
        self._initializing = 0
        if message.result and "result" in fields:
            self._cached_initialize = fields
        pending, self._pending_initializes = self._pending_initializes, []
        for each in pending:
            each.session.deliver(each.answer(fields), arrived)
        held, self._held = self._held, []
        for session, asked, data in held:
            if session.probing:
                self.forward(session, asked, data)

    def _handle_server_request(self, message: Message, data: bytes, arrived: float) -> None:
        request_id: RequestId = message.id  # type: ignore[assignment]  # a request has one
        if message.method == methods.PING:
            self._send(encode({"jsonrpc": "2.0", "id": request_id, "result": {}}))
            return
        busy = {each.session for each in self._requests if not each.initializes}
        among = busy or self._sessions
        if len(among) != 1 or len(self._asked) >= MOST_ASKED:
            self._send(codec.error(request_id, codec.UPSTREAM_LOST, NOBODY))
            return
        [session] = among
        self._asked[request_id] = session
        session.deliver(data, arrived)

    def _handle_notification(self, message: Message, data: bytes, arrived: float) -> None:
        if message.method == methods.CANCELLED:
            asked = (message.params or NO_PARAMS).request_id
            session = self._asked.pop(asked, None)  # type: ignore[arg-type]
            if session is not None:
                session.deliver(data, arrived)
        else:
            for session in tuple(self._sessions):
                session.deliver(data, arrived)

    def _handle_progress(self, message: Message, fields: Fields, arrived: float) -> None:
        number = (message.params or NO_PARAMS).progress_token
        mapped = self._requests.get(number) if type(number) is int else None
        if mapped is None or mapped.token is None:
            return
        mapped.session.deliver(mapped.progress(fields), arrived)

    def _send(self, message: bytes) -> bool:
        return self._transport is not None and self._transport.send(message)
