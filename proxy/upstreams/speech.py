"""Which eras a streamable HTTP server speaks: asked once, on behalf of whoever first needs to know.

2026-07-28, "Streamable HTTP", Backward Compatibility: a server that answers `server/discover`, or
refuses it with a modern error, is a modern one; any other is legacy. So is one that says nothing,
fails or hangs up, as the official SDKs take it; but then it may have been away or broken, so that
is asked again once no session could be opened. A modern server may take `initialize` as well,
which the first client that sends it finds out.
"""

import asyncio

from ..eras import headers, keys, said
from ..eras.opening import PROBE_SECONDS, modern_meta, speaks_modern, versions_in
from ..eras.request import mapping, plain
from ..eras.request import request as message
from ..eras.versions import LATEST_LEGACY, LEGACY_VERSIONS, MODERN_VERSION, Era
from ..errors import MalformedMessage
from ..transports.inquiry import Inquiry, Told
from ..transports.pool import Pool
from ..transports.streamable_link import StreamableTerms
from ..wire import request
from ..wire.fields import Fields
from ..wire.head import Header, without
from .trial import SILENT

_NOTHING = Told(0, b"", b"")
"""What a server said that hung up, or kept silent for too long."""


class Speech:
    """What is known of the server; None is not known yet. `known` settles both."""

    def __init__(self, terms: StreamableTerms, pool: Pool, known: Era | None) -> None:
        self._terms = terms
        self._pool = pool
        self._known = known
        self._asking = asyncio.Lock()
        self._inquiry: Inquiry | None = None
        self._closed = False
        self._supposed = False
        self.modern: bool | None = None
        self.legacy: bool | None = None
        self.forget()

    def __repr__(self) -> str:
        return f"<Speech modern={self.modern} legacy={self.legacy}>"

    def forget(self) -> None:
        """The server was away: another may come back."""
        self._supposed = False
        self.modern = None if self._known is None else self._known is Era.MODERN
        self.legacy = None if self._known is None else self._known is Era.LEGACY

    def doubt(self) -> None:
        """A legacy session could not be opened: what was only supposed is to be asked again."""
        if self._supposed:
            self.forget()

    def close(self) -> None:
        """Ask no more; whoever waits goes on without an answer."""
        self._closed = True
        if self._inquiry is not None:
            self._inquiry.give_up()

    async def find_out(self, lines: bytes, query: bytes) -> None:
        """Ask whether the server is a modern one, unless that is known.

        The request carries a client's header lines and query; the client waits for that no longer
        than PROBE_SECONDS, or half of a call's time.
        """
        async with self._asking:
            if self.modern is None:
                await self._discover(lines, query)

    async def find_out_legacy(self, lines: bytes, query: bytes) -> None:
        """Ask a modern server whether it takes `initialize` too, unless that is known.

        The session of a client of HTTP+SSE or stdio is opened in one way or the other. The session
        that this opens is ended at once.
        """
        await self.find_out(lines, query)
        async with self._asking:
            if self.modern and self.legacy is None:
                await self._initialize(lines, query)

    async def _initialize(self, lines: bytes, query: bytes) -> None:
        params = {
            "protocolVersion": LATEST_LEGACY,
            "capabilities": {},
            "clientInfo": {"name": "mcp-proxy", "version": "1"},
        }
        body = message(keys.INITIALIZE, keys.INITIALIZE, params)
        told = await self._ask("POST", lines, query, body)
        if told is None or told is _NOTHING or told.status in SILENT or told.status >= 500:
            return
        answer = _answer(told.body)
        self.legacy = told.status < 300 and answer is not None and "result" in answer
        if told.session:
            session = (b"mcp-session-id", told.session)
            await self._ask("DELETE", lines, query, b"", session)

    async def _discover(self, lines: bytes, query: bytes) -> None:
        made = headers.made_of(keys.DISCOVER, {}, MODERN_VERSION)
        body = message(keys.DISCOVER, keys.DISCOVER, {"_meta": modern_meta(None, None)})
        told = await self._ask("POST", lines, query, body, *made)
        if told is None or told.status in SILENT or self._closed:
            return
        self._supposed = told is _NOTHING or told.status >= 500
        answer = None if self._supposed else _answer(told.body)
        self.modern = answer is not None and speaks_modern(answer) is not False
        result = mapping(plain((answer or {}).get("result")))
        versions = versions_in(result, "supportedVersions")
        if not (self.modern or self._supposed) or versions & set(LEGACY_VERSIONS):
            self.legacy = True

    async def _ask(
        self, method: str, lines: bytes, query: bytes, body: bytes, *own: Header
    ) -> Told | None:
        """The server's answer; None if it cannot be reached."""
        where = self._terms
        given = (request.ACCEPT_BOTH, request.CONTENT_JSON, *own)
        target = request.target(where.target, query)
        start = request.start(method, target, where.authority, *given)
        block = request.complete(start + without(lines, headers.REPLACED), body)
        if self._closed:
            return None
        inquiry = self._inquiry = Inquiry(where.message_limit)
        try:
            async with asyncio.timeout(min(PROBE_SECONDS, where.patience / 2)):
                self._pool.exchange(inquiry, block)
                told = await inquiry.told()
        except TimeoutError:
            told = None
        return told or (_NOTHING if inquiry.reached else None)


def _answer(body: bytes) -> Fields | None:
    try:
        return said.read(body)[0][0]
    except MalformedMessage:
        return None
