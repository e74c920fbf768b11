"""The admin side: /metrics, /healthz and /readyz, on an address of their own."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from time import perf_counter
from typing import cast

from .errors import MalformedHead
from .gate import HEAD_LIMIT
from .wire import response
from .wire.head import END, RequestHead, parse_request

Page = tuple[int, bytes, bytes]
"""Status, content type, body."""

MOST_VISITORS = 100
"""Connections at a time; one more is closed at once, so that visitors cannot take every socket."""
REQUEST_SECONDS = 30.0
"""How long a request may take to arrive once it has begun."""
IDLE_SECONDS = 600.0
"""How long a connection is kept for the next request: longer than Prometheus waits between two."""

Pages = Mapping[bytes, Callable[[RequestHead], Awaitable[Page]]]
"""What is shown at each path."""


class AdminConnection(asyncio.Protocol):
    """One visitor of the admin side, answered in turn; requests have no body.

    `visitors` are those who are here, itself among them; `spawn` starts a task in a group that
    somebody owns; `refused_host` tells why a request for a host is refused, "" if it is not.
    """

    __slots__ = (
        "_busy", "_pages", "_refused_host", "_rest", "_since", "_spawn", "_transport", "_visitors",
    )  # fmt: skip

    def __init__(
        self,
        pages: Pages,
        visitors: "set[AdminConnection]",
        spawn: Callable[[Coroutine[None, None, None]], object],
        refused_host: Callable[[str], str],
    ) -> None:
        self._pages = pages
        self._visitors = visitors
        self._spawn = spawn
        self._refused_host = refused_host
        self._since = 0.0
        self._rest = b""
        self._busy = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)
        self._since = perf_counter()
        self._visitors.add(self)
        if len(self._visitors) > MOST_VISITORS:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self._transport = None
        self._visitors.discard(self)

    def expire(self, now: float) -> None:
        """Close the connection if its request, or its next request, takes too long to come."""
        patience = REQUEST_SECONDS if self._rest else IDLE_SECONDS
        if not self._busy and now - self._since > patience and self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        self._since = self._since if self._rest else perf_counter()
        self._rest += data
        if len(self._rest) > HEAD_LIMIT:
            self._send((431, response.TEXT, b"the head is too long\n"), keep_alive=False)
        elif not self._busy:
            self._next()

    def _next(self) -> None:
        block, end, rest = self._rest.partition(END)
        if not end:
            return
        self._rest = rest
        try:
            head = parse_request(block + end)
        except MalformedHead as error:
            self._send((400, response.TEXT, f"{error}\n".encode()), keep_alive=False)
            return
        self._busy = True
        self._spawn(self._serve(head))

    async def _serve(self, head: RequestHead) -> None:
        page = await self._page(head)
        self._busy = False
        keep_alive = head.keep_alive and not head.length and not head.chunked
        self._send(page, keep_alive=keep_alive, method=head.method)
        if keep_alive:
            self._next()

    async def _page(self, head: RequestHead) -> Page:
        host = head.value(b"host")
        refused = "" if host is None else self._refused_host(host.decode("latin-1"))
        if refused:
            return 403, response.TEXT, f"{refused}\n".encode()
        page = self._pages.get(head.target.partition(b"?")[0])
        if page is None:
            paths = b", ".join(self._pages)
            return 404, response.TEXT, b"nothing is here: there are %b\n" % paths
        if head.method not in ("GET", "HEAD"):
            return 405, response.TEXT, b"only GET and HEAD are allowed\n"
        return await page(head)

    def _send(self, page: Page, *, keep_alive: bool, method: str = "") -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._since = perf_counter()
        status, content_type, body = page
        start = response.start(status, content_type)
        self._transport.write(
            response.framed(start, body, status, keep_alive=keep_alive, method=method)
        )
        if not keep_alive:
            self._transport.close()
