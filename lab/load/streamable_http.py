"""Streamable HTTP: a POST for each message, and a DELETE at the end of a session."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from time import perf_counter

import aiohttp

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
from lab.load.protocol import (
    SESSION_HEADER,
    VERSION_HEADER,
    CallFailed,
    Request,
    decode,
)
from lab.load.session import Reply
from proxy.telemetry.catalogue import Outcome

END_SECONDS = 0.2
"""For a stream to end after the answer, before its connection is closed."""


class StreamableHttp:
    """One session, or in the stateless era none, over one connection."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url
        self._headers = {**headers, "Content-Type": JSON, "Accept": f"{JSON}, {EVENTS}"}
        self._http = http_session()

    def __repr__(self) -> str:
        return f"<StreamableHttp {self._url} session={self._headers.get(SESSION_HEADER)}>"

    async def connect(self) -> None:
        """The first message connects."""

    async def ask(self, request: Request) -> Reply:
        async with self._post(request) as response:
            reply = await _reply(response, request.id)
            if session := response.headers.get(SESSION_HEADER):
                self._headers[SESSION_HEADER] = session
            return reply

    async def notify(self, request: Request) -> None:
        async with self._post(request) as response:
            if response.status >= 300:
                raise HttpFailed(response, await body(response))
            await body(response)

    def negotiated(self, version: str) -> None:
        self._headers[VERSION_HEADER] = version

    async def close(self) -> None:
        try:
            if SESSION_HEADER in self._headers:
                with suppress(CallFailed):
                    async with responding(self._http, "DELETE", self._url, self._headers):
                        pass
        finally:
            await self._http.close()

    @asynccontextmanager
    async def _post(self, request: Request) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = {**self._headers, **request.headers} if request.headers else self._headers
        async with responding(self._http, "POST", self._url, headers, request.body) as response:
            if response.status == 404 and SESSION_HEADER in headers:
                raise session_ended(response, await body(response))
            yield response


async def _reply(response: aiohttp.ClientResponse, number: int | None) -> Reply:
    """The answer to a request, by its id; a JSON-RPC error counts with a status of 4xx, too."""
    media = response.headers.get("Content-Type", "")
    if media.startswith(EVENTS) and response.status < 300:
        return await _from_events(response, number)
    text = await body(response)
    arrived = perf_counter()
    if response.status < 500:
        with suppress(CallFailed):
            answer = decode(text)
            if answer.id == number:
                return Reply(answer, arrived)
    raise HttpFailed(response, text)


async def _from_events(response: aiohttp.ClientResponse, number: int | None) -> Reply:
    """The answer in an event stream, which should end with it: that keeps the connection."""
    stream = events(response)
    async for event in stream:
        answer = decode(event.data) if event.is_message else None
        if answer is not None and answer.id == number and not answer.method:
            reply = Reply(answer, perf_counter())
            with suppress(TimeoutError):
                async with asyncio.timeout(END_SECONDS):
                    async for _ in stream:
                        pass
            return reply
    raise CallFailed(Outcome.TRANSPORT_ERROR, "the event stream ended without the answer")
