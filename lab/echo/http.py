"""A minimal HTTP/1.1 server connection that answers requests in order."""

import asyncio
from collections import deque
from typing import cast

import httptools
import msgspec

from lab.echo.messages import Json
from lab.echo.request import EVENTS, HttpRejection, Request

BODY_LIMIT_BYTES = 16 * 1024 * 1024

_REASONS = {
    200: "OK", 202: "Accepted", 204: "No Content", 400: "Bad Request", 403: "Forbidden",
    404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable", 409: "Conflict",
    413: "Content Too Large",
}  # fmt: skip


class HttpConnection(asyncio.Protocol):
    """A client connection; `busy` while a response is pending."""

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._request = Request()
        self._waiting: deque[Request] = deque()
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError:
            raise
        except httptools.HttpParserError:
            self.send(400, "text/plain", b"not HTTP/1.1\n")
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
            self.send(413, "text/plain", b"body is too large\n")
            self._transport.close()

    def on_message_complete(self) -> None:
        self._request.method = self._parser.get_method().decode("latin-1")
        self._waiting.append(self._request)
        self.proceed()

    def answer(self, request: Request) -> None:
        """Answer a request, now or later; raises HttpRejection."""
        raise NotImplementedError

    def headers(self) -> dict[str, str]:
        """Headers of every response."""
        return {}

    def proceed(self) -> None:
        """Answer the requests that are waiting."""
        while self._waiting and not self.busy and not self._transport.is_closing():
            request = self._waiting.popleft()
            try:
                self.answer(request)
            except HttpRejection as rejection:
                self.send(rejection.status, "text/plain", f"{rejection}\n".encode())

    def send(self, status: int, media: str = "", body: bytes = b"") -> None:
        """Send a complete response."""
        head = self._head(status, media)
        if status != 204:
            head += f"Content-Length: {len(body)}\r\n"
        self._transport.write(f"{head}\r\n".encode() + body)

    def begin_events(self) -> None:
        """Start an event stream."""
        head = self._head(200, EVENTS)
        self._transport.write(
            f"{head}Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )

    def message(self, message: Json) -> None:
        """Send a message as an event."""
        self.event("message", msgspec.json.encode(message))

    def event(self, kind: str, data: bytes) -> None:
        """Send an event."""
        event = b"event: %b\ndata: %b\n\n" % (kind.encode(), data)
        self._transport.write(b"%x\r\n%b\r\n" % (len(event), event))

    def cut_message(self, message: Json) -> None:
        """Send half of a message as an event, and close the connection."""
        half = msgspec.json.encode(message)
        half = half[: len(half) // 2]
        self._transport.write(b"%x\r\nevent: message\ndata: %b" % (len(half) + 64, half))
        self._transport.close()

    def end_events(self) -> None:
        """Complete the event stream."""
        self._transport.write(b"0\r\n\r\n")

    def close(self) -> None:
        """Complete the event stream, and close the connection."""
        self.end_events()
        self._transport.close()

    def _head(self, status: int, media: str) -> str:
        lines = [f"HTTP/1.1 {status} {_REASONS[status]}"]
        if media:
            lines.append(f"Content-Type: {media}")
        lines += [f"{name}: {value}" for name, value in self.headers().items()]
        return "\r\n".join(lines) + "\r\n"
