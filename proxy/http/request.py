"""HTTP requests that the proxy writes to an upstream."""

from . import response
from .head import Header, lines
from .query import added

ACCEPT_EVENTS: Header = (b"accept", response.EVENTS)
ACCEPT_BOTH: Header = (b"accept", b"%b, %b" % (response.JSON, response.EVENTS))
CONTENT_JSON: Header = (b"content-type", response.JSON)


def fixed(authority: bytes) -> bytes:
    """The header lines of every request to a server without configured headers."""
    return lines(((b"host", authority),))


def start(method: str, target: bytes, fixed: bytes, *headers: Header) -> bytes:
    """Request line, `fixed` lines, the wish for an answer that the proxy can read, and others."""
    return b"%b %b HTTP/1.1\r\n%baccept-encoding: identity\r\n%b" % (
        method.encode(), target, fixed, lines(headers),
    )  # fmt: skip


def target(base: bytes, query: bytes) -> bytes:
    """The server's own request target with what a client adds to the query of the server's URL."""
    if not query:
        return base
    more = added(base.partition(b"?")[2], query)
    return b"%b%b%b" % (base, b"&" if b"?" in base else b"?", more) if more else base


def complete(head: bytes, body: bytes = b"") -> bytes:
    """`head`, as `start` made it and more lines may follow, with the body's length and the body."""
    return b"%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body)
