"""HTTP+SSE of 2024-11-05: answers come by an event stream, messages go by POST."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import aiohttp
from yarl import URL

from lab.load.http import (
    EVENTS,
    JSON,
    HttpFailed,
    body,
    events,
    http_session,
    responding,
    session_ended,
)
from lab.load.pending_answers import PendingAnswers
from lab.load.protocol import VERSION_HEADER, CallFailed, Request
from lab.load.session import OnMessage, Reply
from proxy.http.sse import ENDPOINT
from proxy.telemetry.catalogue import Outcome


class Sse:
    """One session: its event stream, and a connection for its messages."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url
        self._stream_headers = {**headers, "Accept": EVENTS}
        self._headers = {**headers, "Content-Type": JSON}
        self._http = http_session(connections=2)
        self._answers = PendingAnswers()
        self._endpoint = ""
        self._reader: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Sse {self._url} endpoint={self._endpoint}>"

    def observe(self, on_message: OnMessage) -> None:
        self._answers.on_message = on_message

    async def connect(self) -> None:
        endpoint: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read(endpoint))
        await asyncio.wait((endpoint, self._reader), return_when=asyncio.FIRST_COMPLETED)
        if not endpoint.done():
            await self._reader  # It raises what is wrong.
            raise CallFailed(Outcome.TRANSPORT_ERROR, "the event stream ended without an endpoint")
        self._endpoint = self._resolved(endpoint.result())

    def _resolved(self, endpoint: str) -> str:
        """Raises CallFailed for an endpoint elsewhere, which would get the messages' headers."""
        with suppress(ValueError):
            url = URL(self._url).join(URL(endpoint))
            if url.origin() == URL(self._url).origin():
                return str(url)
        raise CallFailed(Outcome.REJECTED, f"the endpoint {endpoint!r} is not at the same origin")

    async def _read(self, endpoint: asyncio.Future[str]) -> None:
        """Deliver the events of the stream. Raises CallFailed if there is no stream."""
        reason = "the event stream ended"
        try:
            async with responding(self._http, "GET", self._url, self._stream_headers) as stream:
                await _require_events(stream)
                async for event in events(stream):
                    if event.is_message:
                        self._answers.deliver(event.data)
                    elif event.type == ENDPOINT and not endpoint.done():
                        endpoint.set_result(event.data.decode(errors="replace"))
        except CallFailed as failed:
            reason = str(failed)
            if not endpoint.done():
                raise
        finally:
            self._answers.end(reason)

    async def ask(self, request: Request) -> Reply:
        return await self._answers.ask(request, self.notify)

    async def notify(self, request: Request) -> None:
        async with responding(
            self._http, "POST", self._endpoint, self._headers, request.body
        ) as response:
            text = await body(response)
            if response.status == 404:
                raise session_ended(response, text)
            if response.status >= 300:
                raise HttpFailed(response, text)

    def negotiated(self, version: str) -> None:
        self._headers[VERSION_HEADER] = version

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        await self._http.close()


async def _require_events(response: aiohttp.ClientResponse) -> None:
    """Raises CallFailed unless this is an event stream."""
    media = response.headers.get("Content-Type", "")
    if response.status != 200 or not media.startswith(EVENTS):
        raise HttpFailed(response, await body(response))
