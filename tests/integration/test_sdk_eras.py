"""The official SDK on both sides, client and server of either era, whatever stands between."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import mcp_types as types
import pytest
from mcp.client.client import Client

from tests.integration.proxies import RunningProxy, running
from tests.integration.serving import serving
from tests.integration.stdio_proxy import StdioProxies

pytestmark = pytest.mark.slow

REFERENCE = (sys.executable, "-m", "tests.conformance.reference", "--transport")
LEGACY, MODERN = "legacy", "2026-07-28"
CALL = "tools/call"


@pytest.fixture(scope="module")
def listening() -> Iterator[str]:
    """Where the reference server listens: one for all, since each case has a proxy of its own."""
    with serving(*REFERENCE, "streamable-http") as listen:
        yield listen


def before(transport: str, listen: str) -> tuple[str, ...]:
    """The options of a proxy before the reference server."""
    if transport == "stdio":
        return ("--", *REFERENCE, "stdio")
    return ("--upstream", f"http://{listen}/mcp")


async def _elicit(context: Any, params: Any) -> types.ElicitResult:
    content: dict[str, Any] = {"username": "u", "email": "e", "name": "n"}
    return types.ElicitResult(action="accept", content=content)


async def _sample(context: Any, params: Any) -> types.CreateMessageResult:
    content = types.TextContent(text="sampled")
    return types.CreateMessageResult(role="assistant", model="m", content=content)


async def _roots(context: Any) -> types.ListRootsResult:
    return types.ListRootsResult(roots=[])


def text(result: Any) -> str:
    """The first words of a tool's answer."""
    found: str = result.content[0].text
    return found


async def use(server: Any, mode: str, asking: dict[str, str]) -> str:
    """What every client does; the revision it speaks. `asking` are tools that ask, and answers."""
    received: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        received.append(progress)

    async with Client(
        server, mode=mode, elicitation_callback=_elicit, sampling_callback=_sample,
        list_roots_callback=_roots,
    ) as client:  # fmt: skip
        assert "test_simple_text" in {each.name for each in (await client.list_tools()).tools}
        assert text(await client.call_tool("test_simple_text", {})).startswith("This is a simple")
        assert (await client.call_tool("test_error_handling", {})).is_error
        await client.call_tool("test_tool_with_progress", {}, progress_callback=on_progress)
        assert received == [0, 50, 100]
        for tool, words in asking.items():
            answer = text(await client.call_tool(tool, {"message": "m", "prompt": "p"}))
            assert words in answer, answer
        await asyncio.gather(*(client.call_tool("test_simple_text", {}) for _ in range(10)))
        version: str = client.session.protocol_version or ""
    return version


ASKS_BY_REQUEST = {"test_elicitation": "action=accept", "test_sampling": "sampled"}
"""Tools of the server's legacy side, which ask while they run."""
ASKS_BY_RESULT = {"test_input_required_result_elicitation": "n"}
"""Tools of its modern side, which ask by their result."""


HTTP, STDIO = "streamable-http", "stdio"
ERAS = (
    (MODERN, "legacy", ASKS_BY_REQUEST),
    (LEGACY, "modern", ASKS_BY_RESULT),
    (MODERN, "auto", ASKS_BY_RESULT),
    (LEGACY, "auto", ASKS_BY_REQUEST),
    ("auto", "auto", ASKS_BY_RESULT),
)
SAME_ERA = ((MODERN, "modern", ASKS_BY_RESULT), (LEGACY, "legacy", ASKS_BY_REQUEST))


@pytest.mark.parametrize(
    ("face", "transport", "client", "server", "asking"),
    [
        *((HTTP, transport, *eras) for transport in (STDIO, HTTP) for eras in ERAS + SAME_ERA),
        *((STDIO, transport, *eras) for transport in (STDIO, HTTP) for eras in ERAS[:2]),
    ],
)
def test_the_sdk_works_across_eras_and_every_call_is_counted(
    face: str, transport: str, client: str, server: str, asking: dict[str, str], listening: str
) -> None:
    flags = ("--upstream-era", server, *before(transport, listening))
    with ExitStack() as stack:
        if face == "stdio":
            proxies = StdioProxies(*flags)
            proxy: RunningProxy = proxies
            way: Any = proxies.streams()
        else:
            proxy = stack.enter_context(running(*flags))
            way = proxy.url
        version = asyncio.run(asyncio.wait_for(use(way, client, asking), 60))
        assert version == ("2025-11-25" if client == LEGACY else MODERN)
        outcomes = proxy.outcomes()
        assert outcomes[CALL, "tool_error", "server"] == 1
        rounds = len(asking) if (client, server) != (LEGACY, "modern") else 0
        again = rounds if client != LEGACY else 0
        assert outcomes[CALL, "ok", "none"] == 12 + len(asking) + again
        assert outcomes.get(("initialize", "ok", "none"), 0) == (client == LEGACY)
        # That of a client on stdio ends with its proxy, which is looked at just before.
        ended = proxy.value("mcp_server_session_duration_seconds_count")
        open_at_the_end = proxy.value("mcp_proxy_sessions")
        assert (ended, open_at_the_end) == {
            "stdio": (0, client == LEGACY),
            "streamable-http": (client == LEGACY, 0),
        }[face]
