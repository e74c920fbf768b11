"""OAuth metadata of the server behind, for clients that look for it at the proxy's address.

A client asks the address that it knows, the proxy's, and believes only a document whose `resource`
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

from ..calls.client_request import Post
from ..errors import MalformedMessage
from ..http import request, response
from ..http.allowed_hosts import Place, names_loopback
from ..http.bearer import challenge
from ..http.fetch import Inquiry, Told
from ..http.head import Header
from ..http.interfaces import Visitor
from ..http.origin import origin
from ..http.pool import Pool
from ..http.request_policy import Arrival
from ..http.resource_metadata import WELL_KNOWN, document_path
from ..jsonrpc.members import encode, raw, take_apart
from ..translation.request import plain

FETCH_SECONDS = 10.0
DOCUMENT_LIMIT = 64 * 1024
"""Bytes of a document."""

_NAMED = re.compile(rb'resource_metadata="?([^",\s]+)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ResourceMetadata:
    """What a server at `url` says of itself, as clients of the proxy have to hear it."""

    url: SplitResult

    def target(self, arrival: Arrival) -> bytes:
        """Where the server has the document that a client asks the proxy for."""
        root, about = document_path(arrival.path)
        return root + (self._path if about and about == arrival.endpoint else about)

    def challenge(self, head: bytes, arrival: Arrival) -> bytes:
        """The head of a refusal, whose challenge leads a client to the proxy's document."""
        named = _NAMED.search(head)
        path = None if named is None else self._own_path(named[1])
        if named is None or path is None or not arrival.base:
            return head
        root, about = document_path(path)
        path = root + arrival.endpoint if root and about == self._path else path
        return head[: named.start(1)] + arrival.base + path + head[named.end(1) :]

    def document(self, body: bytes, arrival: Arrival) -> bytes:
        """A document about the server, which names it as the client does."""
        try:
            fields = take_apart(body)
        except MalformedMessage:
            return body
        resource = plain(fields.get("resource"))
        path = self._own_path(resource.encode()) if isinstance(resource, str) else None
        if path is None or not arrival.base:
            return body
        path = arrival.endpoint if path.rstrip(b"/") == self._path else path
        return encode({**fields, "resource": raw((arrival.base + path).decode("latin-1"))})

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


def asking_for_token(arrival: Arrival) -> tuple[Header, ...]:
    """The challenge to a client whose token the server did not take, in the server's place."""
    url = b"%b%b%b" % (arrival.base, WELL_KNOWN.encode(), arrival.endpoint) if arrival.base else b""
    return challenge(b"", url.decode("latin-1")).headers


class MetadataUpstream:
    """Fetches documents of a server for clients.

    `fixed` are the header lines of every request to it; `spawn` starts an owned task.
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

    def fetch(self, post: Post) -> None:
        """Answer a client's GET with the server's document, or its refusal."""
        inquiry = Inquiry(DOCUMENT_LIMIT)
        post.client.attach(_Asker(inquiry))
        self._spawn(self._answer(post, inquiry))

    async def _answer(self, post: Post, inquiry: Inquiry) -> None:
        arrival = post.arrival
        start = request.start("GET", self._metadata.target(arrival), self._fixed)
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                self._pool.exchange(inquiry, start + arrival.forward + b"\r\n")
                told = await inquiry.told()
        except TimeoutError:
            told = None
        status, body = _refusal(inquiry) if told is None else self._document(told, arrival)
        kind = response.JSON if body.startswith(b"{") else response.TEXT
        head = response.start(status, kind, (b"cache-control", b"no-store"))
        post.client.answer(head, body, status)

    def _document(self, told: Told, arrival: Arrival) -> tuple[int, bytes]:
        status = told.status if told.status in _STATUSES else 502
        return status, self._metadata.document(told.body, arrival) if status == 200 else told.body


class _Asker(Visitor):
    """The client that waits for a document."""

    def __init__(self, inquiry: Inquiry) -> None:
        self._inquiry = inquiry

    def client_paused(self) -> None:
        """Nothing is written before all of it is there."""

    def client_resumed(self) -> None:
        pass

    def client_gone(self) -> None:
        self._inquiry.give_up()


_STATUSES = frozenset(HTTPStatus)


def _refusal(inquiry: Inquiry) -> tuple[int, bytes]:
    reason = inquiry.reason or "the server did not answer in time"
    return 502 if inquiry.reason else 504, reason.encode() + b"\n"


def _is_loopback(host: str | None) -> bool:
    return names_loopback(Place("", host or "", None))
