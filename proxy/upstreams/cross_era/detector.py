"""Which eras a streamable HTTP server speaks: probed once, when first needed.

2026-07-28, "Streamable HTTP", Backward Compatibility: a server that answers `server/discover`, or
refuses it with a modern error, is a modern one; any other is legacy. So is one that says nothing,
fails or hangs up, as the official SDKs take it; but then it may have been away or broken, so that
is asked again once no session could be opened. A modern server may take `initialize` as well,
which the first client that sends it finds out.

A server that takes no POST may speak HTTP+SSE: then a GET brings an `endpoint` event (2025-11-25,
"Transports", Backwards Compatibility).
"""

import asyncio
import logging
from collections.abc import Callable

from ... import logs
from ...errors import MalformedMessage
from ...http import request
from ...http.fetch import Fetch, FetchResult
from ...http.head import Header, without
from ...http.pool import Pool
from ...http.sse import ENDPOINT
from ...jsonrpc import methods
from ...jsonrpc.members import Fields
from ...translation import headers, server_messages
from ...translation.opening import PROBE_SECONDS, modern_meta, speaks_modern, versions_in
from ...translation.request import mapping, plain
from ...translation.request import request as message
from ...translation.versions import LATEST_LEGACY, LEGACY_VERSIONS, MODERN_VERSION, Era
from ...transports.http_transport import StreamableHttpConfig
from ..initialize_probe import SILENT

LOG = logging.getLogger("proxy.upstream")

_NOTHING = FetchResult(0, b"", b"")
"""What a server said that hung up, or kept silent for too long."""
_POST = (request.ACCEPT_BOTH, request.CONTENT_JSON)
_NO_POST = frozenset((400, 404, 405))
SSE_SECONDS = 3.0
"""How long a server that takes no POST may think about a GET."""


class EraDetector:
    """What is known of the server; None is not known yet. `known` settles both eras.

    `on_sse` is called if the server speaks HTTP+SSE.
    """

    def __init__(
        self,
        config: StreamableHttpConfig,
        pool: Pool,
        known: Era | None,
        on_sse: Callable[[], None] = lambda: None,
    ) -> None:
        self._on_sse = on_sse
        self.sse = False
        self._config = config
        self._pool = pool
        self._known = known
        self._asking = asyncio.Lock()
        self._fetch: Fetch | None = None
        self._closed = False
        self._supposed = False
        self.modern: bool | None = None
        self.legacy: bool | None = None
        self.forget()

    def __repr__(self) -> str:
        return f"<EraDetector modern={self.modern} legacy={self.legacy}>"

    def forget(self) -> None:
        """The server was unreachable: another one may return."""
        self._supposed = self.sse = False
        self.modern = None if self._known is None else self._known is Era.MODERN
        self.legacy = None if self._known is None else self._known is Era.LEGACY

    def discard_assumption(self) -> None:
        """A legacy session could not be opened: probe again what was only assumed."""
        if self._supposed:
            self.forget()

    def close(self) -> None:
        """Probe no more; waiting requests proceed without a result."""
        self._closed = True
        if self._fetch is not None:
            self._fetch.cancel()

    async def detect(self, lines: bytes, query: bytes) -> None:
        """Ask whether the server is a modern one, unless that is known.

        The request carries a client's header lines and query; the client waits for that no longer
        than PROBE_SECONDS, or half of a call's time.
        """
        async with self._asking:
            if self.modern is None:
                await self._discover(lines, query)

    async def detect_legacy(self, lines: bytes, query: bytes) -> None:
        """Ask a modern server whether it takes `initialize` too, unless that is known.

        The session of a client of HTTP+SSE or stdio is opened in one way or the other. The session
        that this opens is ended at once.
        """
        await self.detect(lines, query)
        async with self._asking:
            if self.modern and self.legacy is None:
                await self._initialize(lines, query)

    async def _initialize(self, lines: bytes, query: bytes) -> None:
        params = {
            "protocolVersion": LATEST_LEGACY,
            "capabilities": {},
            "clientInfo": {"name": "mcp-proxy", "version": "1"},
        }
        body = message(methods.INITIALIZE, methods.INITIALIZE, params)
        reply = await self._ask(self._head("POST", lines, query, *_POST), body)
        if reply is None or reply is _NOTHING or reply.status in SILENT or reply.status >= 500:
            return
        answer = _answer(reply.body)
        self.legacy = reply.status < 300 and answer is not None and "result" in answer
        if reply.session:
            session = (b"mcp-session-id", reply.session)
            await self._ask(self._head("DELETE", lines, query, session), b"")

    async def _discover(self, lines: bytes, query: bytes) -> None:
        body = message(methods.DISCOVER, methods.DISCOVER, {"_meta": modern_meta(None, None)})
        made = headers.made_of(methods.DISCOVER, {}, MODERN_VERSION)
        reply = await self._ask(self._head("POST", lines, query, *_POST, *made), body)
        if reply is None or reply.status in SILENT or self._closed:
            return
        self._supposed = reply is _NOTHING or reply.status >= 500
        answer = None if self._supposed else _answer(reply.body)
        self.modern = answer is not None and speaks_modern(answer) is not False
        result = mapping(plain((answer or {}).get("result")))
        versions = versions_in(result, "supportedVersions")
        if not (self.modern or self._supposed) or versions & set(LEGACY_VERSIONS):
            self.legacy = True
        if reply.status in _NO_POST and _answer(reply.body) is None:
            await self._look_for_endpoint(lines, query)

    async def _look_for_endpoint(self, lines: bytes, query: bytes) -> None:
        fetch = Fetch(self._config.message_limit, lambda event: event.type == ENDPOINT)
        head = self._head("GET", lines, query, request.ACCEPT_EVENTS)
        reply = await self._ask(head, b"", fetch, SSE_SECONDS)
        self.sse = reply is not None and reply.status == 200 and fetch.streamed
        if self.sse:
            advice = "set --upstream-transport sse, which saves this question"
            logs.event(LOG, "the server speaks HTTP+SSE", logging.WARNING, advice=advice)
            self._on_sse()

    def _head(self, method: str, lines: bytes, query: bytes, *own: Header) -> bytes:
        where = self._config
        start = request.start(method, request.target(where.target, query), where.fixed, *own)
        return start + without(lines, headers.REPLACED)

    async def _ask(
        self,
        head: bytes,
        body: bytes,
        fetch: Fetch | None = None,
        seconds: float = PROBE_SECONDS,
    ) -> FetchResult | None:
        """The server's response; None if it cannot be reached."""
        if self._closed:
            return None
        fetch = self._fetch = fetch or Fetch(self._config.message_limit)
        try:
            async with asyncio.timeout(min(seconds, self._config.timeout / 2)):
                self._pool.send(fetch, request.complete(head, body))
                reply = await fetch.result()
        except TimeoutError:
            reply = None
        return reply or (_NOTHING if fetch.reached else None)


def _answer(body: bytes) -> Fields | None:
    try:
        return server_messages.read(body)[0][0]
    except MalformedMessage:
        return None
