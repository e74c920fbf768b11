"""Server-sent events: bytes in, whole events out (WHATWG HTML, "Interpreting an event stream").

The proxy forwards a stream's bytes as they are; this reader runs beside them, to see the JSON-RPC
message of each event. Cutting is by event, so a message spread over data lines is read whole.
"""

import re
from typing import NamedTuple

from ..errors import MessageTooLarge

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event: its payload, its id and its type ("" where it has none)."""

    data: bytes
    id: bytes
    type: bytes = b""


def encode(data: bytes) -> bytes:
    """An event that carries one JSON-RPC message; `data` holds no line end."""
    return b"event: message\ndata: %b\n\n" % data


class EventReader:
    """Cuts a stream into events; holds at most `limit` bytes of an unfinished one."""

    __slots__ = ("_data", "_held", "_id", "_limit", "_rest", "_started", "_type")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._data: list[bytes] = []
        self._held = 0
        self._id = b""
        self._type = b""
        self._started = False

    @property
    def between_events(self) -> bool:
        """True if the bytes so far end with a whole event or a comment: none is half there."""
        return not self._rest and not self._data

    @property
    def held(self) -> int:
        """Bytes of an unfinished event."""
        return self._held + len(self._rest)

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes. Raises MessageTooLarge."""
        lines = self._lines(data)
        events: list[Event] = []
        for line in lines:
            if line:
                self._field(line)
            elif self._data:
                events.append(Event(b"\n".join(self._data), self._id, self._type))
                self._data, self._held, self._id, self._type = [], 0, b"", b""
            else:
                self._type = b""
        if self._held + len(self._rest) > self._limit:
            raise MessageTooLarge(f"an event of more than {self._limit} bytes")
        return events

    def _lines(self, data: bytes) -> list[bytes]:
        """Whole lines; a final CR waits, since the LF that belongs to it may be yet to come."""
        if self._started and self._goes_on(data):
            self._rest += data  # not joined anew for each piece of a long line
            return []
        data = bytes(self._rest) + data
        if not self._started and len(data) >= len(_BOM):
            self._started = True
            data = data.removeprefix(_BOM)
        kept = b""
        if data.endswith(b"\r"):
            data, kept = data[:-1], b"\r"
        *lines, rest = data.split(b"\n") if b"\r" not in data else _LINE_END.split(data)
        self._rest = bytearray(rest + kept)
        return lines

    def _goes_on(self, data: bytes) -> bool:
        """Whether `data` ends no line."""
        return b"\n" not in data and b"\r" not in data and not self._rest.endswith(b"\r")

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._held += len(value) + 1
        elif name == b"id":
            self._id = value
        elif name == b"event":
            self._type = value
