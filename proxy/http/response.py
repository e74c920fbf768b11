"""HTTP responses that the proxy writes itself, and the framing of those it forwards."""

from http import HTTPStatus
from typing import Final

from .head import Header, lines

CLOSE: Final = b"connection: close\r\n"
CHUNKED: Final = b"transfer-encoding: chunked\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

JSON: bytes = b"application/json"
EVENTS: bytes = b"text/event-stream"
TEXT: bytes = b"text/plain; charset=utf-8"

RETRY_AFTER: Header = (b"retry-after", b"5")
"""For clients that come while the proxy drains, or is full: seconds until it is worth a try."""

# No Content-Length on these (RFC 9110, section 8.6).
_WITHOUT_LENGTH: Final = frozenset((204, 304))

_REASONS: Final = {each.value: each.phrase.encode() for each in HTTPStatus}

# Asks nginx and its kin not to hold events back; no-transform forbids compressing them.
EVENT_HEADERS: tuple[Header, ...] = (
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
)


def start(status: int, content_type: bytes | None = None, *headers: Header) -> bytes:
    """A status line with header lines, framing headers and the empty line not included."""
    typed = () if content_type is None else ((b"content-type", content_type),)
    return b"HTTP/1.1 %d %b\r\n%b" % (status, _REASONS[status], lines((*typed, *headers)))


def readable(head: bytes, cors: bytes) -> bytes:
    """`head` with the header lines `cors`, except those that the server sent itself."""
    return head if b"\r\naccess-control-allow-origin:" in head else head + cors


def framed(head: bytes, body: bytes, status: int, *, keep_alive: bool, method: str = "") -> bytes:
    """`head`, as `start` made it, with the framing headers and the whole body.

    The response to HEAD gives the length of the body and leaves it out (RFC 9110,
    section 9.3.2).
    """
    if not keep_alive:
        head += CLOSE
    if status in _WITHOUT_LENGTH:
        return head + b"\r\n"
    sent = b"" if method == "HEAD" else body
    return b"%bcontent-length: %d\r\n\r\n%b" % (head, len(body), sent)
