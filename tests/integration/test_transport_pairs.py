"""Every pair of transports, with the official SDK as the client and as the server."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from mcp import MCPError
from mcp_types import ElicitResult

from tests.integration.pairs import PAIRS, Pair, pair
from tests.integration.proxies import eventually

pytestmark = pytest.mark.slow

CALL = "tools/call"


@pytest.fixture(scope="module", params=PAIRS, ids=lambda names: f"{names[0]} to {names[1]}")
def running_pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    with pair(*request.param) as each:
        yield each


def gained(each: Pair, before: dict[tuple[str, str, str], int]) -> dict[tuple[str, str], int]:
    """The outcomes of tool calls that were counted since."""
    now = each.proxy.outcomes()
    return {
        key[1:]: count - before.get(key, 0)
        for key, count in now.items()
        if key[0] == CALL and count > before.get(key, 0)
    }


async def await_cancellation(each: Pair, before: dict[tuple[str, str, str], int]) -> None:
    """Wait until a cancelled call was counted since."""

    def is_counted() -> bool:
        return ("cancelled", "caller") in gained(each, before)

    await asyncio.to_thread(eventually, is_counted, "the cancellation")


def texts(result: Any) -> list[str]:
    return [each.text for each in result.content]


def test_results_errors_and_long_answers_cross(running_pair: Pair) -> None:
    before = running_pair.proxy.outcomes()

    async def use() -> None:
        async with running_pair.session() as session:
            assert "echo" in {each.name for each in (await session.list_tools()).tools}
            assert texts(await session.call_tool("echo", {"text": "é\n"})) == ["é\n"]
            assert (await session.call_tool("fail", {})).is_error
            with pytest.raises(MCPError):
                await session.read_resource("nowhere://x")
            long = await session.call_tool("huge", {"count": 500_000})
            assert len(texts(long)[0]) == 500_000
            many = [session.call_tool("echo", {"text": str(each)}) for each in range(20)]
            assert [texts(each)[0] for each in await asyncio.gather(*many)] == list(
                map(str, range(20))
            )

    asyncio.run(use())
    assert gained(running_pair, before) == {("ok", "none"): 22, ("tool_error", "server"): 1}
    assert ("resources/read", "protocol_error", "caller") in running_pair.proxy.outcomes()
    series = {"transport": running_pair.server, "mcp_method_name": CALL}
    network = "pipe" if running_pair.server == "stdio" else "tcp"
    value = running_pair.proxy.value
    name = "mcp_server_operation_duration_seconds_count"
    assert value(name, **series, network_transport=network) == value(name, **series) > 0


def test_progress_reaches_the_caller(running_pair: Pair) -> None:
    received: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        received.append(progress)

    async def use() -> None:
        async with running_pair.session() as session:
            await session.call_tool("steps", {"count": 3}, progress_callback=note)

    asyncio.run(use())
    assert received == [1, 2, 3]


def test_a_servers_question_is_answered_by_the_client(running_pair: Pair) -> None:
    async def answer(context: Any, params: Any) -> ElicitResult:
        return ElicitResult(action="accept", content={"name": "Ada"})

    async def use() -> list[str]:
        async with running_pair.session(elicitation_callback=answer) as session:
            return texts(await session.call_tool("ask", {}))

    assert asyncio.run(use()) == ["accept Ada"]


def test_a_call_that_is_given_up_counts_as_cancelled(running_pair: Pair) -> None:
    before = running_pair.proxy.outcomes()

    async def use() -> None:
        async with running_pair.session() as session:
            hanging = asyncio.create_task(session.call_tool("hang", {}))
            await session.call_tool("echo", {"text": "meanwhile"})
            hanging.cancel()
            with pytest.raises(asyncio.CancelledError):
                await hanging
            assert texts(await session.call_tool("echo", {"text": "after"})) == ["after"]
            await await_cancellation(running_pair, before)

    asyncio.run(use())
    assert gained(running_pair, before) == {("ok", "none"): 2, ("cancelled", "caller"): 1}


def test_a_client_that_leaves_ends_its_session(running_pair: Pair) -> None:
    proxy = running_pair.proxy
    before = proxy.outcomes()

    async def use() -> None:
        async with running_pair.session() as session:
            hanging = asyncio.create_task(session.call_tool("hang", {}))
            await session.call_tool("echo", {"text": "meanwhile"})
            assert proxy.value("mcp_proxy_sessions") == 1
            hanging.cancel()
            with pytest.raises(asyncio.CancelledError):
                await hanging
            await await_cancellation(running_pair, before)

    asyncio.run(use())
    assert gained(running_pair, before) == {("ok", "none"): 1, ("cancelled", "caller"): 1}
    if running_pair.client != "stdio":  # whose proxy ends too, which is looked at where it does
        eventually(lambda: proxy.value("mcp_proxy_sessions") == 0, "the end of the session")


@pytest.mark.parametrize("names", PAIRS, ids=lambda names: f"{names[0]} to {names[1]}")
def test_a_server_that_dies_in_mid_call_is_reported_at_once(names: tuple[str, str]) -> None:
    async def use(each: Pair) -> None:
        async with each.session() as session:
            with pytest.raises(MCPError):
                await asyncio.wait_for(session.call_tool("die", {}), 20)

    with pair(*names) as each:
        asyncio.run(use(each))
        assert each.proxy.outcomes()[(CALL, "transport_error", "server")] == 1
