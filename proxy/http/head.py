"""HTTP/1.1 heads: the bytes up to the empty line -> typed facts, and the lines to forward.

llhttp (by way of httptools, in its strict mode) judges every head that has not been seen
before: bare LF, obsolete folding, a doubled Content-Length, or Content-Length together with
Transfer-Encoding are refused there (RFC 9112, sections 5 and 6.3). Peers repeat their heads
byte for byte on a kept-alive connection, so the outcome on a block is remembered.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import ClassVar, Final, Generic, TypeVar

import httptools

from ..errors import MalformedHead
from . import redirect

END: Final = b"\r\n\r\n"
"""What ends a head."""

# RFC 9110 section 7.6.1, and the two that proxies met in the wild.
HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)

_ONCE = frozenset(
    (
        b"authorization",
        b"host",
        b"origin",
        b"mcp-session-id",
        b"mcp-protocol-version",
        b"traceparent",
    )
)

_ABSOLUTE = re.compile(rb"https?://([^/?#@]+)((?:[/?][^#]*)?)", re.IGNORECASE)

Header = tuple[bytes, bytes]


class Content(Enum):
    """The kinds of bodies that the proxy distinguishes."""

    JSON = auto()
    EVENTS = auto()
    OTHER = auto()


_CONTENT = {b"application/json": Content.JSON, b"text/event-stream": Content.EVENTS}


@dataclass(frozen=True, slots=True)
class RequestHead:
    """A request's head: names in lower case, a path as `target`; its `repr` contains no secret."""

    method: str
    target: bytes = field(repr=False)
    headers: tuple[Header, ...] = field(repr=False)
    length: int
    chunked: bool
    keep_alive: bool
    version: str

    def value(self, name: bytes) -> bytes | None:
        """The value of the first header of that lower-case name."""
        return next((value for each, value in self.headers if each == name), None)


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """A response's head; `length` is None when the body ends by chunking or by closing.

    `forward` is the status line and the end-to-end header lines, without framing headers;
    `cookies` are the values of `Set-Cookie`; `location` is where a redirect leads, None of others.
    """

    status: int
    length: int | None
    chunked: bool
    keep_alive: bool
    content: Content
    encoded: bool
    session: bytes | None = field(repr=False)
    forward: bytes = field(repr=False)
    cookies: tuple[bytes, ...] = field(repr=False)
    location: bytes | None = field(repr=False)


class _Collector:
    """The callbacks for llhttp."""

    def __init__(self) -> None:
        self.target = b""
        self.reason = b""
        self.headers: list[Header] = []
        self.complete = False

    def on_url(self, piece: bytes) -> None:
        self.target += piece

    def on_status(self, piece: bytes) -> None:
        self.reason += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        self.complete = True


def parse_request(block: bytes) -> RequestHead:
    """Read a request's head; `block` ends with its empty line. Raises MalformedHead."""
    seen = _Collector()
    parser = httptools.HttpRequestParser(seen)
    _feed(parser, block, seen)
    target, headers = _origin_form(seen.target, tuple(seen.headers))
    _refuse_repeats(headers)
    _refuse_nameless(parser.get_http_version(), headers)
    _refuse_codings(headers)
    facts = dict(headers)
    return RequestHead(
        method=parser.get_method().decode(),
        target=target,
        headers=headers,
        length=int(facts.get(b"content-length", 0)),
        chunked=b"transfer-encoding" in facts,
        keep_alive=_keeps_alive(parser.get_http_version(), headers),
        version=parser.get_http_version(),
    )


def parse_response(block: bytes) -> ResponseHead:
    """Read a response's head; `block` ends with its empty line. Raises MalformedHead."""
    seen = _Collector()
    parser = httptools.HttpResponseParser(seen)
    _feed(parser, block, seen)
    _refuse_codings(seen.headers)
    facts = dict(seen.headers)
    status = parser.get_status_code()
    chunked = b"transfer-encoding" in facts
    line = b"HTTP/1.1 %d %s\r\n" % (status, seen.reason)
    return ResponseHead(
        status=status,
        length=_response_length(status, facts, chunked=chunked),
        chunked=chunked,
        keep_alive=_keeps_alive(parser.get_http_version(), seen.headers),
        content=content_of(facts.get(b"content-type", b"")),
        encoded=is_coded(seen.headers),
        session=facts.get(b"mcp-session-id"),
        forward=line + lines(end_to_end(seen.headers)),
        cookies=tuple([value for name, value in seen.headers if name == b"set-cookie"]),
        location=facts.get(b"location") if status in redirect.STATUSES else None,
    )


def content_of(content_type: bytes) -> Content:
    """The kind of body a Content-Type announces, parameters ignored."""
    return _CONTENT.get(content_type.partition(b";")[0].strip().lower(), Content.OTHER)


