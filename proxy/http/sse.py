"""Server-sent events: bytes in, whole events out (WHATWG HTML, "Interpreting an event stream").

Cutting is by event, so a message spread over data lines is read whole. What is written is whole
events and comments, whatever they hold.
"""

import re
from typing import NamedTuple

from ..jsonrpc.ndjson import ONE_LINE, one_line
from ..jsonrpc.truncated import TruncatedJson

COMMENT = b": keep-alive\n\n"
"""Says nothing; keeps a stream open that others take for dead while it is idle."""
KEEP_ALIVE_SECONDS = 15.0
"""How often (WHATWG HTML, "Authoring notes"); nginx gives up after 60 s of silence."""

MESSAGE = b"message"
"""The type of an event that names none, and of every event with a message of MCP."""

ENDPOINT = b"endpoint"
"""The type of the event that names where a client of HTTP+SSE posts its messages."""

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"
_LONG_LINE = 16 * 1024


class Event(NamedTuple):
    """One event: its payload, its id and its type ("" where it has none).

    `length` is 0, or that of a payload which is too long to be given whole: then `data` is
    truncated, or empty if it is still too long.
    """

    data: bytes
    id: bytes
    type: bytes = b""
    length: int = 0

    @property
    def is_message(self) -> bool:
        """Whether it carries a message; other types, and events without data, are heartbeats."""
        return (not self.type or self.type == MESSAGE) and bool(self.data or self.length)


START, END = b"event: message\ndata: ", b"\n\n"
"""What is before and after the payload of a message that comes in pieces."""


def unbroken(piece: bytes) -> bytes:
    """A piece of a JSON payload, with spaces for line ends."""
    return piece.translate(ONE_LINE)


def encode(data: bytes, kind: bytes = MESSAGE) -> bytes:
    """An event with JSON or a line of text; line ends, which would end it, become spaces."""
    return b"event: %b\ndata: %b\n\n" % (kind, one_line(data))


class EventReader:
    """Cuts a stream into events.

    Payloads of up to `whole` bytes, by default `limit`, are given as they are; longer ones are
    truncated to `limit` bytes at most. `pending` is how many bytes at the end of the stream so far
    belong to an unfinished event: none after a whole event or a comment.
    """

    __slots__ = (
        "_after_cr", "_data", "_has_data", "_id", "_in_data", "_line", "_open", "_started",
        "_type", "_whole", "pending",
    )  # fmt: skip

    def __init__(self, limit: int, whole: int = 0) -> None:
        self.pending = 0
        self._whole = whole or limit
        self._data = TruncatedJson(limit, whole=self._whole)
        self._line = bytearray()
        self._has_data = False
        self._in_data = False
        self._id = b""
        self._type = b""
        self._open = False
        self._started = False
        self._after_cr = False

    @property
    def held(self) -> int:
        """Bytes of an unfinished event that are kept."""
        return len(self._line) + self._data.held

    def drop(self) -> None:
        """Keep nothing of the payload of an unfinished event that is longer than `whole`."""
        self._data.drop()

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes."""
        if not data:
            return []
        events: list[Event] = []
        # An LF after a CR belongs to it, but may come late: a line is whole without it.
        start = int(self._after_cr and data.startswith(b"\n"))
        if self.pending:
            self.pending += start
        for end in _LINE_END.finditer(data, start):
            self._extend(data[start : end.start()])
            self.pending += end.end() - start
            start = end.end()
            event = self._end_line()
            if event is not None:
                events.append(event)
        if start < len(data):
            self._extend(data[start:])
            self.pending += len(data) - start
        self._after_cr = data.endswith(b"\r")
        return events

    def end(self) -> Event | None:
        """The event that the end of the stream leaves unfinished, as if it were complete."""
        events = self.feed(b"\n\n")
        return events[0] if events else None

    def _extend(self, part: bytes) -> None:
        """Add a part of a line."""
        if self._in_data:
            self._data.feed(part)
            return
        self._line += part
        if len(self._line) > _LONG_LINE:
            self._feed_long_line()

    def _feed_long_line(self) -> None:
        """Process a long data line in pieces; other long lines are cut."""
        name, _, value = self._text().partition(b":")
        if name == b"data":
            self._in_data = self._open = self._started = True
            self._add(value.removeprefix(b" "))
            self._line.clear()
        else:
            del self._line[_LONG_LINE:]

    def _text(self) -> bytes:
        """The line so far; without the byte order mark that a stream may begin with."""
        text = bytes(self._line)
        return text if self._started else text.removeprefix(_BOM)

    def _end_line(self) -> Event | None:
        if self._in_data:
            self._in_data = False
            return None
        line = self._text()
        self._line.clear()
        self._started = True
        if line:
            self._field(line)
            return None
        return self._dispatch()

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not name:  # A comment.
            self.pending = self.pending if self._open else 0
            return
        self._open = True
        if name == b"data":
            self._add(value)
        elif name == b"id":
            self._id = value
        elif name == b"event":
            self._type = value

    def _add(self, value: bytes) -> None:
        if self._has_data:
            self._data.feed(b"\n")
        self._has_data = True
        self._data.feed(value)

    def _dispatch(self) -> Event | None:
        event = None
        if self._has_data:
            length = self._data.length
            over = length if length > self._whole else 0
            event = Event(self._data.text, self._id, self._type, over)
            self._data.clear()
            self._id = b""
        self._type = b""
        self._open = self._has_data = False
        self.pending = 0
        return event
