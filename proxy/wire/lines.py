"""Newline framing, as the stdio transport has it: one JSON-RPC message per line."""

from ..errors import MessageTooLarge
from .repair import as_utf8

_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")


def encode(message: bytes) -> bytes:
    """The message as one line of UTF-8, as the transport has it (specification, "stdio").

    JSON has raw line ends only between tokens, where a space does.
    """
    message = as_utf8(message)
    if b"\n" in message or b"\r" in message:
        message = message.translate(_ONE_LINE)
    return message + b"\n"


class LineReader:
    """Cuts a stream into lines; holds at most `limit` bytes of an unfinished one."""

    __slots__ = ("_held", "_limit", "_pieces")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []
        self._held = 0

    @property
    def held(self) -> int:
        """Bytes of an unfinished line."""
        return self._held

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes, without their ends. Raises MessageTooLarge."""
        first, *others = data.split(b"\n")
        self._pieces.append(first)
        self._held += len(first)
        if self._held > self._limit:
            raise MessageTooLarge(f"a line of more than {self._limit} bytes")
        if not others:
            return []
        lines = [b"".join(self._pieces), *others[:-1]]
        self._pieces, self._held = [others[-1]], len(others[-1])
        return [line.removesuffix(b"\r") for line in lines]

    def finish(self) -> bytes:
        """What came after the last line end, once the stream has ended."""
        return b"".join(self._pieces)
