"""MCP sessions over any transport."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count
from typing import Any, NamedTuple, Protocol

import msgspec

from lab.load import protocol
from lab.load.protocol import Answer, CallFailed, Request, RequestTemplate, SessionEnded
from proxy.jsonrpc import methods
from proxy.telemetry.catalogue import Outcome
from proxy.translation.versions import MODERN_VERSION

CLOSE_SECONDS = 2.0
MOST_PAGES = 100
"""Pages of a list of tools that are read."""


class Reply(NamedTuple):
    """An answer, and when it arrived by `perf_counter`."""

    answer: Answer
    at: float


OnMessage = Callable[[bytes], None]
"""Called with each request and notification of the server."""


def ignore(message: bytes) -> None:
    """An OnMessage that does nothing."""


class Transport(Protocol):
    """One connection to a server. Methods raise CallFailed."""

    def observe(self, on_message: OnMessage) -> None:
        """Call this with the server's own messages, which are ignored otherwise."""

    async def connect(self) -> None: ...

    async def ask(self, request: Request) -> Reply: ...

    async def notify(self, request: Request) -> None: ...

    def negotiated(self, version: str) -> None:
        """The protocol version of all further messages."""

    async def close(self) -> None:
        """Close for good. Raises nothing."""


class TransportFactory(Protocol):
    def __call__(self) -> Transport: ...


class Session:
    """A session, or in the stateless era a connection; opened by its first call if not before.

    An ended session is reopened by the next call.
    """

    def __init__(self, connect: TransportFactory, version: str) -> None:
        self._connect = connect
        self._version = version
        self._ids = count(1)
        self._transport: Transport | None = None

    def __repr__(self) -> str:
        return f"<Session {self._transport!r}>"

    async def open(self) -> Transport:
        """Connect, and initialize in the era that does. Raises CallFailed."""
        if self._transport is not None:
            return self._transport
        transport = self._connect()
        try:
            await transport.connect()
            if self._version != MODERN_VERSION:
                await self._initialize(transport)
        except BaseException:
            await transport.close()
            raise
        self._transport = transport
        return transport

    async def _initialize(self, transport: Transport) -> None:
        reply = await transport.ask(protocol.initialize().with_id(next(self._ids)))
        result = _result(reply.answer, methods.INITIALIZE)
        if not isinstance(result.get("protocolVersion"), str):
            raise CallFailed(Outcome.TRANSPORT_ERROR, "initialize: no protocolVersion")
        transport.negotiated(result["protocolVersion"])
        await transport.notify(protocol.INITIALIZED)

    async def call(self, template: RequestTemplate) -> Reply:
        """The answer to a request. Raises CallFailed."""
        transport = await self.open()
        try:
            return await transport.ask(template.with_id(next(self._ids)))
        except SessionEnded:
            await self.close()
            raise

    async def tools(self) -> dict[str, Mapping[str, Any]]:
        """The definitions of the server's tools by name. Raises CallFailed."""
        found: dict[str, Mapping[str, Any]] = {}
        params: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            asked = protocol.template(self._version, methods.TOOLS_LIST, params)
            result = _result((await self.call(asked)).answer, methods.TOOLS_LIST)
            tools = result.get("tools")
            if not isinstance(tools, list):
                raise CallFailed(Outcome.TRANSPORT_ERROR, "tools/list: no tools")
            found |= {str(each.get("name")): each for each in tools if isinstance(each, dict)}
            if not isinstance(cursor := result.get("nextCursor"), str):
                break
            params = {"cursor": cursor}
        return found

    async def close(self) -> None:
        """End the session at the server, within CLOSE_SECONDS."""
        transport, self._transport = self._transport, None
        if transport is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await transport.close()


def _result(answer: Answer, method: str) -> dict[str, Any]:
    """Raises CallFailed unless the answer has a result."""
    if answer.error is not None:
        text = f"{method}: error {answer.error.code} {answer.error.message}"
        raise CallFailed(Outcome.PROTOCOL_ERROR, text)
    with suppress(msgspec.DecodeError):
        result = msgspec.json.decode(answer.result)
        if isinstance(result, dict):
            return result
    raise CallFailed(Outcome.TRANSPORT_ERROR, f"{method}: no result")
