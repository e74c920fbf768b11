"""A long JSON text with the middle of its long strings left out: its labels are read from that.

What an answer carries is mostly one string (a file, an image), so the labels of an answer of any
length are read in a few kilobytes. The decoder checks the part of a string that is left out; all
else is kept, and so is checked with the labels.
"""

import msgspec
from msgspec import Raw

PIECE = 16 * 1024
"""A string is shortened by pieces of this many bytes: one of twice the length, or more, is."""

_ESCAPE = len(rb"\u0000")

_decode_string = msgspec.json.Decoder(Raw).decode


class TruncatedJson:
    """Takes in a JSON text as it comes: one of up to `whole` bytes is left as it is.

    `length` is how long it is. What is still longer than `limit` bytes is not kept at all.
    """

    __slots__ = ("_inside", "_kept", "_limit", "_piece", "_rest", "_unread", "_whole", "length")

    def __init__(self, limit: int, *, whole: int = 0, piece: int = PIECE) -> None:
        self.length = 0
        self._limit = limit
        self._whole = whole
        self._piece = piece
        self._kept = bytearray()
        self._rest = bytearray()
        self._inside = False
        self._unread = False

    def __repr__(self) -> str:
        return f"<TruncatedJson {len(self._kept)} of {self.length} bytes>"

    @property
    def text(self) -> bytes:
        """The text so far, truncated; b"" if it is still too long."""
        if self._unread:
            return b""
        return bytes(self._kept + self._rest) if self._kept else bytes(self._rest)

    @property
    def held(self) -> int:
        """Bytes that are kept."""
        return len(self._kept) + len(self._rest)

    def feed(self, data: bytes) -> None:
        """Add the next bytes."""
        self.length += len(data)
        if self._unread:
            return
        self._rest += data
        if self.length > self._whole:
            self._abridge()

    def drop(self) -> None:
        """Keep nothing of this text, as if it were still too long."""
        self._unread = True
        self._kept.clear()
        self._rest.clear()

    def clear(self) -> None:
        """Start another text."""
        self.length = 0
        self._kept.clear()
        self._rest.clear()
        self._inside = self._unread = False

    def _abridge(self) -> None:
        data = bytes(self._rest)
        start = 0
        while len(data) - start >= self._piece:
            end = _before_escape(data, start, _before_character(data, start + self._piece))
            self._feed(data[start:end])
            start = end
        self._rest = bytearray(data[start:])
        if len(self._kept) > self._limit:
            self.drop()

    def _feed(self, piece: bytes) -> None:
        """Keep a piece, unless it lies within a string."""
        if self._inside and _is_inside(piece):
            return
        self._kept += piece
        if b"\\" in piece:
            piece = piece.replace(rb"\\", b"").replace(rb"\"", b"")
        self._inside ^= piece.count(b'"') % 2 == 1


def truncated_json(text: bytes) -> bytes:
    """A whole JSON text, with long strings truncated."""
    reading = TruncatedJson(len(text))
    reading.feed(text)
    return reading.text


def _before_character(data: bytes, end: int) -> int:
    """The last place up to `end` that does not cut a character of UTF-8 in two."""
    for place in range(end - 1, end - 5, -1):
        if data[place] < 0x80:
            return end
        if data[place] >= 0xC0:
            return place
    return end


def _before_escape(data: bytes, start: int, end: int) -> int:
    """The last place up to `end` that does not cut an escape sequence in two; `start` does not."""
    last = data.rfind(b"\\", max(start, end - _ESCAPE), end)
    if last < 0:
        return end
    begun = data[start : last + 1]
    if (len(begun) - len(begun.rstrip(b"\\"))) % 2 == 0:
        return end
    length = _ESCAPE if data[last + 1 : last + 2] == b"u" else len(rb"\n")
    return end if last + length <= end else last


def _is_inside(piece: bytes) -> bool:
    """Whether a string can contain these bytes without ending."""
    try:
        _decode_string(b'"%b"' % piece)
    except msgspec.DecodeError:
        return False
    return True
