"""The streamable HTTP transport on one asyncio protocol: sessions, JSON and event-stream answers.

A connection answers its requests in order. Waiting (`sleep`, an open GET stream) is a timer or a
parked connection, never a task.
"""

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import cast

import httptools
import msgspec

from lab.echo.messages import (
    CANCELLED,
    PARSE_ERROR,
    Cancel,
    Json,
    Later,
    Reply,
    error,
    log_notification,
    receive,
)
from lab.echo.request import (
    EVENTS,
    JSON,
    Answers,
    Refusal,
    Request,
    answers_by_events,
    check,
)

BODY_LIMIT_BYTES = 16 * 1024 * 1024

SESSION_LIMIT = 10_000
"""More sessions than this, and the oldest ends: clients that never DELETE cannot fill memory."""

_REASONS = {
    200: "OK", 202: "Accepted", 204: "No Content", 400: "Bad Request", 403: "Forbidden",
    404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable", 409: "Conflict",
    413: "Content Too Large",
}  # fmt: skip


@dataclass(slots=True)
class Session:
    """One client's session: its id and what is still open in it."""

    id: str
    pending: dict[str | int, "Pending"] = field(default_factory=dict)
    stream: "Connection | None" = None


@dataclass(frozen=True, slots=True)
class Pending:
    """An answer that waits for its time on a connection."""

    timer: asyncio.TimerHandle
    connection: "Connection"


@dataclass(slots=True)
class Server:
    """What the connections share."""

    answers: Answers
    sessions: dict[str, Session] = field(default_factory=dict)

    def session(self, request: Request) -> Session:
        """The session a request names; 400 when it names none, 404 when it is gone."""
        wanted = request.headers.get("mcp-session-id")
        if wanted is None:
            raise Refusal(400, "Mcp-Session-Id is missing")
        if wanted not in self.sessions:
            raise Refusal(404, f"no such session: {wanted}")
        return self.sessions[wanted]

    def open_session(self) -> Session:
        if len(self.sessions) >= SESSION_LIMIT:
            end(self.sessions.pop(next(iter(self.sessions))))
        session = Session(secrets.token_hex(16))
        self.sessions[session.id] = session
        return session


class Connection(asyncio.Protocol):
    """One client connection."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._parser = httptools.HttpRequestParser(self)
        self._request = Request()
        self._waiting: deque[Request] = deque()
        self._busy = False
        self._events = False
        self._session: Session | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._session is not None and self._session.stream is self:
            self._session.stream = None

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError:
            raise
        except httptools.HttpParserError:
            self._send(400, "text/plain", b"not HTTP/1.1\n")
            self._transport.close()

    def on_message_begin(self) -> None:
        self._request = Request()

    def on_url(self, url: bytes) -> None:
        self._request.path += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._request.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        if len(self._request.body) + len(body) <= BODY_LIMIT_BYTES:
            self._request.body += body
        elif not self._transport.is_closing():
            self._send(413, "text/plain", b"body is too large\n")
            self._transport.close()

    def on_message_complete(self) -> None:
        self._request.method = self._parser.get_method().decode("latin-1")
        self._waiting.append(self._request)
        self._proceed()

    def _proceed(self) -> None:
        while self._waiting and not self._busy and not self._transport.is_closing():
            request = self._waiting.popleft()
            try:
                self._answer(request)
            except Refusal as refusal:
                self._send(refusal.status, "text/plain", f"{refusal}\n".encode())

    def _answer(self, request: Request) -> None:
        self._session = None
        check(request)
        match request.method:
            case "POST":
                self._post(request)
            case "GET":
                self._stream(request)
            case "DELETE":
                self._delete(request)
            case _:
                raise Refusal(405, "POST, GET or DELETE")

    def _post(self, request: Request) -> None:
        self._events = answers_by_events(request, self._server.answers)
        try:
            message = msgspec.json.decode(request.body)
        except msgspec.DecodeError as wrong:
            self._reply(error(None, PARSE_ERROR, f"not JSON: {wrong}"), status=400)
            return
        initialize = isinstance(message, dict) and message.get("method") == "initialize"
        self._session = self._server.open_session() if initialize else self._server.session(request)
        match receive(message):
            case Reply(reply):
                self._reply(reply)
            case Later() as later:
                self._wait(later, self._session)
            case Cancel(request_id):
                self._send(202)
                _cancel(request_id, self._session)
            case _:
                self._send(202)

    def _wait(self, later: Later, session: Session) -> None:
        self._busy = True
        if self._events:
            self._begin_events()
            for message in later.first:
                self._event(message)
        call_later = asyncio.get_running_loop().call_later
        timer = call_later(later.seconds, self._finish, later, session)
        session.pending[later.request_id] = Pending(timer, self)

    def _finish(self, later: Later, session: Session) -> None:
        session.pending.pop(later.request_id, None)
        self.finish(later.reply)

    def finish(self, reply: Json) -> None:
        """Send the answer that the connection waited with, and go on with what came since."""
        if self._events:
            self._event(reply)
            self._end_events()
        else:
            self._reply(reply)
        self._busy = False
        self._proceed()

    def cancel(self, request_id: str | int) -> None:
        """End a cancelled request: an event stream just ends, JSON needs an answer."""
        if not self._events:
            self.finish(error(request_id, CANCELLED, "Request cancelled"))
            return
        self._end_events()
        self._busy = False
        self._proceed()

    def _stream(self, request: Request) -> None:
        session = self._server.session(request)
        if not request.accepts(EVENTS):
            raise Refusal(406, f"Accept must include {EVENTS}")
        if session.stream is not None:
            raise Refusal(409, "the session has a stream already")
        session.stream = self
        self._session, self._busy = session, True
        self._begin_events()
        self._event(log_notification("stream opened"))

    def _delete(self, request: Request) -> None:
        session = self._server.session(request)
        del self._server.sessions[session.id]
        end(session)
        self._send(204)

    def close(self) -> None:
        """End the open GET stream and its connection."""
        self._end_events()
        self._transport.close()

    def _reply(self, reply: Json, status: int = 200) -> None:
        if self._events and status == 200:
            self._begin_events()
            self._event(reply)
            self._end_events()
        else:
            self._send(status, JSON, msgspec.json.encode(reply))

    def _send(self, status: int, media: str = "", body: bytes = b"") -> None:
        head = _head(status, media, self._session)
        if status != 204:
            head += f"Content-Length: {len(body)}\r\n"
        self._transport.write(f"{head}\r\n".encode() + body)

    def _begin_events(self) -> None:
        head = _head(200, EVENTS, self._session)
        self._transport.write(
            f"{head}Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )

    def _event(self, message: Json) -> None:
        event = b"event: message\ndata: " + msgspec.json.encode(message) + b"\n\n"
        self._transport.write(b"%x\r\n%b\r\n" % (len(event), event))

    def _end_events(self) -> None:
        self._transport.write(b"0\r\n\r\n")


def end(session: Session) -> None:
    """Cancel what waits in a session and close its stream."""
    for request_id in tuple(session.pending):
        _cancel(request_id, session)
    if session.stream is not None:
        session.stream.close()


def _cancel(request_id: str | int, session: Session) -> None:
    pending = session.pending.pop(request_id, None)
    if pending is not None:
        pending.timer.cancel()
        pending.connection.cancel(request_id)


def _head(status: int, media: str, session: Session | None) -> str:
    lines = [f"HTTP/1.1 {status} {_REASONS[status]}"]
    if media:
        lines.append(f"Content-Type: {media}")
    if session is not None:
        lines.append(f"Mcp-Session-Id: {session.id}")
    return "\r\n".join(lines) + "\r\n"
