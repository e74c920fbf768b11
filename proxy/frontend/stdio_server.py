"""One client on the proxy's stdin and stdout, one message per line.

To what stands behind it looks like a client of HTTP, whichever the era: the messages of one with
a session go as those of HTTP+SSE do, whose answers all travel on one stream; each request of
2026-07-28 is a POST of its own.
"""

import asyncio
from collections.abc import Callable, Iterator

from ..errors import MalformedMessage
from ..http import request
from ..http.head import lines
from ..http.interfaces import RequestHandler
from ..http.rejection import HttpRejection
from ..jsonrpc import codec, methods
from ..jsonrpc.members import members_or_empty
from ..jsonrpc.message import NO_META, NO_PARAMS, Message, RequestId
from ..jsonrpc.ndjson import encode
from ..telemetry.vocabulary import RejectionCause
from ..translation import headers, server_messages
from ..translation.parameters import Parameters
from ..translation.request import Request, plain, text
from . import standard_streams
from .stdio_responses import RequestResponse, StdioClient
from .stdio_session import StdioSession


class StdioConnection(asyncio.Protocol, StdioClient):
    """The one client. `on_end` is called once stdin has ended, or stdout is closed.

    A line may have `line_limit` bytes, a message of the server `message_limit`.
    """

    def __init__(
        self,
        receiver: RequestHandler,
        line_limit: int,
        message_limit: int,
        on_end: Callable[[], None],
    ) -> None:
        self.receiver = receiver
        self.message_limit = message_limit
        self.slow = False
        self._line_limit = line_limit
        self._on_end = on_end
        self._session = StdioSession(self)
        self._requests: dict[RequestId, RequestResponse] = {}
        self._parameters = Parameters()
        self._rest = bytearray()
        self._skipping = False
        self._input: standard_streams.Input | None = None
        self._output: standard_streams.Output | None = None
        self._flushed = asyncio.Event()

    def __repr__(self) -> str:
        return f"<StdioConnection {self._session!r} requests={len(self._requests)}>"

    async def start(self, stdin: int, stdout: int) -> None:
        """Start to serve the client at two descriptors."""
        self._output = await standard_streams.write_to(stdout, _Writing(self))
        self._input = await standard_streams.read_from(stdin, self)

    async def close(self) -> None:
        """Close after the last responses are written."""
        if self._input is not None:
            self._input.close()
        if self._output is not None:
            self._output.close()
            await self._flushed.wait()

    def data_received(self, data: bytes) -> None:
        *complete, rest = data.split(b"\n")
        for each in complete:
            line, self._rest = bytes(self._rest + each), bytearray()
            if not self._skipping:
                self._on_line(line)
            self._skipping = False
        if self._skipping:
            return
        self._rest += rest
        if len(self._rest) > self._line_limit:
            self._on_line(bytes(self._rest))
            self._rest.clear()
            self._skipping = True

    def connection_lost(self, exc: Exception | None) -> None:
        """The client ended; its last line may lack its end."""
        self._on_line(bytes(self._rest))
        self._rest.clear()
        self._on_end()

    def write(self, message: bytes) -> None:
        if self._output is not None:
            self._output.write(encode(message))

    def learn(self, tools: bytes) -> None:
        """Note the arguments of tools that are also sent as headers."""
        for message, _ in server_messages.read(tools):
            self._parameters.learn(plain(members_or_empty(message, "result").get("tools")))

    def forget(self, answer: RequestResponse) -> None:
        for each in answer.ids:
            if self._requests.get(each) is answer:
                del self._requests[each]

    def pause(self) -> None:
        """The client does not read: stop reading from it."""
        self.slow = True
        if self._input is not None:
            self._input.pause_reading()
        for each in self._answers():
            each.pause()

    def resume(self) -> None:
        """The client has read."""
        self.slow = False
        for each in self._answers():
            each.resume()
        if self._input is not None and not self.slow:
            self._input.resume_reading()

    def gone(self) -> None:
        """The reader of stdout is gone."""
        self._output = None
        self._flushed.set()
        for each in self._answers():
            each.cancel()
        self._on_end()

    def _answers(self) -> Iterator[StdioSession | RequestResponse]:
        return iter((self._session, *self._requests.values()))

    def _on_line(self, line: bytes) -> None:
        if len(line) > self._line_limit:
            reason = f"the message is longer than {self._line_limit} bytes"
            self.receiver.refuse(None, HttpRejection(RejectionCause.BODY_SIZE, 413, reason))
            self.write(codec.error(None, codec.INVALID_REQUEST, reason))
            return
        if not line.strip():
            return
        try:
            messages = codec.decode_all(line)
        except MalformedMessage:
            self._serve(None, line)  # The dispatcher refuses it, and counts.
            return
        first = messages[0]
        cancelled = _cancelled_by(first)
        if _version(first):
            self._serve(first, line)
        elif cancelled in self._requests:
            self._requests[cancelled].cancel()
        else:
            self._session.post(messages, line)

    def _serve(self, message: Message | None, line: bytes) -> None:
        """Serve a stateless request."""
        lists = message is not None and message.method == methods.TOOLS_LIST
        answer = RequestResponse(self, message, lists=lists)
        self._requests.update(dict.fromkeys(answer.ids, answer))
        version = "" if message is None else _version(message)
        answer.request("POST", "POST", line, forward=self._headers(line), version=version)

    def _headers(self, line: bytes) -> bytes:
        """The headers of a request of 2026-07-28."""
        own = (request.ACCEPT_BOTH, request.CONTENT_JSON)
        try:
            asked = Request(line)
        except MalformedMessage:
            return lines(own)
        version = text(asked.meta.get(methods.VERSION_KEY))
        made = headers.made_of(asked.method, asked.params, version)
        if asked.method == methods.TOOLS_CALL:
            arguments = plain(asked.params.get("arguments"))
            made += self._parameters.headers_of(text(asked.params.get("name")), arguments)
        return lines((*own, *made))


class _Writing(asyncio.Protocol):
    """Tells a connection how its stdout does."""

    def __init__(self, connection: StdioConnection) -> None:
        self._connection = connection

    def pause_writing(self) -> None:
        self._connection.pause()

    def resume_writing(self) -> None:
        self._connection.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connection.gone()


def _version(message: Message) -> str:
    """The version in a stateless request; absent from others."""
    return ((message.params or NO_PARAMS).meta or NO_META).version


def _cancelled_by(message: Message) -> RequestId | None:
    return (message.params or NO_PARAMS).request_id if message.method == methods.CANCELLED else None
