"""The session of a client on stdio: it is opened when first needed, and again once it is lost."""

import asyncio
import logging
from collections.abc import Sequence

from .. import logs
from ..errors import MalformedMessage
from ..http.request_policy import OPEN_STREAM, POST_MESSAGE, SESSION_KEY
from ..http.sse import ENDPOINT, EventReader
from ..jsonrpc import codec, methods
from ..jsonrpc.members import members_or_empty, parse_members
from ..jsonrpc.message import Message
from ..translation.request import text
from .stdio_responses import DeliveryResponse, StdioClient, StdioResponse, ids_of, messages_of

LOG = logging.getLogger("proxy.stdio")

REOPENING = "proxy-reopens-the-session"
"""The id of an `initialize` that the proxy sends in its client's place."""

_KEY = SESSION_KEY.encode() + b"="


class StdioSession:
    """Messages to a session, and the messages on its stream.

    Over HTTP a client learns by a 404 that its session is over; stdio has no such response. So the
    messages that opened the session are kept, and the next message opens another one.
    """

    def __init__(self, connection: StdioClient) -> None:
        self._connection = connection
        self._stream: _Stream | None = None
        self._opening: tuple[Message, bytes] | None = None
        self._initialized = b""
        self._opened = False
        self._reopening = False
        self._waiting: list[tuple[Sequence[Message], bytes]] = []

    def __repr__(self) -> str:
        return f"<StdioSession {self._stream!r} opened={self._opened}>"

    @property
    def is_open(self) -> bool:
        """Whether there is a session now."""
        return self._stream is not None

    def post(self, messages: Sequence[Message], line: bytes) -> None:
        """Send a line of the client on."""
        self._note(messages, line)
        if self._stream is None:
            self._open()
        if self._reopening:
            self._waiting.append((messages, line))
        else:
            self._send(messages, line)

    def pause(self) -> None:
        """The client does not read."""
        if self._stream is not None:
            self._stream.pause()

    def resume(self) -> None:
        """The client has read."""
        if self._stream is not None:
            self._stream.resume()

    def cancel(self) -> None:
        """The client is gone."""
        if self._stream is not None:
            self._stream.cancel()

    def on_message(self, data: bytes) -> None:
        """A message on the stream."""
        if (self._reopening or not self._opened) and self._is_opening(data):
            return
        self._connection.write(data)

    def on_closed(self) -> None:
        """The stream ended, and so did the session."""
        self._stream = None
        if self._reopening:
            self._give_up("the server ended the session")

    def _note(self, messages: Sequence[Message], line: bytes) -> None:
        """Remember what opens a session."""
        [message] = messages if len(messages) == 1 else [None]
        if message is None:
            return
        if message.is_request and message.method == methods.INITIALIZE:
            self._opening, self._opened = (message, line), False
        elif message.method == methods.INITIALIZED:
            self._initialized = line

    def _open(self) -> None:
        stream = self._stream = _Stream(self._connection, self)
        stream.request("GET", OPEN_STREAM)
        if self._opened and self._opening is not None:
            self._opened, self._reopening = False, True
            message, line = self._opening
            self._send((message,), codec.with_id(line, REOPENING))

    def _send(self, messages: Sequence[Message], line: bytes) -> None:
        stream = self._stream
        if stream is not None and stream.session:
            delivery = DeliveryResponse(self._connection, messages)
            delivery.request("POST", POST_MESSAGE, line, session=stream.session)
        else:
            self._refuse(messages, stream)

    def _refuse(self, messages: Sequence[Message], stream: "_Stream | None") -> None:
        """No stream could be opened."""
        body, status = (b"", 503) if stream is None else stream.rejection
        self._stream = None
        if self._reopening:
            self._give_up(body.decode().strip())
        else:
            for each in messages_of(body, status, ids_of(messages)):
                self._connection.write(each)

    def _is_opening(self, data: bytes) -> bool:
        """Whether a message answers the proxy's own `initialize`; note that a session is open."""
        try:
            message = codec.decode(data)
        except MalformedMessage:
            return False
        if not message.is_answer or self._opening is None:
            return False
        if message.id == REOPENING:
            self._reopen(data, opened=message.result is not None and not message.error)
            return True
        if message.id == self._opening[0].id and not message.error:
            self._opened = True
        return False

    def _reopen(self, data: bytes, *, opened: bool) -> None:
        if not opened:
            reason = text(members_or_empty(parse_members(data), "error").get("message"))
            stream, self._stream = self._stream, None
            if stream is not None:  # which is being written to
                asyncio.get_running_loop().call_soon(stream.cancel)
            self._give_up(reason)
            return
        logs.event(LOG, "session reopened", logging.WARNING)
        self._opened, self._reopening = True, False
        waiting, self._waiting = self._waiting, []
        if self._initialized:
            self._send((), self._initialized)
        for messages, line in waiting:
            self._send(messages, line)

    def _give_up(self, reason: str) -> None:
        """Answer what waits for another session; the next message tries again."""
        self._opened, self._reopening = True, False
        waiting, self._waiting = self._waiting, []
        reason = f"the session was lost, and cannot be reopened: {reason}"
        for messages, _ in waiting:
            for each in ids_of(messages):
                self._connection.write(codec.error(each, codec.UPSTREAM_LOST, reason))


class _Stream(StdioResponse):
    """What all that the server says to the session travels on."""

    def __init__(self, connection: StdioClient, owner: StdioSession) -> None:
        super().__init__(connection)
        self._owner = owner
        self._reader = EventReader(connection.message_limit)
        self.session = ""
        self.rejection = (b"", 503)

    def respond(self, head: bytes, body: bytes, status: int) -> None:
        """The stream is refused."""
        self.rejection = (body, status)
        self.release()

    def write(self, data: bytes) -> None:
        for event in self._reader.feed(data):
            if event.is_message:
                self._owner.on_message(event.data)
            elif event.type == ENDPOINT:
                self.session = event.data.partition(_KEY)[2].decode()

    def end(self) -> None:
        self.release()
        self._owner.on_closed()

    def abort(self) -> None:
        self.end()
