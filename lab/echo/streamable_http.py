"""The streamable HTTP transport on one asyncio protocol: sessions, JSON and event-stream responses.

A connection answers its requests in order. Delayed replies are timers, not tasks.
"""

import asyncio
import os
import secrets
from dataclasses import dataclass, field

import msgspec

from lab.echo.handler import Handler
from lab.echo.http import HttpConnection
from lab.echo.messages import (
    CANCELLED,
    CRASH_CODE,
    PARSE_ERROR,
    PROTOCOL_VERSIONS,
    Cancel,
    Crash,
    CutReply,
    DelayedReply,
    ExpireSession,
    InvalidReply,
    Json,
    Reply,
    error,
)
from lab.echo.request import (
    EVENTS,
    JSON,
    PATH,
    Answers,
    HttpRejection,
    Request,
    answers_by_events,
    check,
)
from proxy.translation.versions import MODERN_VERSION

SESSION_LIMIT = 10_000
"""Above this limit the oldest session ends, since clients may never DELETE theirs."""


@dataclass(slots=True)
class Session:
    """A session with its pending requests and its GET stream."""

    id: str
    pending: dict[str | int, "Pending"] = field(default_factory=dict)
    stream: "Connection | None" = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A delayed reply and its connection."""

    timer: asyncio.TimerHandle
    connection: "Connection"


@dataclass(slots=True)
class Server:
    """The state that connections share.

    With `stateless`, requests of 2026-07-28 are served, too. `opening` is the first message on the
    stream that a client opens.
    """

    answers: Answers
    handle: Handler
    stateless: bool = False
    opening: Json | None = None
    sessions: dict[str, Session] = field(default_factory=dict)

    @property
    def versions(self) -> tuple[str, ...]:
        """The protocol versions that requests may name."""
        return (*PROTOCOL_VERSIONS, MODERN_VERSION) if self.stateless else PROTOCOL_VERSIONS

    def session(self, request: Request) -> Session:
        """The session of a request; raises HttpRejection 400 without an id, 404 if unknown."""
        if self.stateless and request.headers.get("mcp-protocol-version") == MODERN_VERSION:
            return Session("")
        wanted = request.headers.get("mcp-session-id")
        if wanted is None:
            raise HttpRejection(400, "Mcp-Session-Id is missing")
        if wanted not in self.sessions:
            raise HttpRejection(404, f"no such session: {wanted}")
        return self.sessions[wanted]

    def open_session(self) -> Session:
        if len(self.sessions) >= SESSION_LIMIT:
            end(self.sessions.pop(next(iter(self.sessions))))
        session = Session(secrets.token_hex(16))
        self.sessions[session.id] = session
        return session


class Connection(HttpConnection):
    """One client connection."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server
        self._events = False
        self._session: Session | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self._session is not None and self._session.stream is self:
            self._session.stream = None

    def headers(self) -> dict[str, str]:
        session = self._session
        return {"Mcp-Session-Id": session.id} if session is not None and session.id else {}

    def answer(self, request: Request) -> None:
        self._session = None
        check(request, PATH, versions=self._server.versions)
        match request.method:
            case "POST":
                self._post(request)
            case "GET":
                self._stream(request)
            case "DELETE":
                self._delete(request)
            case _:
                raise HttpRejection(405, "POST, GET or DELETE")

    def _post(self, request: Request) -> None:
        self._events = answers_by_events(request, self._server.answers)
        try:
            message = msgspec.json.decode(request.body)
        except msgspec.DecodeError as wrong:
            self._reply(error(None, PARSE_ERROR, f"not JSON: {wrong}"), status=400)
            return
        initialize = isinstance(message, dict) and message.get("method") == "initialize"
        self._session = self._server.open_session() if initialize else self._server.session(request)
        match self._server.handle(message, request.headers):
            case Reply(reply):
                self._reply(reply)
            case DelayedReply() as later:
                self._wait(later, self._session)
            case Cancel(request_id):
                self.send(202)
                _cancel(request_id, self._session)
            case InvalidReply(payload):
                self.send(200, JSON, payload)
            case Crash():
                os._exit(CRASH_CODE)
            case CutReply(reply):
                self.begin_events()
                self.cut_message(reply)
            case ExpireSession():
                session, self._session = self._session, None
                del self._server.sessions[session.id]
                end(session)
                raise HttpRejection(404, f"no such session: {session.id}")
            case _:
                self.send(202)

    def _wait(self, later: DelayedReply, session: Session) -> None:
        self.busy = True
        if self._events:
            self.begin_events()
            for message in later.first:
                self.message(message)
        call_later = asyncio.get_running_loop().call_later
        timer = call_later(later.seconds, self._finish, later, session)
        session.pending[later.request_id] = Pending(timer, self)

    def _finish(self, later: DelayedReply, session: Session) -> None:
        session.pending.pop(later.request_id, None)
        self.finish(later.reply)
        later.on_sent(later.reply)

    def finish(self, reply: Json) -> None:
        """Send a delayed reply, then continue with the next request."""
        if self._events:
            self.message(reply)
            self.end_events()
        else:
            self._reply(reply)
        self.busy = False
        self.proceed()

    def cancel(self, request_id: str | int) -> None:
        """End a cancelled request: an event stream ends, JSON needs a response."""
        if not self._events:
            self.finish(error(request_id, CANCELLED, "Request cancelled"))
            return
        self.end_events()
        self.busy = False
        self.proceed()

    def _stream(self, request: Request) -> None:
        session = self._server.session(request)
        if not request.accepts(EVENTS):
            raise HttpRejection(406, f"Accept must include {EVENTS}")
        if session.stream is not None:
            raise HttpRejection(409, "the session has a stream already")
        session.stream = self
        self._session, self.busy = session, True
        self.begin_events()
        if self._server.opening is not None:
            self.message(self._server.opening)

    def _delete(self, request: Request) -> None:
        session = self._server.session(request)
        del self._server.sessions[session.id]
        end(session)
        self.send(204)

    def _reply(self, reply: Json, status: int = 200) -> None:
        if self._events and status == 200:
            self.begin_events()
            self.message(reply)
            self.end_events()
        else:
            self.send(status, JSON, msgspec.json.encode(reply))


def end(session: Session) -> None:
    """Cancel the pending requests of a session and close its stream."""
    for request_id in tuple(session.pending):
        _cancel(request_id, session)
    if session.stream is not None:
        session.stream.close()


def _cancel(request_id: str | int, session: Session) -> None:
    pending = session.pending.pop(request_id, None)
    if pending is not None:
        pending.timer.cancel()
        pending.connection.cancel(request_id)
