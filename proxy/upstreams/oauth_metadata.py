"""OAuth metadata of the server behind, for clients that look for it at the proxy's address.

A client asks at the proxy's address, and believes only a document whose `resource`
is that address (RFC 9728, sections 3.1 and 3.3; MCP specification, "Authorization"). So what names
the server's own address there, or in a challenge, names the proxy's instead. Who issues tokens is
left as it is: clients go there themselves.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

from ..calls.client_request import ClientRequest
from ..errors import MalformedMessage
from ..http import request, response
from ..http.allowed_hosts import HostOrOrigin, names_loopback
from ..http.bearer import challenge
from ..http.fetch import Fetch, FetchResult
from ..http.head import Header
from ..http.interfaces import ClientObserver
from ..http.origin import origin
from ..http.pool import Pool
from ..http.request_policy import RequestInfo
from ..http.resource_metadata import WELL_KNOWN, document_path
from ..jsonrpc.members import encode, parse_members, raw
from ..translation.request import plain

FETCH_SECONDS = 10.0
DOCUMENT_LIMIT = 64 * 1024
"""Bytes of a document."""

_NAMED = re.compile(rb'resource_metadata="?([^",\s]+)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ResourceMetadata:
    """What a server at `url` says of itself, as clients of the proxy need it."""

    url: SplitResult

    def target(self, info: RequestInfo) -> bytes:
        """Where the server has the document that a client asks the proxy for."""
        root, about = document_path(info.path)
        return root + (self._path if about and about == info.endpoint else about)

    def challenge(self, head: bytes, info: RequestInfo) -> bytes:
        """The head of a refusal, whose challenge leads a client to the proxy's document."""
        named = _NAMED.search(head)
        path = None if named is None else self._own_path(named[1])
        if named is None or path is None or not info.base:
            return head
        root, about = document_path(path)
        path = root + info.endpoint if root and about == self._path else path
        return head[: named.start(1)] + info.base + path + head[named.end(1) :]

    def document(self, body: bytes, info: RequestInfo) -> bytes:
        """A document about the server, which names it as the client does."""
        try:
            fields = parse_members(body)
        except MalformedMessage:
            return body
        resource = plain(fields.get("resource"))
        path = self._own_path(resource.encode()) if isinstance(resource, str) else None
        if path is None or not info.base:
            return body
        path = info.endpoint if path.rstrip(b"/") == self._path else path
        return encode({**fields, "resource": raw((info.base + path).decode("latin-1"))})

    @property
    def _path(self) -> bytes:
        return self.url.path.rstrip("/").encode()

    def _own_path(self, named: bytes) -> bytes | None:
        """The path of a URL of the server's own origin; all names of the loopback are one host."""
        try:
            url = urlsplit(named.decode("ascii"))
            (scheme, host, port), (own_scheme, own_host, own_port) = origin(url), origin(self.url)
        except ValueError:
            return None
        here = host == own_host or (_is_loopback(host) and _is_loopback(own_host))
        return url.path.encode() if here and (scheme, port) == (own_scheme, own_port) else None


def asking_for_token(info: RequestInfo) -> tuple[Header, ...]:
    """The challenge to a client whose token the server did not take, in the server's place."""
    url = b"%b%b%b" % (info.base, WELL_KNOWN.encode(), info.endpoint) if info.base else b""
    return challenge(b"", url.decode("latin-1")).headers


class MetadataUpstream:
    """Fetches documents of a server for clients.

    `fixed` are the header lines of every request to it; `spawn` starts a task in the caller's
    group.
    """

    def __init__(
        self,
        metadata: ResourceMetadata,
        fixed: bytes,
        pool: Pool,
        spawn: Callable[[Coroutine[None, None, None]], object],
    ) -> None:
        self._metadata = metadata
        self._fixed = fixed
        self._pool = pool
        self._spawn = spawn

    def __repr__(self) -> str:
        return f"<MetadataUpstream {self._pool!r}>"

    def fetch(self, client_request: ClientRequest) -> None:
        """Answer a client's GET with the server's document, or its refusal."""
        fetch = Fetch(DOCUMENT_LIMIT)
        client_request.client.attach(_WaitingClient(fetch))
        self._spawn(self._answer(client_request, fetch))

    async def _answer(self, client_request: ClientRequest, fetch: Fetch) -> None:
        info = client_request.info
        start = request.start("GET", self._metadata.target(info), self._fixed)
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                self._pool.send(fetch, start + info.forward + b"\r\n")
                reply = await fetch.result()
        except TimeoutError:
            reply = None
        status, body = _refusal(fetch) if reply is None else self._document(reply, info)
        kind = response.JSON if body.startswith(b"{") else response.TEXT
        head = response.start(status, kind, (b"cache-control", b"no-store"))
        client_request.client.respond(head, body, status)

    def _document(self, reply: FetchResult, info: RequestInfo) -> tuple[int, bytes]:
        status = reply.status if reply.status in _STATUSES else 502
        return status, self._metadata.document(reply.body, info) if status == 200 else reply.body


class _WaitingClient(ClientObserver):
    """The client that waits for a document."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    def on_client_paused(self) -> None:
        """Nothing is written before all of it is there."""

    def on_client_resumed(self) -> None:
        pass

    def on_client_gone(self) -> None:
        self._fetch.cancel()


_STATUSES = frozenset(HTTPStatus)


def _refusal(fetch: Fetch) -> tuple[int, bytes]:
    reason = fetch.reason or "the server did not answer in time"
    return 502 if fetch.reason else 504, reason.encode() + b"\n"


def _is_loopback(host: str | None) -> bool:
    return names_loopback(HostOrOrigin("", host or "", None))
