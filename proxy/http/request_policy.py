"""Which requests are allowed: a head -> what routing needs, or the rejection it gets.

Pure, so that `head.HeadCache` may cache the result by the bytes of a head. On a loopback
address both Host and Origin must name the loopback, which is what stops DNS rebinding (MCP
specification, "Streamable HTTP", security warning); elsewhere an Origin must be allowed by name.
Pages of allowed origins may read every answer (Fetch standard, "CORS protocol").
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs

from ..telemetry.client_info import UNKNOWN_CLIENT, ClientInfo
from ..telemetry.vocabulary import RejectionCause, cut
from . import response
from .accept import accepts
from .allowed_hosts import NONE_ALLOWED, AllowList, host, names_loopback, origin, refused_host
from .bearer import NO_AUTH, TokenPolicy, principal_hash, token_of
from .head import Header, RequestHead, end_to_end, is_coded, joined, lines, parse_request
from .rejection import HttpRejection, StaticResponse
from .resource_metadata import NO_METADATA, Metadata, document_path
from .user_agent import product

HEAD_LIMIT: Final = 16 * 1024
"""Longest request head in bytes; the answer to a longer one is 431."""
HEADERS_LIMIT = 100
"""Most header lines of a request."""
QUERY_FIELDS_LIMIT = 100
"""Most fields of a query that is searched for a session."""

METHODS = ("POST", "GET", "DELETE")
"""What the endpoint of streamable HTTP takes."""
SSE_PATH = b"/sse"
"""Where a client of the HTTP+SSE transport opens its stream."""
MESSAGES_PATH = b"/messages"
"""Where it posts its messages; the query names the session."""
SESSION_KEY = "session_id"
OPEN_STREAM, POST_MESSAGE = "open-stream", "take-message"
"""What a client of the HTTP+SSE transport comes for; the others come for one of `METHODS`."""
METADATA = "metadata"
"""What a client comes for that the server asks for a token."""

_Routes = Mapping[str, str]
_AT_ENDPOINT: _Routes = {each: each for each in METHODS}
_AT_SSE: Mapping[bytes, _Routes] = {
    SSE_PATH: {"GET": OPEN_STREAM, "POST": "POST", "DELETE": "DELETE"},
    MESSAGES_PATH: {"POST": POST_MESSAGE},
}
_AT_METADATA: _Routes = {"GET": METADATA}

# Headers that a page may read: the session, and where to get a token.
_EXPOSED = (
    b"access-control-expose-headers: mcp-session-id, mcp-protocol-version, www-authenticate\r\n"
    b"vary: origin\r\n"
)

# The path prefix that a reverse proxy names.
_PREFIX = re.compile(r"(?:/[A-Za-z0-9.\-_~%]+)*")

# The target of a client that posts to the reference that it was given without resolving it.
_UNRESOLVED = re.compile(rb"\A(POST )(?=messages\?)")

_CONTEXT = frozenset((b"traceparent", b"tracestate"))
# The proxy must read the answers, so it asks for no coding, and it sets the rest itself.
_REPLACED = _CONTEXT | {b"host", b"accept-encoding", b"expect"}
# A token that was shown to the proxy was not meant for the server (specification, "Authorization",
# "Access Token Privilege Restriction").
_CONSUMED = _REPLACED | {b"authorization"}


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """What the proxy makes of a request's head.

    `route` is what the request is for. `forward` holds the end-to-end header lines without the
    trace context and what the proxy sets itself; `context_lines` holds the trace context, as sent;
    `token` is the bearer token where the proxy asks for one; `page` is what was asked for instead
    of MCP; `messages` is a relative reference to where messages of an HTTP+SSE session go: it leads
    there behind a reverse proxy that strips a path prefix, too; `cors` holds header lines of the
    answer that let a web page read it. `base` is the address under which the client reaches the
    proxy, "" if that is unknown: scheme, host and the prefix of paths; `endpoint` is the path of
    MCP below it that the client means. `mount` is what the paths of its server begin with, where
    there are several; `product` is the client by its User-Agent, `principal` the hash of its
    token where that is asked for. Nothing that may be secret is in its `repr`, which tracebacks
    show.
    """

    method: str
    route: str
    length: int
    chunked: bool
    keep_alive: bool
    version_1_1: bool
    rejection: HttpRejection | None
    static_response: StaticResponse | None = None
    expects_continue: bool = False
    query: bytes = field(default=b"", repr=False)
    accepts_events: bool = False
    accepts_json: bool = False
    session: str = field(default="", repr=False)
    version: str = ""
    last_event: str = field(default="", repr=False)
    traceparent: str = field(default="", repr=False)
    tracestate: str = field(default="", repr=False)
    forward: bytes = field(default=b"", repr=False)
    context_lines: bytes = field(default=b"", repr=False)
    token: bytes = field(default=b"", repr=False)
    messages: bytes = b""
    path: bytes = field(default=b"", repr=False)
    base: bytes = b""
    endpoint: bytes = b""
    cors: bytes = b""
    mount: str = ""
    product: ClientInfo = UNKNOWN_CLIENT
    principal: str = ""


@dataclass(frozen=True, slots=True)
class RequestPolicy:
    """The rules of the client side: paths, size, whose pages may call, and who.

    `path` is that of streamable HTTP; it wins where it is also one of the HTTP+SSE transport's. A
    client that was given the URL of HTTP+SSE may speak streamable HTTP there, too: it tries that
    first (2025-11-25, "Transports", Backwards Compatibility).
    `passes_metadata` is whether the server behind may be asked for OAuth metadata; `port` is the
    one that is listened at. Header lines whose names are among the `replaced` do not travel on.
    With a `principal_key` requests have a `principal`.
    """

    path: bytes
    body_limit: int
    loopback: bool
    allowed_origins: AllowList = NONE_ALLOWED
    allowed_hosts: AllowList = NONE_ALLOWED
    access: TokenPolicy = NO_AUTH
    metadata: Metadata = NO_METADATA
    passes_metadata: bool = False
    port: int = 0
    replaced: frozenset[bytes] = frozenset()
    principal_key: bytes = field(default=b"", repr=False)

    def evaluate(self, block: bytes) -> RequestInfo:
        """Judge a request by its head. Raises MalformedHead."""
        return self.evaluate_head(parse_request(_UNRESOLVED.sub(rb"\1/", block)))

    def evaluate_head(self, head: RequestHead) -> RequestInfo:
        """Judge a request by its head, which is well-formed."""
        facts = dict(head.headers)
        text = {name: value.decode("latin-1") for name, value in head.headers}
        consumes = self.access.consumes
        route = self._routes(head).get(head.method, "")
        if route == OPEN_STREAM and b"mcp-session-id" in facts:
            route = head.method
        token = token_of(facts.get(b"authorization")) if consumes else b""
        accept = joined(head.headers, b"accept")
        return RequestInfo(
            method=head.method,
            route=route,
            query=head.target.partition(b"?")[2],
            length=head.length,
            chunked=head.chunked,
            keep_alive=head.keep_alive,
            version_1_1=head.version == "1.1",
            expects_continue=b"100-continue" in joined(head.headers, b"expect").lower(),
            accepts_events=accepts(accept, response.EVENTS),
            accepts_json=accepts(accept, response.JSON),
            session=_session(head) if route == POST_MESSAGE else text.get(b"mcp-session-id", ""),
            version=text.get(b"mcp-protocol-version", ""),
            last_event=text.get(b"last-event-id", ""),
            traceparent=text.get(b"traceparent", ""),
            tracestate=joined(head.headers, b"tracestate").decode("latin-1"),
            forward=self._forward(head),
            context_lines=lines(each for each in head.headers if each[0] in _CONTEXT),
            token=token,
            static_response=self._static_response(head),
            messages=_reference(head.target, MESSAGES_PATH),
            path=head.target.partition(b"?")[0],
            base=_base(text, self.port),
            endpoint=self._endpoint(head, route),
            cors=self._cors(text.get(b"origin")),
            product=product(text.get(b"user-agent", "")),
            principal=self._principal(facts.get(b"authorization")),
            rejection=self._refusal(head, text, token),
        )

    def _forward(self, head: RequestHead) -> bytes:
        """The header lines that travel on. To many servers `_` in a name is the same as `-`."""
        others = (h for h in head.headers if h[0].replace(b"_", b"-") not in self.replaced)
        return lines(end_to_end(others, drop=_CONSUMED if self.access.consumes else _REPLACED))

    def _principal(self, authorization: bytes | None) -> str:
        if not self.principal_key:
            return ""
        token = token_of(authorization)
        return principal_hash(token, self.principal_key) if token else UNKNOWN_CLIENT.name

    def _static_response(self, head: RequestHead) -> StaticResponse | None:
        """The protected resource metadata, or the response to OPTIONS."""
        methods = ("GET", "HEAD") if head.target in self.metadata.paths else (*self._routes(head),)
        if head.method == "OPTIONS" and methods:
            return _options(head, methods)
        if head.method not in methods or self._routes(head):
            return None
        return StaticResponse(200, response.JSON, self.metadata.document)

    def _cors(self, given: str | None) -> bytes:
        """Header lines for the page of an allowed origin."""
        if given is None or self._wrong_origin(given) is not None:
            return b""
        reader = b"*" if self.allowed_origins.any else given.encode("latin-1")
        return b"access-control-allow-origin: %b\r\n%b" % (reader, _EXPOSED)

    def _refusal(
        self, head: RequestHead, text: dict[bytes, str], token: bytes
    ) -> HttpRejection | None:
        """The first rule that is broken; None if none is."""
        rules = (
            self._wrong_version(head),
            self._too_many_headers(head),
            self._wrong_host(text.get(b"host")),
            self._wrong_origin(text.get(b"origin")),
            self._wrong_path(head),
            self._wrong_method(head),
            self._coded(head),
            self._too_large(head),
            None if self._static_response(head) else self.access.rejection(token),
        )
        return next((each for each in rules if each is not None), None)

    def _wrong_version(self, head: RequestHead) -> HttpRejection | None:
        if head.version in ("1.0", "1.1"):
            return None
        return HttpRejection(
            RejectionCause.MALFORMED, 505, f"HTTP/{head.version} is not spoken here: HTTP/1.1 is"
        )

    def _too_many_headers(self, head: RequestHead) -> HttpRejection | None:
        if len(head.headers) <= HEADERS_LIMIT:
            return None
        return HttpRejection(
            RejectionCause.HEAD_SIZE, 431, f"more than {HEADERS_LIMIT} header lines"
        )

    def _wrong_host(self, host: str | None) -> HttpRejection | None:
        if host is None or not self.loopback:
            return None
        reason = refused_host(host, self.allowed_hosts, private=False)
        return HttpRejection(RejectionCause.HOST, 403, reason) if reason else None

    def _wrong_origin(self, given: str | None) -> HttpRejection | None:
        if given is None or self.allowed_origins.any:
            return None
        try:
            place = origin(given)
        except ValueError as error:
            return HttpRejection(
                RejectionCause.ORIGIN, 403, f"Origin {given!r} is malformed: {error}"
            )
        if self.allowed_origins.has(place) or (self.loopback and names_loopback(place)):
            return None
        reason = f"Origin {given!r} is not allowed: name it in --allowed-origins if it is yours"
        return HttpRejection(RejectionCause.ORIGIN, 403, reason)

    def _wrong_path(self, head: RequestHead) -> HttpRejection | None:
        if self._routes(head) or self._static_response(head):
            return None
        path = cut(head.target.partition(b"?")[0].decode("latin-1"))
        places = f"MCP is at {self.path.decode()}, HTTP+SSE at {SSE_PATH.decode()}"
        return HttpRejection(RejectionCause.PATH, 404, f"nothing is at {path!r}: {places}")

    def _wrong_method(self, head: RequestHead) -> HttpRejection | None:
        errands = self._routes(head) or _AT_ENDPOINT
        if head.method in errands or self._static_response(head):
            return None
        allowed = ", ".join(errands)
        reason = f"{head.method} is not allowed here: {allowed}"
        return HttpRejection(RejectionCause.METHOD, 405, reason, ((b"allow", allowed.encode()),))

    def _routes(self, head: RequestHead) -> _Routes:
        """The routes at the request's path, by method; empty if there are none."""
        path = _unslashed(head.target.partition(b"?")[0])
        if path == _unslashed(self.path):
            return _AT_ENDPOINT
        if self.passes_metadata and document_path(path)[0]:
            return _AT_METADATA
        return _AT_SSE.get(path, {})

    def _endpoint(self, head: RequestHead, route: str) -> bytes:
        path = _unslashed(head.target.partition(b"?")[0])
        at_sse = SSE_PATH in (path, document_path(path)[1]) or route == POST_MESSAGE
        return SSE_PATH if at_sse else _unslashed(self.path)

    def _coded(self, head: RequestHead) -> HttpRejection | None:
        if not is_coded(head.headers):
            return None
        reason = "a body with Content-Encoding cannot be read here: send it without"
        return HttpRejection(
            RejectionCause.ENCODING, 415, reason, ((b"accept-encoding", b"identity"),)
        )

    def _too_large(self, head: RequestHead) -> HttpRejection | None:
        if head.length <= self.body_limit:
            return None
        return HttpRejection(
            RejectionCause.BODY_SIZE, 413, f"the body is longer than {self.body_limit} bytes"
        )


