"""Requests and responses at a proxy's client side -> entries of a recording."""

import re
from collections.abc import Callable, Iterator
from itertools import count
from time import perf_counter
from typing import Any

import msgspec

from lab.recording.recording_file import Entry, Event, Sender
from lab.recording.redaction import Redaction
from proxy.frontend.message_tap import LONGEST, ExchangeObserver
from proxy.http.interfaces import Client
from proxy.http.request_policy import (
    METADATA,
    OPEN_STREAM,
    POST_MESSAGE,
    SESSION_KEY,
    RequestInfo,
)
from proxy.http.sse import ENDPOINT
from proxy.http.sse import Event as StreamEvent
from proxy.jsonrpc import methods
from proxy.translation.versions import Era, era_of
from stacks.servers import Transport

_SESSION = re.compile(rb"\r\nmcp-session-id: *([^\r\n]+)", re.IGNORECASE)
_STATUS = re.compile(rb"HTTP/1\.\d (\d{3})")
_SESSION_OF_ENDPOINT = re.compile(rb"[?&]%b=([^&]+)" % SESSION_KEY.encode())
_NO_CONTENT = (202, 204)

Write = Callable[[Entry], None]


class Recorder:
    """Observes a proxy (`Observe`), and writes entries.

    Requests without a session belong to one for each client, and to a further one if the client
    uses the id of a request that is in flight.
    """

    def __init__(self, write: Write, redaction: Redaction, *, is_stdio: bool) -> None:
        self._write = write
        self._redaction = redaction
        self._is_stdio = is_stdio
        self._start = perf_counter()
        self._names = count(1)
        self._sessions: dict[bytes, str] = {}
        self._clients: dict[bytes, list[str]] = {}
        self._in_flight: set[tuple[str, bytes]] = set()

    def __repr__(self) -> str:
        return f"<Recorder sessions={len(self._sessions)} in_flight={len(self._in_flight)}>"

    def observe(self, client: Client, info: RequestInfo, body: bytes) -> ExchangeObserver:
        """Write a request, unless it is for a document of OAuth."""
        if info.route == METADATA:
            return _Ignored()
        messages = list(_messages(body)) if len(body) <= LONGEST else []
        exchange = Exchange(self, self._transport(info), _era(info, messages))
        exchange.session = self._session(client, info, messages)
        if info.route == OPEN_STREAM:
            exchange.is_session = True
        elif info.route == "GET":
            exchange.write(Sender.CLIENT, event=Event.STREAM)
        elif info.route == "DELETE":
            exchange.write(Sender.CLIENT, event=Event.END)
        elif messages:
            exchange.on_request(messages)
        else:
            exchange.write(Sender.CLIENT, bytes=len(body))
        return exchange

    def _transport(self, info: RequestInfo) -> Transport:
        if self._is_stdio:
            return Transport.STDIO
        is_sse = info.route in (OPEN_STREAM, POST_MESSAGE)
        return Transport.SSE if is_sse else Transport.STREAMABLE_HTTP

    def _session(self, client: Client, info: RequestInfo, messages: list[dict[str, Any]]) -> str:
        if info.session:
            key = info.session.encode()
            if key not in self._sessions:
                self._sessions[key] = self._name()
            return self._sessions[key]
        opens = any(each.get("method") == methods.INITIALIZE for each in messages)
        if opens or info.route == OPEN_STREAM:
            self._clients.pop(_client_key(client, info, {}), None)
        key = _client_key(client, info, messages[0] if messages else {})
        known = self._clients.setdefault(key, [])
        ids = [_id(each) for each in messages if _is_request(each)]
        if info.route != OPEN_STREAM and not opens:
            for session in known:
                if not any((session, each) in self._in_flight for each in ids):
                    return session
        known.append(name := self._name())
        return name

    def _name(self) -> str:
        return str(next(self._names))

    def bind(self, key: bytes, session: str) -> None:
        """Requests with this session id belong to a session of the recording."""
        self._sessions[key] = session

    def start(self, session: str, request: bytes) -> None:
        """A request is in flight."""
        self._in_flight.add((session, request))

    def end(self, session: str, request: bytes) -> None:
        """A request is over."""
        self._in_flight.discard((session, request))

    def write(self, exchange: "Exchange", sender: Sender, **facts: Any) -> None:
        """Write an entry; `message` among the facts is decoded, and not redacted yet."""
        message = facts.pop("message", None)
        if message is not None:
            try:
                facts["message"] = msgspec.Raw(msgspec.json.encode(self._redaction.redact(message)))
            except RecursionError:
                facts["bytes"] = len(msgspec.json.encode(message))
        self._write(
            Entry(
                time=round(perf_counter() - self._start, 6),
                session=exchange.session,
                sender=sender,
                transport=exchange.transport,
                era=exchange.era,
                **facts,
            )
        )


