"""What a server's tools and results weigh, on every pair of transports and in both eras."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from proxy.telemetry.catalogue import (
    RESULT_SIZE,
    TOOL_CHANGES,
    TOOL_DEFINITION_SIZE,
    TOOLS_LISTED,
)
from tests.integration.modern import ModernClient, request
from tests.integration.pairs import PAIRS, Pair, pair
from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sockets import Client, Upstream

pytestmark = pytest.mark.slow

PARTS = ("name", "description", "schema", "other")


@pytest.fixture(scope="module", params=PAIRS, ids=lambda names: f"{names[0]} to {names[1]}")
def running_pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    with pair(*request.param) as each:
        yield each


def parts(proxy: RunningProxy, tool: str) -> dict[str, float]:
    series = TOOL_DEFINITION_SIZE.series
    return {part: proxy.value(series, tool=tool, part=part) for part in PARTS}


def sizes(proxy: RunningProxy, method: str, target: str) -> tuple[float, float]:
    """How many results there were, and their bytes."""
    labels = {"mcp_method": method, "target": target}
    family = RESULT_SIZE.family
    return proxy.value(f"{family}_count", **labels), proxy.value(f"{family}_sum", **labels)


def test_tools_as_listed_results_and_a_change_are_seen(running_pair: Pair) -> None:
    async def use() -> int:
        async with running_pair.session() as session:
            tools = (await session.list_tools()).tools
            await session.list_tools()
            for count in (10, 100_000):
                await session.call_tool("huge", {"count": count})
            await session.call_tool("fail", {})
            await session.read_resource("note://one")
            await session.get_prompt("greet", {})
            await session.call_tool("evolve", {})
            for _ in range(2):
                await session.list_tools()
        return len(tools)

    proxy = running_pair.proxy
    before = sizes(proxy, "tools/call", "huge") if running_pair.client != "stdio" else (0.0, 0.0)
    count = asyncio.run(use())
    assert proxy.value(TOOLS_LISTED.series) == count
    assert proxy.value(TOOL_CHANGES.series, change="description_changed") == 1
    assert proxy.value(TOOL_CHANGES.series) == 1
    huge = parts(proxy, "huge")
    assert huge["name"] == len("huge")
    assert huge["description"] == len("Return that many characters.")
    assert huge["schema"] > 50
    results, total = (
        now - then for now, then in zip(sizes(proxy, "tools/call", "huge"), before, strict=True)
    )
    assert results == 2
    assert 100_010 < total < 201_000  # Some SDKs give a text twice, as structured content too.
    for method, target, least in (
        ("tools/call", "fail", 10),
        ("resources/read", "note://one", 3000),
        ("prompts/get", "greet", 10),
    ):
        found, length = sizes(proxy, method, target)
        assert found >= 1
        assert length >= found * least


@pytest.mark.parametrize(
    "names", [each for each in PAIRS if each[0] != "stdio"], ids=lambda names: "-".join(names)
)
def test_a_stateless_clients_list_is_measured_byte_by_byte(names: tuple[str, str]) -> None:
    with pair(*names) as running:
        client = ModernClient(running.proxy.port, "/sse" if names[0] == "sse" else "/mcp")
        status, answer = client.ask(request("tools/list"))
        assert status == 200
        listed: list[dict[str, Any]] = answer["result"]["tools"]
        client.close()
        proxy = running.proxy
        assert proxy.value(TOOLS_LISTED.series) == len(listed)
        for tool in listed:
            # The SDK writes JSON without spaces, and only what is not ASCII could be longer.
            whole = len(json.dumps(tool, separators=(",", ":"), ensure_ascii=False).encode())
            assert sum(parts(proxy, tool["name"]).values()) == whole


LONG = [
    {"name": f"tool-{number}", "description": "é" * 30_000, "inputSchema": {"type": "object"}}
    for number in range(5)
]


@pytest.mark.parametrize("events", [False, True], ids=["json", "events"])
def test_a_list_that_passes_in_pieces_is_measured_whole(
    upstream: Upstream, proxy: RunningProxy, client: Client, events: bool
) -> None:
    tools = json.dumps(LONG, ensure_ascii=False)
    answer = f'{{"jsonrpc":"2.0","id":1,"result":{{"tools":{tools}}}}}'.encode()
    client.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    side = upstream.accept()
    side.request()
    if events:
        side.start_events()
        side.chunk(b"data: " + answer + b"\n\n")
        side.chunk(b"")
    else:
        side.answer(answer)
    assert len(client.getresponse().read()) >= len(answer)
    eventually(lambda: proxy.value(TOOLS_LISTED.series) == len(LONG), "the list")
    for tool in LONG:
        assert parts(proxy, str(tool["name"]))["description"] == 60_000


def test_a_list_longer_than_any_model_takes_passes_unread(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    tools = [{"name": "long", "description": "x" * (16 * 1024 * 1024)}]
    answer = json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"tools": tools}}).encode()
    client.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    side = upstream.accept()
    side.request()
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(side.answer, answer)
        assert client.getresponse().read() == answer
        sent.result()
    [line] = eventually(lambda: proxy.logged("list of tools not read"), "the log")
    assert line["bytes"] == len(answer)
    assert proxy.value(TOOLS_LISTED.series) == 0


class _Paging(BaseHTTPRequestHandler):
    """Lists tools in pages, of another size for each token; every answer is one of its own."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if message["method"] != "tools/list":
            self._answer(400, {"jsonrpc": "2.0", "id": None, "error": {"code": -32600}})
            return
        size = 3 + int(self.headers["authorization"].rpartition(" ")[2]) % 7
        start = int(message.get("params", {}).get("cursor", "0"))
        following = {"nextCursor": str(start + size)} if start + size < len(PAGED) else {}
        result = {"tools": PAGED[start : start + size], "of": message["id"], **following}
        self._answer(200, {"jsonrpc": "2.0", "id": message["id"], "result": result})

    def _answer(self, status: int, message: dict[str, Any]) -> None:
        body = json.dumps(message).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


PAGED = [{"name": f"tool-{number}", "description": "x" * number} for number in range(40)]
CLIENTS, LISTS = 24, 10


def page_through(port: int, token: int) -> None:
    """Lists of one client, from page to page; now and then it gives up within a list."""
    with closing(Client(port)) as client:
        for number in range(LISTS):
            cursor: dict[str, str] = {}
            names: list[str] = []
            while True:
                identity = f"{token}-{number}-{len(names)}"
                message = {"jsonrpc": "2.0", "id": identity, "method": "tools/list"}
                client.post({**message, "params": cursor}, authorization=f"Bearer {token}")
                status, answer = client.answer()
                assert (status, answer["result"]["of"]) == (200, identity)
                names += [each["name"] for each in answer["result"]["tools"]]
                if "nextCursor" not in answer["result"]:
                    assert names == [each["name"] for each in PAGED]
                    break
                if number % 4 == 3 and len(names) > 20:
                    break
                cursor = {"cursor": answer["result"]["nextCursor"]}


def test_many_clients_that_page_at_once_get_their_own_pages_and_are_no_change() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Paging)
    server.daemon_threads = True
    serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    try:
        with running("--upstream", f"http://127.0.0.1:{server.server_port}/mcp") as proxy:
            with ThreadPoolExecutor(CLIENTS) as pool:
                for done in [pool.submit(page_through, proxy.port, n) for n in range(CLIENTS)]:
                    done.result()
            assert proxy.value(TOOLS_LISTED.series) == len(PAGED)
            assert proxy.value(TOOL_CHANGES.series) == 0
            assert proxy.logged("tool changed") == []
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
