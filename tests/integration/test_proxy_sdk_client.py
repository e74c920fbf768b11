"""The official SDK as a client through the proxy, to the echo server on each of its transports."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from mcp import ClientSession, MCPError
from mcp.client.streamable_http import streamable_http_client

from tests.integration.proxies import RunningProxy, running
from tests.integration.serving import serving

pytestmark = pytest.mark.slow

ECHO = (sys.executable, "-m", "lab.echo", "--transport")


@contextmanager
def before_http(transport: str, path: str, *arguments: str) -> Iterator[RunningProxy]:
    """A proxy before an echo server that speaks `transport` at `path`."""
    with serving(*ECHO, transport, *arguments) as address:
        upstream = ("--upstream", f"http://{address}{path}")
        with running(*upstream, "--upstream-transport", transport) as proxy:
            yield proxy


@contextmanager
def before_stdio() -> Iterator[RunningProxy]:
    """A proxy before an echo server that speaks stdio."""
    with running("--", *ECHO, "stdio") as proxy:
        yield proxy


KINDS: dict[str, Any] = {
    "json": lambda: before_http("streamable-http", "/mcp"),
    "events": lambda: before_http("streamable-http", "/mcp", "--answers", "sse"),
    "sse": lambda: before_http("sse", "/sse"),
    "stdio": before_stdio,
}


async def use(url: str) -> list[float]:
    """Initialize, list, and call each tool: what the SDK makes of it; the progress it heard."""
    heard: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    async with (
        streamable_http_client(url) as (read, write),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        assert {"echo", "fail", "sleep"} <= {
            each.name for each in (await session.list_tools()).tools
        }
        for number in range(5):
            told = await session.call_tool("echo", {"text": f"hello {number}"})
            assert [each.model_dump()["text"] for each in told.content] == [f"hello {number}"]
        assert (await session.call_tool("fail", {})).is_error
        await session.call_tool("sleep", {"seconds": 0.05}, progress_callback=on_progress)
        with pytest.raises(MCPError):
            await session.call_tool("no-such-tool", {})
        await asyncio.gather(*(session.call_tool("echo", {"text": "x"}) for _ in range(20)))
    return heard


@pytest.mark.parametrize("kind", KINDS)
def test_the_sdk_works_through_the_proxy_and_every_call_is_counted(kind: str) -> None:
    with KINDS[kind]() as proxy:
        heard = asyncio.run(use(proxy.url))
        assert heard == ([] if kind == "json" else [0])
        proxy.counted(
            {
                ("initialize", "ok", "none"): 1,
                ("tools/list", "ok", "none"): 1,
                ("tools/call", "ok", "none"): 26,
                ("tools/call", "tool_error", "server"): 1,
                ("tools/call", "protocol_error", "caller"): 1,
            }
        )
        assert proxy.value("toolhive_mcp_requests_total", status="success") == 28
        assert proxy.value("toolhive_mcp_tool_calls_total", tool="echo", status="success") == 25
        assert proxy.value("mcp_server_session_duration_seconds_count") == 1
        assert proxy.value("mcp_proxy_sessions") == 0
