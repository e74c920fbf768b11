"""The chunked transfer coding, both ways (RFC 9112, section 7.1)."""

import httptools

from ..errors import MalformedBody

LAST = b"0\r\n\r\n"
"""The chunk that ends a body."""

_REQUEST = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """One chunk; `data` must not be empty, since the empty chunk ends the body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class Decoder:
    """Undoes the chunked coding; llhttp, led in by a head of our own, does the reading.

    `done` turns true at the last chunk; `surplus` says that bytes followed it, after which the
    connection cannot be kept, because where the next message starts is not known.
    """

    __slots__ = ("_parser", "_pieces", "done", "surplus")

    def __init__(self) -> None:
        self.done = False
        self.surplus = False
        self._pieces: list[bytes] = []
        self._parser = httptools.HttpRequestParser(self)
        self._parser.feed_data(_REQUEST)

    def feed(self, data: bytes) -> bytes:
        """The body's bytes within `data`. Raises MalformedBody."""
        self._pieces.clear()
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self.done:
                raise MalformedBody(f"malformed chunked body: {error}") from error
            self.surplus = True
        return b"".join(self._pieces)

    def on_message_begin(self) -> None:
        """A second message begins after the first."""
        self.surplus = self.done

    def on_body(self, piece: bytes) -> None:
        if not self.surplus:
            self._pieces.append(piece)

    def on_message_complete(self) -> None:
        self.done = True
