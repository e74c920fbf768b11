"""The messages of one session on their way to a server that takes each on a connection of its own.

Two connections are not in order. So what expects no answer (a notification, a client's answer)
and `initialize` are taken by the server before anything is sent that came after them; requests
overtake each other only, as they may.
"""

from collections import deque
from collections.abc import Callable

from ..jsonrpc import codec, methods
from ..jsonrpc.message import Message, RequestId

BACKLOG_LIMIT = 8 * 1024 * 1024
"""Bytes that may be on their way to a server that does not take them; then none is added."""


class OutgoingMessage:
    """One message on its way, with the header lines that go with it."""

    __slots__ = ("headers", "ids", "initializes", "message")

    def __init__(self, message: bytes, headers: bytes) -> None:
        parts = codec.decode_all(message)
        self.message = message
        self.headers = headers
        self.ids: tuple[RequestId, ...] = tuple(
            [each.id for each in parts if each.is_request]  # type: ignore[misc]  # which has one
        )
        self.initializes = any(map(_initializes, parts))

    def __repr__(self) -> str:
        return f"<OutgoingMessage bytes={len(self.message)} ids={self.ids}>"

    @property
    def blocks_later(self) -> bool:
        """Whether later messages must wait until this one is delivered."""
        return not self.ids or self.initializes


class SendQueue:
    """Sends messages in order; `deliver` sends one, and `delivered` is called at its end."""

    __slots__ = ("_bytes", "_deliver", "_first", "_waiting")

    def __init__(self, deliver: Callable[[OutgoingMessage], None]) -> None:
        self._deliver = deliver
        self._waiting: deque[OutgoingMessage] = deque()
        self._first: OutgoingMessage | None = None
        self._bytes = 0

    def __repr__(self) -> str:
        return f"<SendQueue bytes={self._bytes} waiting={len(self._waiting)}>"

    @property
    def held(self) -> int:
        """Bytes that are not delivered yet."""
        return self._bytes

    def send(self, message: bytes, headers: bytes) -> bool:
        """Take a message or a batch; False if too much is undelivered."""
        if self._bytes > BACKLOG_LIMIT:
            return False
        outgoing = OutgoingMessage(message, headers)
        self._bytes += len(message)
        self._waiting.append(outgoing)
        self._send_next()
        return True

    def delivered(self, outgoing: OutgoingMessage) -> None:
        """The server took the message, or never will."""
        self._bytes -= len(outgoing.message)
        if outgoing is self._first:
            self._first = None
            self._send_next()

    def _send_next(self) -> None:
        while self._waiting and self._first is None:
            outgoing = self._waiting.popleft()
            if outgoing.blocks_later:
                self._first = outgoing
            self._deliver(outgoing)


def _initializes(message: Message) -> bool:
    return message.is_request and message.method == methods.INITIALIZE
