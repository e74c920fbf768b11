"""The six pairs of transports: a real server, the proxy before it, and how a client gets there."""

import json
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from tests.integration.proxies import RunningProxy, environment, running

CLIENTS = ("streamable-http", "sse")
SERVERS = ("streamable-http", "sse", "stdio")
PAIRS = [(client, server) for client in CLIENTS for server in SERVERS]

SDK_SERVER = (sys.executable, str(Path(__file__).with_name("sdk_server.py")))
_PATHS = {"streamable-http": "/mcp", "sse": "/sse"}
_END_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Pair:
    """A running pair: `client` and `server` name their transports; over HTTP the server runs."""

    client: str
    server: str
    proxy: RunningProxy
    process: "subprocess.Popen[str] | None"

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
def serving(command: tuple[str, ...], transport: str) -> "Iterator[subprocess.Popen[str]]":
    """An HTTP server as a process; `address` of what it tells is read already."""
    with subprocess.Popen(
        (*command, transport), stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        assert process.stderr is not None
        rest = threading.Thread(target=process.stderr.read, daemon=True)
        try:
            yield process
        finally:
            process.kill()
            process.wait(_END_SECONDS)
            if rest.ident is not None:
                rest.join(_END_SECONDS)


def address(process: "subprocess.Popen[str]") -> str:
    """Where the server says that it listens."""
    assert process.stderr is not None
    listen: str = json.loads(process.stderr.readline())["listen"]
    return listen


@contextmanager
def pair(
    client: str, server: str, *arguments: str, command: tuple[str, ...] = SDK_SERVER
) -> Iterator[Pair]:
    """A proxy with `arguments` before a server that speaks `server`."""
    if server == "stdio":
        with running(*arguments, "--", *command, "stdio") as proxy:
            yield Pair(client, server, proxy, None)
        return
    with serving(command, server) as process:
        upstream = ("--upstream", f"http://{address(process)}{_PATHS[server]}")
        with running(*upstream, "--upstream-transport", server, *arguments) as proxy:
            yield Pair(client, server, proxy, process)
