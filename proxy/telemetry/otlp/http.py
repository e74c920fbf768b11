"""OTLP over HTTP/1.1, by the connections that the proxy has for upstreams as well.

Statuses and headers are those of the OTLP specification, "OTLP/HTTP". An answer is read up to a
limit, and waited for no longer than asked, however slowly it drips.
"""

import asyncio
import gzip
import re
import zlib
from collections.abc import Callable, Coroutine
from urllib.parse import urlsplit

from ...http.fetch import Fetch, FetchResult
from ...http.pool import Endpoint, Pool
from . import export_response
from .retry import ANSWER_LIMIT, ExportResult, ExportTransport
from .settings import OtlpSettings

USER_AGENT = "mcp-observability-proxy"

_RETRYABLE = frozenset({429, 502, 503, 504})
_RETRY_AFTER = re.compile(rb"^retry-after:[ \t]*([0-9]{1,9})[ \t]*$", re.IGNORECASE | re.MULTILINE)
_PORTS = {"http": 80, "https": 443}

# Level 1 is twice as fast as the default, and a tenth less tight on such repetitive data.
_COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, 1),
    "deflate": lambda body: zlib.compress(body, 1),
}


class OtlpHttpTransport(ExportTransport):
    """Posts to one endpoint."""

    def __init__(self, settings: OtlpSettings) -> None:
        url = urlsplit(settings.endpoint)
        tls = settings.tls.context() if url.scheme == "https" else None
        port = url.port or _PORTS[url.scheme]
        self._pool = Pool(Endpoint(url.hostname or "", port, tls), self._spawn, lambda why: None)
        self._tasks: set[asyncio.Task[None]] = set()
        self._compress = _COMPRESS.get(settings.compression)
        self._head = _head(settings)

    async def prepare(self, body: bytes) -> bytes:
        return body if self._compress is None else await asyncio.to_thread(self._compress, body)

    async def attempt(self, body: bytes, seconds: float) -> ExportResult:
        fetch = Fetch(ANSWER_LIMIT)
        block = b"%bcontent-length: %d\r\n\r\n%b" % (self._head, len(body), body)
        try:
            async with asyncio.timeout(seconds):
                self._pool.send(fetch, block)
                result = await fetch.result()
        except TimeoutError:
            return ExportResult("no answer in time", again=True)
        if result is None:
            return ExportResult(fetch.reason, again=not fetch.too_long)
        return _export_result(result)

    async def close(self) -> None:
        self._pool.close()
        for task in tuple(self._tasks):
            task.cancel()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _export_result(result: FetchResult) -> ExportResult:
    if 200 <= result.status < 300:
        return export_response.read(result.body)
    asked = _RETRY_AFTER.search(result.head.replace(b"\r\n", b"\n"))
    return ExportResult(
        f"HTTP status {result.status}",
        again=result.status in _RETRYABLE,
        after=None if asked is None else float(asked[1]),
    )


def _head(settings: OtlpSettings) -> bytes:
    """Request line and header lines, all but the length."""
    url = urlsplit(settings.endpoint)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    headers = {
        "host": url.netloc,
        "user-agent": USER_AGENT,
        "content-type": "application/x-protobuf",
        **({} if settings.compression == "none" else {"content-encoding": settings.compression}),
        **{name.lower(): value for name, value in settings.headers},
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {target} HTTP/1.1\r\n{lines}".encode()