def _options(head: RequestHead, methods: tuple[str, ...]) -> StaticResponse:
    """The allowed methods and headers, for the preflight requests of browsers."""
    allowed = ", ".join(methods).encode()
    headers: tuple[Header, ...] = ((b"allow", allowed),)
    if head.value(b"access-control-request-method") is not None:
        wanted = joined(head.headers, b"access-control-request-headers")
        headers += (
            (b"access-control-allow-methods", allowed),
            (b"access-control-allow-headers", wanted),
            (b"access-control-max-age", b"7200"),
        )
    return StaticResponse(204, None, b"", headers)


def _reference(target: bytes, path: bytes) -> bytes:
    """A relative reference (RFC 3986, section 4.2) from a request's path to a sibling path."""
    up = b"../" if target.partition(b"?")[0].endswith(b"/") else b""
    return up + path.removeprefix(b"/")


def _base(text: Mapping[bytes, str], port: int) -> bytes:
    """A client's own address of the proxy, as forwarded by reverse proxies.

    A client of this machine that comes straight to the `port` need not name it in Host.
    """

    def first(name: bytes) -> str:
        return text.get(name, "").partition(",")[0].strip()

    named = first(b"x-forwarded-host") or first(b"host")
    scheme = "https" if first(b"x-forwarded-proto").lower() == "https" else "http"
    prefix = first(b"x-forwarded-prefix").rstrip("/")
    try:
        place = host(named)
    except ValueError:
        return b""
    if not (named.isascii() and _PREFIX.fullmatch(prefix)):
        return b""
    straight = not any(name.startswith(b"x-forwarded-") for name in text)
    if port and straight and place.port is None and names_loopback(place):
        named = f"{named}:{port}"
    return f"{scheme}://{named}{prefix}".encode()


def _unslashed(path: bytes) -> bytes:
    """A path without the trailing slash that clients often add."""
    return path.removesuffix(b"/")


def _session(head: RequestHead) -> str:
    """The session in the query; none if it has too many fields."""
    query = head.target.partition(b"?")[2].decode("latin-1")
    try:
        return parse_qs(query, max_num_fields=QUERY_FIELDS_LIMIT).get(SESSION_KEY, [""])[0]
    except ValueError:
        return ""