def joined(headers: Iterable[Header], name: bytes) -> bytes:
    """The value of a header that is a list, which may be on several lines (RFC 9110, section 5.3).

    Empty if there is no such line.
    """
    return b", ".join([value for each, value in headers if each == name])


def is_coded(headers: Iterable[Header]) -> bool:
    """Whether the body is compressed or the like: Content-Encoding names more than `identity`."""
    codings = joined(headers, b"content-encoding").lower().split(b",")
    return any(each.strip() not in (b"", b"identity") for each in codings)


def end_to_end(headers: Iterable[Header], drop: frozenset[bytes] = frozenset()) -> list[Header]:
    """The headers a proxy forwards: not hop-by-hop, not named by Connection, not framing."""
    headers = tuple(headers)
    named = _connection(headers)
    gone = HOP_BY_HOP | drop | named | {b"content-length"}
    return [header for header in headers if header[0] not in gone]


def without(block: bytes, names: frozenset[bytes]) -> bytes:
    """Header lines, as `lines` makes them, without those of the lower-case names."""
    kept = [each for each in block.split(b"\r\n") if each.partition(b":")[0] not in names]
    return b"\r\n".join(kept)


def lines(headers: Iterable[Header]) -> bytes:
    """Header lines as bytes."""
    return b"".join(b"%s: %s\r\n" % header for header in headers)


def _feed(
    parser: httptools.HttpRequestParser | httptools.HttpResponseParser,
    block: bytes,
    seen: _Collector,
) -> None:
    try:
        parser.feed_data(block)
    except httptools.HttpParserUpgrade:
        pass  # An offer to switch protocols may be ignored (RFC 9110, section 7.8).
    except httptools.HttpParserError as error:
        raise MalformedHead(f"malformed HTTP head: {error}") from error
    if not seen.complete:
        raise MalformedHead("malformed HTTP head: incomplete")


def _origin_form(target: bytes, headers: tuple[Header, ...]) -> tuple[bytes, tuple[Header, ...]]:
    """A target in absolute-form as path and query; its authority becomes Host.

    RFC 9112, section 3.2.2: a server must accept it, and ignore the Host that came with it.
    """
    absolute = None if target.startswith(b"/") else _ABSOLUTE.fullmatch(target)
    if absolute is None:
        return target, headers
    authority, rest = absolute.groups()
    named = tuple([(name, authority if name == b"host" else value) for name, value in headers])
    return rest if rest.startswith(b"/") else b"/" + rest, named


def _refuse_repeats(headers: tuple[Header, ...]) -> None:
    names = [name for name, _ in headers]
    for name in _ONCE:
        if names.count(name) > 1:
            raise MalformedHead(f"malformed HTTP head: {name.decode()} is given more than once")


def _refuse_nameless(version: str, headers: tuple[Header, ...]) -> None:
    """RFC 9112, section 3.2: an HTTP/1.1 request must have a Host."""
    if version == "1.1" and all(name != b"host" for name, _ in headers):
        raise MalformedHead("malformed HTTP head: Host is missing")


def _refuse_codings(headers: Iterable[Header]) -> None:
    codings = [value for name, value in headers if name == b"transfer-encoding"]
    if [each.strip().lower() for each in codings] not in ([], [b"chunked"]):
        coding = b", ".join(codings)
        raise MalformedHead(f"malformed HTTP head: Transfer-Encoding {coding!r}: only chunked")


def _connection(headers: Iterable[Header]) -> set[bytes]:
    """The names that Connection lists, in lower case."""
    return {each.strip() for each in joined(headers, b"connection").lower().split(b",")}


def _keeps_alive(version: str, headers: Iterable[Header]) -> bool:
    return version == "1.1" and b"close" not in _connection(headers)


def _response_length(status: int, facts: dict[bytes, bytes], *, chunked: bool) -> int | None:
    if status < 200 or status in (204, 304):
        return 0
    if chunked or b"content-length" not in facts:
        return None
    return int(facts[b"content-length"])


Fact = TypeVar("Fact")


class HeadCache(Generic[Fact]):
    """Caches the result of parsing a head block; clears itself once it holds `capacity` blocks.

    A pure function of the bytes is remembered, so a hit equals a fresh parse. Blocks longer than
    2 KiB are never kept: with 512 blocks that bounds the memory at about 2 MiB.
    """

    __slots__ = ("_capacity", "_known", "_parse")

    LONGEST_KEPT: ClassVar = 2048

    def __init__(self, parse: Callable[[bytes], Fact], *, capacity: int = 512) -> None:
        self._parse = parse
        self._capacity = capacity
        self._known: dict[bytes, Fact] = {}

    def __call__(self, block: bytes) -> Fact:
        """The result of parsing `block`."""
        known = self._known.get(block)
        if known is not None:
            return known
        fact = self._parse(block)
        if len(block) <= self.LONGEST_KEPT:
            if len(self._known) >= self._capacity:
                self._known.clear()
            self._known[block] = fact
        return fact