class Exchange(ExchangeObserver):
    """One HTTP request, and the messages of its response."""

    def __init__(self, recorder: Recorder, transport: Transport, era: Era) -> None:
        self._recorder = recorder
        self.transport = transport
        self.era = era
        self.session = ""
        self.is_session = False
        """Whether the response is the stream of a whole session."""
        self._requests: list[bytes] = []
        self._status = 0

    def __repr__(self) -> str:
        return f"<Exchange session={self.session} requests={len(self._requests)}>"

    def write(self, sender: Sender, **facts: Any) -> None:
        """Write an entry of this exchange."""
        self._recorder.write(self, sender, **facts)

    def on_request(self, messages: list[dict[str, Any]]) -> None:
        """The request has these messages."""
        for each in messages:
            if _is_request(each):
                self._requests.append(_id(each))
                self._recorder.start(self.session, _id(each))
            self.write(Sender.CLIENT, message=each)

    def on_head(self, head: bytes) -> None:
        found = _STATUS.match(head)
        self._status = int(found[1]) if found else 0
        if session := _SESSION.search(head):
            self._recorder.bind(session[1], self.session)

    def on_body(self, body: bytes, length: int) -> None:
        status = {"status": self._status} if self._status >= 400 else {}
        messages = list(_messages(body))
        for each in messages:
            self.write(Sender.SERVER, message=each, **status)
        if not messages and (status or (length and self._status not in _NO_CONTENT)):
            for request in self._requests or [b""]:
                facts = {"id": msgspec.Raw(request)} if request else {}
                self.write(Sender.SERVER, bytes=length, **status, **facts)

    def on_event(self, event: StreamEvent) -> None:
        if event.type == ENDPOINT:
            if session := _SESSION_OF_ENDPOINT.search(event.data):
                self._recorder.bind(session[1], self.session)
        elif event.is_message:
            messages = [] if event.length else list(_messages(event.data))
            for each in messages:
                self.write(Sender.SERVER, message=each)
            if not messages:
                self.write(Sender.SERVER, bytes=event.length or len(event.data))

    def on_end(self) -> None:
        for each in self._requests:
            self._recorder.end(self.session, each)
        if self.is_session:
            self.is_session = False
            self.write(Sender.CLIENT, event=Event.END)


class _Ignored(ExchangeObserver):
    """Records nothing."""

    def on_head(self, head: bytes) -> None:
        pass

    def on_body(self, body: bytes, length: int) -> None:
        pass

    def on_event(self, event: StreamEvent) -> None:
        pass

    def on_end(self) -> None:
        pass


def _messages(data: bytes) -> Iterator[dict[str, Any]]:
    """The messages of a body, which may be a batch; none if it cannot be read."""
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return
    for each in found if isinstance(found, list) else [found]:
        if isinstance(each, dict):
            yield each


def _is_request(message: dict[str, Any]) -> bool:
    return isinstance(message.get("method"), str) and message.get("id") is not None


def _id(message: dict[str, Any]) -> bytes:
    return msgspec.json.encode(message.get("id"))


def _meta(message: dict[str, Any]) -> dict[str, Any]:
    params = message.get("params")
    meta = params.get("_meta") if isinstance(params, dict) else None
    return meta if isinstance(meta, dict) else {}


def _era(info: RequestInfo, messages: list[dict[str, Any]]) -> Era:
    versions = (_meta(each).get(methods.VERSION_KEY) for each in messages)
    return era_of(info.version, next((each for each in versions if isinstance(each, str)), ""))


def _client_key(client: Client, info: RequestInfo, message: dict[str, Any]) -> bytes:
    """What tells clients without a session apart."""
    named = msgspec.json.encode(_meta(message).get(methods.CLIENT_INFO_KEY))
    return b"\0".join((client.principal, client.address, info.token, named))
