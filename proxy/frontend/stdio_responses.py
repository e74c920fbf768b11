"""Responses to a client on stdio: each message is a line, each failure an error."""

from collections.abc import Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any, Protocol

from ..errors import MalformedMessage
from ..http.head import Content, content_of
from ..http.interfaces import Client, ClientObserver, RequestHandler
from ..http.request_policy import RequestInfo
from ..http.sse import EventReader
from ..jsonrpc import codec
from ..jsonrpc.message import Message, RequestId

BROKEN_OFF = "the server's answer broke off"
REASON_CHARACTERS = 200
"""How much of a response that is not a message is quoted in the error that replaces it."""


class StdioClient(Protocol):
    """The client, as its responses need it."""

    receiver: RequestHandler
    message_limit: int
    slow: bool

    def write(self, message: bytes) -> None:
        """Send the client a message."""

    def learn(self, tools: bytes) -> None:
        """Read the response to a `tools/list`."""

    def forget(self, answer: "RequestResponse") -> None:
        """The response is over."""


class StdioResponse(Client):
    """The client's side of the HTTP request that was made of its message."""

    principal = address = b""

    def __init__(self, connection: StdioClient) -> None:
        self._connection = connection
        self._observer: ClientObserver | None = None
        self._paused = False

    def request(self, method: str, route: str, body: bytes = b"", **facts: Any) -> None:
        """Hand the request over to the dispatcher; `facts` are more fields of its RequestInfo."""
        info = RequestInfo(
            method=method,
            route=route,
            length=len(body),
            chunked=False,
            keep_alive=True,
            version_1_1=True,
            rejection=None,
            accepts_events=True,
            accepts_json=True,
            **facts,
        )
        self._connection.receiver.request(self, info, body, perf_counter())

    def attach(self, observer: ClientObserver) -> None:
        self._observer = observer
        if self._connection.slow:
            self.pause()

    def respond(self, head: bytes, body: bytes, status: int) -> None:
        self.release()

    def start_response(self, head: bytes, length: int | None = None) -> None:
        pass

    def write(self, data: bytes) -> None:
        pass

    def end(self) -> None:
        self.release()

    def abort(self) -> None:
        self.release()

    def pause(self) -> None:
        """The client does not read."""
        if self._observer is not None and not self._paused:
            self._paused = True
            self._observer.on_client_paused()

    def resume(self) -> None:
        """The client has read."""
        if self._observer is not None and self._paused:
            self._paused = False
            self._observer.on_client_resumed()

    def cancel(self) -> None:
        """The client cancelled, or is gone."""
        observer = self._observer
        self.release()
        if observer is not None:
            observer.on_client_gone()

    def release(self) -> None:
        """The response is over."""
        self.resume()
        self._observer = None


class RequestResponse(StdioResponse):
    """The response to a stateless request (2026-07-28)."""

    def __init__(self, connection: StdioClient, message: Message | None, *, lists: bool) -> None:
        super().__init__(connection)
        self.ids = ids_of(() if message is None else (message,))
        self._lists = lists
        self._unanswered = set(self.ids)
        self._events: EventReader | None = None
        self._status = 200
        self._body = bytearray()

    def respond(self, head: bytes, body: bytes, status: int) -> None:
        self._write_messages(body, status)
        self._finish()

    def start_response(self, head: bytes, length: int | None = None) -> None:
        self._status = int(head.split(b" ", 2)[1])
        if _content(head) is Content.EVENTS:
            self._events = EventReader(self._connection.message_limit)

    def write(self, data: bytes) -> None:
        if self._events is None:
            self._body += data
            return
        for event in self._events.feed(data):
            if event.is_message:
                self._write(event.data)

    def end(self) -> None:
        if self._events is None:
            self._write_messages(bytes(self._body), self._status)
        self._finish()

    def abort(self) -> None:
        self._finish()

    def cancel(self) -> None:
        """The client cancelled, or is gone."""
        self._connection.forget(self)
        super().cancel()

    def _write_messages(self, body: bytes, status: int) -> None:
        for each in messages_of(body, status, tuple(self._unanswered)):
            self._write(each)

    def _write(self, data: bytes) -> None:
        with suppress(MalformedMessage):
            message = codec.decode(data)
            if message.is_answer:
                self._unanswered.discard(message.id)
                if self._lists:
                    self._connection.learn(data)
        self._connection.write(data)

    def _finish(self, reason: str = BROKEN_OFF) -> None:
        for each in self._unanswered:
            self._connection.write(codec.error(each, codec.UPSTREAM_LOST, reason))
        self._unanswered.clear()
        self._connection.forget(self)
        self.release()


class DeliveryResponse(StdioResponse):
    """To a message of a session, of which all travels on the session's stream, but a refusal."""

    def __init__(self, connection: StdioClient, messages: Sequence[Message]) -> None:
        super().__init__(connection)
        self._ids = ids_of(messages)

    def respond(self, head: bytes, body: bytes, status: int) -> None:
        if status >= 400:
            for each in messages_of(body, status, self._ids):
                self._connection.write(each)
        self.release()


def ids_of(messages: Sequence[Message]) -> tuple[RequestId, ...]:
    """The ids of the requests among the messages."""
    return tuple(each.id for each in messages if each.is_request)  # type: ignore[misc]


def messages_of(body: bytes, status: int, asked: Sequence[RequestId]) -> list[bytes]:
    """The messages in an HTTP response to the requests `asked`, or errors."""
    try:
        found = codec.split(body)
    except MalformedMessage:
        text = body[:REASON_CHARACTERS].decode("utf-8", "replace").strip()
        reason = f"HTTP {status}: {text}" if text else f"HTTP {status}"
        return [codec.error(each, codec.UPSTREAM_LOST, reason) for each in asked]
    unnamed = asked[0] if len(asked) == 1 else None
    return [
        codec.with_id(data, unnamed)
        if message.error and message.id is None and unnamed is not None
        else data
        for message, data in found
    ]


def _content(head: bytes) -> Content:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-type":
            return content_of(value)
    return Content.OTHER
