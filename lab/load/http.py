"""HTTP connections, and what may go wrong with them."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

import aiohttp

from dashboards.cli_text import cause
from lab.load.protocol import CallFailed, SessionEnded, decode
from proxy.http.sse import Event, EventReader
from proxy.telemetry.catalogue import Outcome

JSON, EVENTS = "application/json", "text/event-stream"

LIMIT_BYTES = 16 * 1024 * 1024
"""The largest body, or event, that is read."""

IDLE_SECONDS = 4.0
"""Below the 5 s after which uvicorn and Node close, so that no call meets a closing connection."""


class HttpFailed(CallFailed):
    """A response without the answer."""

    def __init__(self, response: aiohttp.ClientResponse, text: bytes) -> None:
        refused = 300 <= response.status < 500 or response.status == 503
        outcome = Outcome.REJECTED if refused else Outcome.TRANSPORT_ERROR
        super().__init__(outcome, _shown(response, text))


def session_ended(response: aiohttp.ClientResponse, text: bytes) -> SessionEnded:
    """What 404 means in a session ("Streamable HTTP", Session Management)."""
    return SessionEnded(Outcome.TRANSPORT_ERROR, _shown(response, text))


def _shown(response: aiohttp.ClientResponse, text: bytes) -> str:
    """The status, and the message of the JSON-RPC error or else the body."""
    shown = text.decode(errors="replace")
    with suppress(CallFailed):
        if (error := decode(text).error) is not None:
            shown = error.message
    return f"HTTP {response.status}{_remark(response)}, {shown}"


def _remark(response: aiohttp.ClientResponse) -> str:
    if location := response.headers.get("Location"):
        return f" redirects to {location}"
    return " without a JSON-RPC answer" if response.ok else ""


def http_session(*, connections: int = 1) -> aiohttp.ClientSession:
    """A client with so many connections at a time, which are kept alive."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=IDLE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(),
        headers={"Accept-Encoding": "identity"},
    )


@asynccontextmanager
async def responding(
    http: aiohttp.ClientSession,
    verb: str,
    url: str,
    headers: Mapping[str, str],
    content: bytes | None = None,
) -> AsyncIterator[aiohttp.ClientResponse]:
    """The response to an HTTP request. Raises CallFailed if the connection fails."""
    try:
        async with http.request(
            verb, url, data=content, headers=headers, allow_redirects=False
        ) as response:
            yield response
    except (aiohttp.ClientError, OSError) as wrong:
        raise CallFailed(Outcome.TRANSPORT_ERROR, why(wrong)) from wrong


def why(wrong: Exception) -> str:
    """The reason of a failed connection, as the system has it."""
    code = wrong.errno if isinstance(wrong, OSError) else None
    return os.strerror(code) if code and code > 0 else cause(wrong) or type(wrong).__name__


async def body(response: aiohttp.ClientResponse) -> bytes:
    """The whole body. Raises CallFailed if it is too long."""
    read = bytearray()
    async for piece in response.content.iter_any():
        read += piece
        _require_size(len(read))
    return bytes(read)


async def events(response: aiohttp.ClientResponse) -> AsyncIterator[Event]:
    """The events of a stream that are not comments. Raises CallFailed if one is too long."""
    reader = EventReader(LIMIT_BYTES)
    async for piece in response.content.iter_any():
        for event in reader.feed(piece):
            _require_size(event.length)
            yield event


def _require_size(size: int) -> None:
    if size > LIMIT_BYTES:
        raise CallFailed(Outcome.TRANSPORT_ERROR, f"an answer of more than {LIMIT_BYTES} bytes")
