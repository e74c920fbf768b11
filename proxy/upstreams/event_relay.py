"""An event stream of the upstream on its way to a client: its bytes pass, with room between events.

An unfinished event is held until it is complete. So the proxy's own events and comments come
between those of the server, never within one, and a stream that breaks off ends with a whole one.
"""

from ..http.interfaces import ResponseWriter
from ..http.sse import COMMENT, Event, EventReader, encode

HOLD_LIMIT = 64 * 1024
"""A longer event is passed on as it comes, and only read truncated: it is bounded by nothing."""


class EventRelay:
    """`limit` is how many bytes of a long event are kept at most to see what it is.

    One of up to `whole` bytes is read as it is, also if it is passed on as it comes.
    `between_events`: what the client got so far ends with a whole event or comment.
    """

    __slots__ = ("_held", "_reader", "_writer", "between_events")

    def __init__(self, writer: ResponseWriter, limit: int, whole: int = HOLD_LIMIT) -> None:
        self._writer = writer
        self._reader = EventReader(limit, whole)
        self._held = b""
        self.between_events = True

    def __repr__(self) -> str:
        return f"<EventRelay pending={self._reader.pending} held={len(self._held)}>"

    @property
    def kept(self) -> int:
        """Bytes of a long event that are kept to see what it is."""
        return self._reader.held if self._reader.pending > HOLD_LIMIT else 0

    def drop(self) -> None:
        """Keep nothing of a long event: it goes by unread."""
        self._reader.drop()

    def feed(self, data: bytes) -> list[Event]:
        """Pass on bytes of the upstream; the events that they complete."""
        events = self._reader.feed(data)
        pending = self._reader.pending
        self.between_events = pending <= HOLD_LIMIT
        if pending or self._held:
            data = self._held + data
            cut = len(data) - (pending if self.between_events else 0)
            data, self._held = data[:cut], data[cut:]
        self._writer.write(data)
        return events

    def send_error(self, message: bytes) -> None:
        """Send a message of the proxy's own, in the place of what is unfinished."""
        self._writer.write(encode(message))

    def keep_alive(self) -> None:
        """Send a comment, unless an event is half there."""
        if self.between_events:
            self._writer.write(COMMENT)

    def flush(self) -> None:
        """Pass on the unfinished rest, for the client to interpret."""
        self._writer.write(self._held)

    def unfinished(self) -> Event | None:
        """What the upstream left without its last line end, once its stream has ended."""
        return self._reader.end() if self._reader.pending else None

    def complete(self) -> None:
        """Pass on what it left so after all, and what it lacks."""
        self._writer.write(self._held + b"\n\n")
