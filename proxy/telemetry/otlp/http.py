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

from ...http.head import ResponseHead
from ...http.interfaces import ResponseHandler, UpstreamReader
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
        answer = _Answer()
        block = b"%bcontent-length: %d\r\n\r\n%b" % (self._head, len(body), body)
        try:
            async with asyncio.timeout(seconds):
                self._pool.send(answer, block)
                return await answer.reply
        except TimeoutError:
            return ExportResult("no answer in time", again=True)
        finally:
            answer.give_up()

    async def close(self) -> None:
        self._pool.close()
        for task in tuple(self._tasks):
            task.cancel()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Answer(ResponseHandler):
    """The handler of one answer."""

    def __init__(self) -> None:
        self.reply: asyncio.Future[ExportResult] = asyncio.get_running_loop().create_future()
        self._source: UpstreamReader | None = None
        self._head: ResponseHead | None = None
        self._body = bytearray()

    def give_up(self) -> None:
        """Close the connection, unless the answer is complete."""
        if not self.reply.done() or self.reply.cancelled():
            self.reply.cancel()
            self._abort()

    def connected(self, source: UpstreamReader) -> bool:
        self._source = source
        return not self.reply.done()

    def on_response(self, head: ResponseHead, body: bytes, arrived: float) -> None:
        self._settle(_reply(head, body) if len(body) <= ANSWER_LIMIT else _TOO_LONG)

    def on_headers(self, head: ResponseHead) -> None:
        self._head = head

    def on_data(self, data: bytes, arrived: float) -> None:
        self._body += data
        if len(self._body) > ANSWER_LIMIT:
            self._settle(_TOO_LONG)
            self._abort()

    def on_end(self, arrived: float) -> None:
        assert self._head is not None, "an answer ends that has not begun"
        self._settle(_reply(self._head, bytes(self._body)))

    def on_error(self, reason: str) -> None:
        self._settle(ExportResult(reason, again=True))

    def _settle(self, reply: ExportResult) -> None:
        if not self.reply.done():
            self.reply.set_result(reply)

    def _abort(self) -> None:
        if self._source is not None:
            self._source.abort(self)


_TOO_LONG = ExportResult(f"an answer of more than {ANSWER_LIMIT} bytes")


def _reply(head: ResponseHead, body: bytes) -> ExportResult:
    if 200 <= head.status < 300:
        return export_response.read(body)
    asked = _RETRY_AFTER.search(head.forward.replace(b"\r\n", b"\n"))
    return ExportResult(
        f"HTTP status {head.status}",
        again=head.status in _RETRYABLE,
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
