"""Newline framing of the stdio transport: one JSON-RPC message per line."""

from typing import Final, NamedTuple

from .repair import as_utf8
from .truncated import TruncatedJson

ONE_LINE: Final = bytes.maketrans(b"\r\n", b"  ")
"""Makes a JSON text one line: it has line ends only between tokens, where a space does."""


def one_line(message: bytes) -> bytes:
    """The message as UTF-8 without line ends."""
    message = as_utf8(message)
    if b"\n" in message or b"\r" in message:
        return message.translate(ONE_LINE)
    return message


def encode(message: bytes) -> bytes:
    """The message as one line."""
    return one_line(message) + b"\n"


class Line(NamedTuple):
    """One line; `length` is 0, or that of a line which is too long, and so truncated in `data`."""

    data: bytes
    length: int = 0


class LineReader:
    """Cuts a stream into lines of JSON; those longer than `limit` bytes are given truncated."""

    __slots__ = ("_limit", "_text")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._text = TruncatedJson(limit, whole=limit)

    @property
    def held(self) -> int:
        """Bytes of an unfinished line."""
        return self._text.held

    def feed(self, data: bytes) -> list[Line]:
        """The lines that `data` completes, without their ends."""
        *ended, rest = data.split(b"\n")
        lines = [self._end(each) for each in ended]
        if rest:
            self._text.feed(rest)
        return lines

    def _end(self, last: bytes) -> Line:
        text = self._text
        if not text.length and len(last) <= self._limit:
            return Line(last.removesuffix(b"\r"))
        text.feed(last)
        line = Line(text.text.removesuffix(b"\r"), text.length if text.length > self._limit else 0)
        text.clear()
        return line
