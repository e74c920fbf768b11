"""Fetches the issuer's keys in the background; a call whose key is known never waits for that."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from time import monotonic
from urllib.parse import urlsplit

from .. import logs
from ..errors import UnusableKeys
from ..http import request
from ..http.fetch import Fetch
from ..http.origin import origin, target_of
from ..http.pool import Endpoint, Pool
from ..urls import shown
from .key_set import NO_KEYS, read
from .token_verifier import TokenVerifier

LOG = logging.getLogger("proxy.auth")

RENEW_SECONDS = 300.0
"""How long a key that the issuer withdrew is trusted at most while the issuer can be reached."""
TRUST_SECONDS = 3600.0
"""How long keys are trusted while the issuer cannot be reached: longer than most tokens live."""
AGAIN_SECONDS = 10.0
"""Between two fetches for the sake of unknown keys, which anybody can invent, or of a failure."""
FETCH_SECONDS = 5.0
DOCUMENT_LIMIT = 512 * 1024
"""Bytes of a key set."""

FetchDocument = Callable[[], Awaitable[bytes]]
"""Gets the issuer's document. Raises UnusableKeys."""


class JwksSource:
    """The issuer's document at `url`: no redirect is followed, no proxy of the environment used.

    `seconds` is how long a fetch may take in total: connecting, TLS, head and body.
    """

    def __init__(self, url: str, seconds: float = FETCH_SECONDS) -> None:
        self._seconds = seconds
        where = urlsplit(url)
        scheme, host, port = origin(where)
        tls = ssl.create_default_context() if scheme == "https" else None
        self._endpoint = Endpoint(host or "", port, tls)
        start = request.start("GET", target_of(where), request.fixed(where.netloc.encode()))
        self._block = start + b"connection: close\r\n\r\n"

    async def __call__(self) -> bytes:
        """The document. Raises UnusableKeys."""
        pool = Pool(self._endpoint, asyncio.ensure_future, lambda failure: None)
        fetch = Fetch(DOCUMENT_LIMIT)
        try:
            async with asyncio.timeout(self._seconds):
                await pool.open(fetch, self._block)
                reply = await fetch.result()
        except TimeoutError as error:
            raise UnusableKeys(f"no whole answer within {self._seconds:g} s") from error
        finally:
            pool.close()
        if reply is None:
            raise UnusableKeys(fetch.reason)
        if reply.status != 200:
            raise UnusableKeys(f"the answer has status {reply.status}: 200 is needed")
        return reply.body


class JwksRefresher:
    """Keeps the verifier's keys as the issuer publishes them, for as long as `run` runs.

    Keys that could not be fetched again within TRUST_SECONDS are not trusted any more.
    """

    def __init__(
        self,
        url: str,
        verifier: TokenVerifier,
        fetch: FetchDocument,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._shown = shown(url)
        self._verifier = verifier
        self._fetch = fetch
        self._clock = clock
        self._document: bytes | None = None
        self._failures = 0
        self._ended = float("-inf")
        self._read_at = float("-inf")
        self._wanted = asyncio.Event()
        self._round = asyncio.Event()

    @property
    def current(self) -> bool:
        """Whether the keys are what the issuer published lately, if only that it has none."""
        return self._clock() - self._read_at < TRUST_SECONDS

    async def run(self) -> None:
        """Fetch the keys now and repeatedly; once cancelled, no request waits for it."""
        try:
            while True:
                await self._pause(await self.turn())
        finally:
            self._ended = float("inf")
            self._round.set()

    async def renew(self) -> None:
        """Fetch the keys and wait, unless they were fetched within AGAIN_SECONDS."""
        if self._clock() - self._ended >= AGAIN_SECONDS:
            self._wanted.set()
            await self._round.wait()

    async def turn(self) -> float:
        """Fetch once; the seconds until the next fetch, unless it is requested sooner."""
        try:
            await self._use(await self._fetch())
            wait, self._failures = RENEW_SECONDS, 0
        except UnusableKeys as error:
            self._note(str(error))
            wait = min(AGAIN_SECONDS * 2**self._failures, RENEW_SECONDS)
            self._failures += 1
        self._ended = self._clock()
        left = self._read_at + TRUST_SECONDS - self._ended
        if left > 0:
            wait = min(wait, left)
        elif self._verifier.keys:
            self._distrust()
        self._wanted.clear()
        done, self._round = self._round, asyncio.Event()
        done.set()
        return wait

    async def _use(self, document: bytes) -> None:
        if document == self._document:
            self._read_at = self._clock()
            return
        # In a thread: hundreds of keys, as many as there may be, take more than a second.
        keys = await asyncio.to_thread(read, document)
        self._read_at = self._clock()
        self._verifier.set_keys(keys)
        self._document = document
        level = logging.INFO if keys else logging.WARNING
        logs.event(LOG, "keys fetched", level, url=self._shown, keys=len(keys))

    def _note(self, reason: str) -> None:
        logs.event(LOG, "keys not fetched", logging.WARNING, url=self._shown, reason=reason)

    def _distrust(self) -> None:
        self._verifier.set_keys(NO_KEYS)
        self._document = None
        reason = f"not fetched for {TRUST_SECONDS:g} s"
        logs.event(LOG, "keys not trusted", logging.WARNING, url=self._shown, reason=reason)

    async def _pause(self, seconds: float) -> None:
        """Wait that long, or until a fetch is requested."""
        try:
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
        except TimeoutError:
            pass
