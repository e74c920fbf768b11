"""Every pair of transports, with FastMCP as the client and as the server."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.client.transports import SSETransport, StdioTransport, StreamableHttpTransport
from fastmcp.exceptions import ToolError

from tests.integration.pairs import PAIRS, Pair, pair
from tests.integration.proxies import RunningProxy
from tests.integration.stdio_proxy import StdioProxies

pytestmark = pytest.mark.slow

SERVER = (sys.executable, str(Path(__file__).with_name("fastmcp_server.py")))
CALL = "tools/call"
DEADLINE_SECONDS = 60.0


@pytest.fixture(scope="module", params=PAIRS, ids=lambda names: f"{names[0]} to {names[1]}")
def running_pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    with pair(*request.param, command=SERVER) as each:
        yield each


def client(each: Pair, **handlers: Any) -> Any:
    """FastMCP's client of the pair, with sessions as both transports have them."""
    transport: Any
    if isinstance(each.proxy, StdioProxies):
        parts = each.proxy.parameters
        transport = StdioTransport(
            parts.command, parts.args, env=parts.env, cwd=str(parts.cwd), keep_alive=False
        )
    else:
        kind = SSETransport if each.client == "sse" else StreamableHttpTransport
        transport = kind(each.url)
    return Client(transport, mode="legacy", **handlers)


def test_fastmcp_works_on_both_sides_and_every_call_is_counted(running_pair: Pair) -> None:
    received: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        received.append(progress)

    async def answer(message: str, response_type: Any, params: Any, context: Any) -> Any:
        return response_type(value="Ada")

    async def use() -> None:
        async with (
            asyncio.timeout(DEADLINE_SECONDS),
            client(running_pair, elicitation_handler=answer) as session,
        ):
            assert {"echo", "fail"} <= {each.name for each in await session.list_tools()}
            assert (await session.call_tool("echo", {"text": "é"})).data == "é"
            with pytest.raises(ToolError):
                await session.call_tool("fail", {})
            await session.call_tool("steps", {"count": 3}, progress_handler=note)
            assert (await session.call_tool("ask", {})).data == "accept Ada"
            outcomes.update(RunningProxy.outcomes(running_pair.proxy))

    outcomes: dict[tuple[str, str, str], int] = {}
    asyncio.run(use())
    assert received == [1, 2, 3]
    assert outcomes[(CALL, "ok", "none")] == 3
    assert outcomes[(CALL, "tool_error", "server")] == 1
