"""An upstream whose sessions the proxy creates, each with its own transport."""

import uuid
from collections import Counter
from functools import partial
from time import perf_counter

from ..calls.client_request import NO_SESSION, ClientRequest, reject
from ..errors import DuplicateRequest
from ..http import response
from ..http.request_policy import SESSION_KEY
from ..outcome import CANCELLED, OVERLOADED, REJECTED, UNREACHABLE, CallOutcome
from ..telemetry.vocabulary import ErrorType, TransportState
from .base import SseSessions, Upstream
from .session_bridge import SessionBridge, SessionConfig, SessionOwner
from .session_limit import SessionLimit
from .transport_session import State


class SessionUpstream(Upstream, SseSessions, SessionOwner):
    """Opens a transport for each session, and ends it with the session."""

    def __init__(self, config: SessionConfig, *, idle: float, session_limit: SessionLimit) -> None:
        self._config = config
        self._session_limit = session_limit
        self._idle = idle
        self._bridges: dict[str, SessionBridge] = {}

    def __repr__(self) -> str:
        return f"<SessionUpstream {self._config.connector!r} sessions={len(self._bridges)}>"

    def __contains__(self, session: str) -> bool:
        return session in self._bridges

    def post(self, client_request: ClientRequest) -> None:
        name = client_request.info.session
        if name:
            bridge = self._bridges.get(name)
            if bridge is None:
                self._refuse(client_request, 404, NO_SESSION, REJECTED)
                return
            bridge.post(client_request)
        elif client_request.initialize is None:
            missing = "Mcp-Session-Id is missing: send the one in the response to initialize"
            self._refuse(client_request, 400, missing, REJECTED)
        else:
            self._open(client_request)

    def listen(self, client_request: ClientRequest) -> None:
        bridge = self._addressed(client_request)
        if bridge is None:
            return
        if client_request.info.accepts_events:
            bridge.listen(client_request)
        else:
            self._refuse(client_request, 406, "a GET needs Accept: text/event-stream", REJECTED)

    def delete(self, client_request: ClientRequest) -> None:
        bridge = self._addressed(client_request)
        if bridge is not None:
            self._end(bridge, "", CANCELLED)
            client_request.client.respond(response.start(200), b"", 200)

    def open_stream(self, client_request: ClientRequest) -> None:
        """The transport is opened with the client's first message."""
        if not client_request.info.accepts_events:
            self._refuse(client_request, 406, "a GET needs Accept: text/event-stream", REJECTED)
            return
        bridge = self._make(client_request)
        if bridge is not None:
            key = SESSION_KEY.encode()
            endpoint = b"%b?%b=%b" % (client_request.info.messages, key, bridge.name.encode())
            bridge.open_stream(client_request, endpoint)

    def post_message(self, client_request: ClientRequest) -> None:
        bridge = self._bridges.get(client_request.info.session)
        if bridge is None or not bridge.has_stream:
            self._refuse(client_request, 404, "no such session: open a new stream", REJECTED)
        else:
            bridge.post(client_request)
            if bridge.state is State.NEW:
                self._start(bridge, client_request)

    def reject(
        self, client_request: ClientRequest, status: int, reason: str, outcome: CallOutcome
    ) -> None:
        bridge = self._bridges.get(client_request.info.session)
        if bridge is None or not bridge.has_stream:
            self._refuse(client_request, 404, "no such session: open a new stream", REJECTED)
        else:
            bridge.reject(client_request, status, reason, outcome)

    def tick(self, now: float) -> None:
        for bridge in tuple(self._bridges.values()):
            bridge.tick(now)
            if now - bridge.idle_since > self._idle and not bridge.over:
                self._end(bridge, ErrorType.TIMEOUT)
        self._session_limit.tick()

    def count_transports(self, counts: Counter[TransportState]) -> None:
        there = sum(each.transport is not None for each in self._bridges.values())
        counts[TransportState.OPENING] += len(self._bridges) - there
        counts[TransportState.OPEN] += there

    async def probe(self) -> str:
        return await self._config.connector.probe()

    def drain(self) -> None:
        """Nothing to do: the client of every call in flight is connected."""

    async def close(self) -> None:
        for bridge in tuple(self._bridges.values()):
            self._end(bridge, "")
        await self._session_limit.close()
        await self._config.connector.close()

    def on_session_closed(self, bridge: SessionBridge, error_type: str) -> None:
        self._forget(bridge, error_type)

    def evict(self, bridge: SessionBridge) -> None:
        self._end(bridge, ErrorType.EVICTED)

    def _open(self, client_request: ClientRequest) -> None:
        bridge = self._make(client_request)
        if bridge is not None:
            try:
                bridge.post(client_request, ((b"mcp-session-id", bridge.name.encode()),))
            except DuplicateRequest:
                self._end(bridge, ErrorType.REJECTED)
                raise
            self._start(bridge, client_request)

    def _make(self, opening: ClientRequest) -> SessionBridge | None:
        """A new session; None if the limit is reached and the client was rejected."""
        bridge = SessionBridge(uuid.uuid4().hex, opening.caller, self._config, self)
        if not self._session_limit.acquire(bridge):
            self._refuse(opening, 503, self._session_limit.refusal(), OVERLOADED)
            return None
        self._config.recorder.session_opened(bridge.name, opening.principal, opening.initialize)
        self._bridges[bridge.name] = bridge
        self._config.recorder.ledger.sessions += 1
        return bridge

    def _start(self, bridge: SessionBridge, client_request: ClientRequest) -> None:
        bridge.enter(State.OPENING)
        info = client_request.info
        start = partial(bridge.start, info.forward + client_request.context, info.query)
        self._config.spawn(self._session_limit.open(bridge, start))

    def _addressed(self, client_request: ClientRequest) -> SessionBridge | None:
        """The session of a GET or DELETE; None if the request was rejected."""
        name = client_request.info.session
        bridge = self._bridges.get(name)
        if bridge is None:
            status, reason = (404, "no such session") if name else (400, "no Mcp-Session-Id")
            self._refuse(client_request, status, reason, REJECTED)
        return bridge

    def _end(
        self, bridge: SessionBridge, error_type: str, outcome: CallOutcome = UNREACHABLE
    ) -> None:
        bridge.end("the session ended", outcome)
        self._forget(bridge, error_type)

    def _forget(self, bridge: SessionBridge, error_type: str) -> None:
        del self._bridges[bridge.name]
        self._config.recorder.forget_session(bridge.name)
        self._session_limit.release(bridge)
        self._config.recorder.session_ended(perf_counter() - bridge.opened_at, error_type)

    def _refuse(
        self, client_request: ClientRequest, status: int, reason: str, outcome: CallOutcome
    ) -> None:
        reject(client_request, self._config.recorder, status, reason, outcome)
