"""The HTTP+SSE transport of revision 2024-11-05: one event stream per session, messages by POST."""

import asyncio
import os
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import msgspec

from lab.echo.handler import Handler
from lab.echo.http import HttpConnection
from lab.echo.messages import (
    CRASH_CODE,
    PARSE_ERROR,
    Cancel,
    Crash,
    DelayedReply,
    InvalidReply,
    Reply,
    error,
)
from lab.echo.request import EVENTS, MESSAGES_PATH, SSE_PATH, HttpRejection, Request, check

Sessions = dict[str, "Stream"]


@dataclass(slots=True)
class Stream:
    """The event stream of a session, and its delayed replies."""

    connection: "SseConnection"
    pending: dict[str | int, asyncio.TimerHandle] = field(default_factory=dict)


class SseConnection(HttpConnection):
    """A client connection, with the event stream of a session or POSTs of messages."""

    def __init__(self, sessions: Sessions, handle: Handler) -> None:
        super().__init__()
        self._sessions = sessions
        self._handle = handle
        self._session = ""

    def connection_lost(self, exc: Exception | None) -> None:
        stream = self._sessions.pop(self._session, None)
        if stream is not None:
            for timer in stream.pending.values():
                timer.cancel()

    def answer(self, request: Request) -> None:
        check(request, SSE_PATH, MESSAGES_PATH)
        path, _, query = request.path.partition("?")
        match request.method, path:
            case "GET", "/sse":
                self._open(request)
            case "POST", "/messages":
                self._post(request, parse_qs(query).get("session_id", [""])[0])
            case _:
                raise HttpRejection(405, f"GET {SSE_PATH} or POST {MESSAGES_PATH}")

    def _open(self, request: Request) -> None:
        if not request.accepts(EVENTS):
            raise HttpRejection(406, f"Accept must include {EVENTS}")
        self._session = secrets.token_hex(16)
        self._sessions[self._session] = Stream(self)
        self.busy = True
        self.begin_events()
        self.event("endpoint", f"{MESSAGES_PATH}?session_id={self._session}".encode())

    def _post(self, request: Request, session: str) -> None:
        stream = self._sessions.get(session)
        if stream is None:
            raise HttpRejection(404, "no such session")
        self.send(202)
        try:
            message = msgspec.json.decode(request.body)
        except msgspec.DecodeError as wrong:
            stream.connection.message(error(None, PARSE_ERROR, f"not JSON: {wrong}"))
            return
        match self._handle(message, request.headers):
            case Reply(reply):
                stream.connection.message(reply)
            case DelayedReply() as later:
                _wait(later, stream)
            case Cancel(request_id) if request_id in stream.pending:
                stream.pending.pop(request_id).cancel()
            case InvalidReply(payload):
                stream.connection.event("message", payload)
            case Crash():
                os._exit(CRASH_CODE)


def _wait(later: DelayedReply, stream: Stream) -> None:
    for message in later.first:
        stream.connection.message(message)
    call_later = asyncio.get_running_loop().call_later
    timer = call_later(later.seconds, _finish, later, stream)
    stream.pending[later.request_id] = timer


def _finish(later: DelayedReply, stream: Stream) -> None:
    stream.pending.pop(later.request_id, None)
    stream.connection.message(later.reply)
    later.on_sent(later.reply)
