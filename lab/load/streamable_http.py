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
from lab.load.session import OnMessage, Reply, ignore
from proxy.telemetry.catalogue import Outcome

END_SECONDS = 0.2
"""For a stream to end after the answer, before its connection is closed."""
RESUME_SECONDS = 0.5
"""Before a stream that ended without the answer is resumed."""


class StreamableHttp:
    """One session, or in the stateless era none, over so many connections."""

    def __init__(self, url: str, headers: Mapping[str, str], connections: int = 1) -> None:
        self._url = url
        self._headers = {**headers, "Content-Type": JSON, "Accept": f"{JSON}, {EVENTS}"}
        self._http = http_session(connections=connections)
        self._on_message: OnMessage = ignore
        self._stream: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<StreamableHttp {self._url} session={self._headers.get(SESSION_HEADER)}>"

    def observe(self, on_message: OnMessage) -> None:
        self._on_message = on_message

    def listen(self) -> None:
        """Open the session's stream of server messages, which takes a connection."""
        if self._stream is None:
            self._stream = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        headers = {**self._headers, "Accept": EVENTS}
        with suppress(CallFailed):
            async with responding(self._http, "GET", self._url, headers) as response:
                if response.headers.get("Content-Type", "").startswith(EVENTS):
                    async for event in events(response):
                        if event.is_message and decode(event.data).method:
                            self._on_message(event.data)

    async def connect(self) -> None:
        """The first message connects."""

    async def ask(self, request: Request) -> Reply:
        async with self._post(request) as response:
            found = await _reply(response, request.id, self._on_message)
            if session := response.headers.get(SESSION_HEADER):
                self._headers[SESSION_HEADER] = session
        while not isinstance(found, Reply):
            found = await self._resume(found, request.id)
        return found

    async def _resume(self, last_event: str, number: int | None) -> Reply | str:
        """The answer, or the id of a later event ("Streamable HTTP", Resumability)."""
        if not last_event:
            raise CallFailed(Outcome.TRANSPORT_ERROR, "the event stream ended without the answer")
        await asyncio.sleep(RESUME_SECONDS)
        headers = {**self._headers, "Accept": EVENTS, "Last-Event-ID": last_event}
        async with responding(self._http, "GET", self._url, headers) as response:
            if not response.headers.get("Content-Type", "").startswith(EVENTS):
                raise HttpFailed(response, await body(response))
            return await _from_events(response, number, self._on_message) or last_event

    async def notify(self, request: Request) -> None:
        async with self._post(request) as response:
            if response.status >= 300:
                raise HttpFailed(response, await body(response))
            await body(response)

    def negotiated(self, version: str) -> None:
        self._headers[VERSION_HEADER] = version

    async def close(self) -> None:
        if self._stream is not None:
            self._stream.cancel()
            await asyncio.gather(self._stream, return_exceptions=True)
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


async def _reply(
    response: aiohttp.ClientResponse, number: int | None, on_message: OnMessage
) -> Reply | str:
    """The answer to a request, by its id; a JSON-RPC error counts with a status of 4xx, too.

    Of an event stream without it, the id of the last event; "" if there was none.
    """
    media = response.headers.get("Content-Type", "")
    if media.startswith(EVENTS) and response.status < 300:
        return await _from_events(response, number, on_message)
    text = await body(response)
    arrived = perf_counter()
    if response.status < 500:
        with suppress(CallFailed):
            answer = decode(text)
            if answer.id == number:
                return Reply(answer, arrived)
    raise HttpFailed(response, text)


async def _from_events(
    response: aiohttp.ClientResponse, number: int | None, on_message: OnMessage
) -> Reply | str:
    """The answer in an event stream, which should end with it: that keeps the connection.

    Without it, the id of the last event.
    """
    stream = events(response)
    last = b""
    async for event in stream:
        last = event.id or last
        answer = decode(event.data) if event.is_message else None
        if answer is not None and answer.id == number and not answer.method:
            reply = Reply(answer, perf_counter())
            with suppress(TimeoutError):
                async with asyncio.timeout(END_SECONDS):
                    async for _ in stream:
                        pass
            return reply
        if answer is not None and answer.method:
            on_message(event.data)
    return last.decode("latin-1")
