"""The admin side: /metrics, /healthz and /readyz, on an address of their own."""

import asyncio
from collections.abc import Callable
from typing import cast

from proxy.errors import MalformedHead
from proxy.gate import HEAD_LIMIT
from proxy.wire import response
from proxy.wire.head import END, RequestHead, parse_request

Page = tuple[int, bytes, bytes]
"""Status, content type, body."""


class AdminConnection(asyncio.Protocol):
    """One visitor of the admin side; requests have no body."""

    __slots__ = ("_pages", "_rest", "_transport")

    def __init__(self, pages: dict[bytes, Callable[[RequestHead], Page]]) -> None:
        self._pages = pages
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        data = self._rest + data
        while (end := data.find(END) + len(END)) >= len(END):
            block, data = data[:end], data[end:]
            if not self._answer(block):
                return
        self._rest = data
        if len(data) > HEAD_LIMIT:
            self._send((431, response.TEXT, b"the head is too long\n"), keep_alive=False)

    def _answer(self, block: bytes) -> bool:
        try:
            head = parse_request(block)
        except MalformedHead as error:
            self._send((400, response.TEXT, f"{error}\n".encode()), keep_alive=False)
            return False
        keep_alive = head.keep_alive and not head.length and not head.chunked
        self._send(self._page(head), keep_alive=keep_alive)
        return keep_alive

    def _page(self, head: RequestHead) -> Page:
        page = self._pages.get(head.target.partition(b"?")[0])
        if page is None:
            paths = b", ".join(self._pages)
            return 404, response.TEXT, b"nothing is here: there are %b\n" % paths
        if head.method != "GET":
            return 405, response.TEXT, b"only GET is allowed\n"
        return page(head)

    def _send(self, page: Page, *, keep_alive: bool) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        status, content_type, body = page
        start = response.start(status, content_type)
        self._transport.write(response.framed(start, body, status, keep_alive=keep_alive))
        if not keep_alive:
            self._transport.close()
