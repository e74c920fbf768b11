"""The six pairs of transports: a real server, the proxy before it, and how a client gets there."""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from tests.integration.proxies import RunningProxy, running
from tests.integration.serving import serving

CLIENTS = ("streamable-http", "sse")
SERVERS = ("streamable-http", "sse", "stdio")
PAIRS = [(client, server) for client in CLIENTS for server in SERVERS]

SDK_SERVER = (sys.executable, str(Path(__file__).with_name("sdk_server.py")))
_PATHS = {"streamable-http": "/mcp", "sse": "/sse"}


@dataclass(frozen=True, slots=True)
class Pair:
    """A running pair: `client` and `server` name their transports."""

    client: str
    server: str
    proxy: RunningProxy

    @property
    def url(self) -> str:
        """Where the client calls."""
        return f"http://{self.proxy.mcp}{_PATHS[self.client]}"

    @asynccontextmanager
    async def session(self, **callbacks: Any) -> AsyncIterator[ClientSession]:
        """An initialized session of the official SDK's client."""
        connect: Any = sse_client if self.client == "sse" else streamable_http_client
        async with (
            connect(self.url) as (read, write),
            ClientSession(read, write, **callbacks) as session,
        ):
            await session.initialize()
            yield session


@contextmanager
def pair(
    client: str, server: str, *arguments: str, command: tuple[str, ...] = SDK_SERVER
) -> Iterator[Pair]:
    """A proxy with `arguments` before a server that speaks `server`."""
    if server == "stdio":
        with running(*arguments, "--", *command, "stdio") as proxy:
            yield Pair(client, server, proxy)
        return
    with serving(*command, server) as address:
        upstream = ("--upstream", f"http://{address}{_PATHS[server]}")
        with running(*upstream, "--upstream-transport", server, *arguments) as proxy:
            yield Pair(client, server, proxy)
