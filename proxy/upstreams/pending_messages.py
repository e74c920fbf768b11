"""Messages that wait for a client to open a stream, bounded by number and by size."""

from collections import deque

MOST_MESSAGES = 256
MOST_BYTES = 1024 * 1024
"""What one session may keep; beyond either bound the oldest messages are lost."""


class PendingMessages:
    """The newest messages that were not sent on a stream yet."""

    __slots__ = ("_bytes", "_messages")

    def __init__(self) -> None:
        self._messages: deque[bytes] = deque()
        self._bytes = 0

    def __repr__(self) -> str:
        return f"<PendingMessages messages={len(self._messages)} bytes={self._bytes}>"

    @property
    def held(self) -> int:
        """Bytes that are held."""
        return self._bytes

    def add(self, message: bytes) -> int:
        """Keep a message; how many were lost for it, the message itself included if too long."""
        self._messages.append(message)
        self._bytes += len(message)
        lost = 0
        while len(self._messages) > MOST_MESSAGES or self._bytes > MOST_BYTES:
            self._bytes -= len(self._messages.popleft())
            lost += 1
        return lost

    def drain(self) -> tuple[bytes, ...]:
        """All messages, oldest first; none is kept."""
        drained = tuple(self._messages)
        self._messages.clear()
        self._bytes = 0
        return drained
