"""The nine pairs of transports: a real server, the proxy before it, and how a client gets there."""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from tests.integration.proxies import RunningProxy, running
from tests.integration.serving import serving
from tests.integration.stdio_proxy import StdioProxies

CLIENTS = ("streamable-http", "sse", "stdio")
SERVERS = ("streamable-http", "sse", "stdio")
PAIRS = [(client, server) for client in CLIENTS for server in SERVERS]

ECHO_SERVER = (sys.executable, "-m", "lab.echo", "--transport")
"""It starts in a tenth of a second, the SDK's in one; each session on stdio starts another."""
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
        async with (
            self._streams() as (read, write),
            ClientSession(read, write, **callbacks) as session,
        ):
            await session.initialize()
            yield session

    def _streams(self) -> Any:
        if isinstance(self.proxy, StdioProxies):
            return self.proxy.streams()
        return (sse_client if self.client == "sse" else streamable_http_client)(self.url)


@contextmanager
def pair(
    client: str, server: str, *arguments: str, command: tuple[str, ...] = SDK_SERVER
) -> Iterator[Pair]:
    """A proxy with `arguments` before a server that speaks `server`."""
    with ExitStack() as stack:
        if server == "stdio":
            before: tuple[str, ...] = ("--", *command, "stdio")
        else:
            url = f"http://{stack.enter_context(serving(*command, server))}{_PATHS[server]}"
            before = ("--upstream", url, "--upstream-transport", server)
        if client == "stdio":
            yield Pair(client, server, StdioProxies(*arguments, *before))
        else:
            yield Pair(client, server, stack.enter_context(running(*arguments, *before)))
