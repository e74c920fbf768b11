"""Fetches the issuer's keys, beside the event loop and never for a call whose key is known."""

import asyncio
import logging
from collections.abc import Callable
from http.client import HTTPException, HTTPMessage
from time import monotonic
from typing import IO
from urllib.request import HTTPRedirectHandler, Request, build_opener

from .. import logs
from ..errors import UnusableKeys
from .jwts import Judge
from .keys import read

LOG = logging.getLogger("proxy.access")

RENEW_SECONDS = 300.0
"""How long a key that the issuer withdrew is trusted at most while the issuer can be reached."""
AGAIN_SECONDS = 10.0
"""Between two fetches for the sake of unknown keys, which anybody can invent."""
FETCH_SECONDS = 5.0
DOCUMENT_LIMIT = 512 * 1024
"""Bytes of a key set."""


class _NoRedirect(HTTPRedirectHandler):
    """Keys come from the place that was named, or not at all."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Part of HTTPRedirectHandler: None is an error for whoever asked."""


def fetch(url: str) -> bytes:
    """The document at `url`. Blocks for about FETCH_SECONDS at most. Raises OSError."""
    deadline = monotonic() + FETCH_SECONDS
    try:
        with build_opener(_NoRedirect).open(url, timeout=FETCH_SECONDS) as answer:
            document = b""
            while piece := answer.read1(65536):
                document += piece
                if len(document) > DOCUMENT_LIMIT:
                    raise OSError(f"more than {DOCUMENT_LIMIT} bytes")
                if monotonic() > deadline:
                    raise TimeoutError(f"not complete within {FETCH_SECONDS:g} s")
            return document
    except HTTPException as error:
        raise OSError(f"no HTTP answer: {error!r}") from error


class KeyWatch:
    """Keeps the judge's keys as the issuer publishes them at `url`."""

    def __init__(self, url: str, judge: Judge, fetched: Callable[[str], bytes] = fetch) -> None:
        self._url = url
        self._judge = judge
        self._fetch = fetched
        self._document = b""
        self._asked = float("-inf")
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Fetch the keys now and ever again."""
        while True:
            await self.renew()
            await asyncio.sleep(RENEW_SECONDS)

    async def renew(self, again: float = AGAIN_SECONDS) -> None:
        """Fetch the keys, or wait for who does; nothing happens `again` s after the last fetch."""
        async with self._turn:
            if monotonic() - self._asked >= again:
                await self._take()
                self._asked = monotonic()

    async def _take(self) -> None:
        try:
            document = await asyncio.to_thread(self._fetch, self._url)
            if document != self._document:
                self._judge.take(read(document))
                self._document = document
                logs.event(LOG, "keys fetched", url=self._url, keys=len(self._judge.keys))
        except (OSError, UnusableKeys) as error:
            reason = str(error)
            logs.event(LOG, "keys not fetched", logging.WARNING, url=self._url, reason=reason)
