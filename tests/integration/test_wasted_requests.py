"""Requests that brought nothing are counted exactly, in both eras."""

import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from proxy.jsonrpc import methods
from proxy.telemetry.catalogue import WASTED_REQUESTS, WasteReason
from tests.integration.modern import ModernClient, meta
from tests.integration.pairs import ECHO_SERVER, pair
from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sockets import INITIALIZE, Client, call

pytestmark = pytest.mark.slow

SERVER = (sys.executable, str(Path(__file__).with_name("failing_tools.py")))

Arguments = dict[str, Any]
Send = Callable[[dict[str, Any]], None]
"""Sends a request of one client, and waits for its response."""

FAILING: tuple[tuple[str, Arguments], ...] = (
    ("fail", {}),
    ("fail", {"unneeded": 1}),
    ("echo", {}),
    ("echo", {"text": 1}),
    ("echo", {"text": None, "more": [1, 2]}),
    ("absent", {"a": 1, "b": 2}),
)
"""Calls that fail each time; those of `fail` fit its schema."""
UNLISTED = "absent"
REQUESTS, CLIENTS = 1000, 5


@dataclass
class Expected:
    """What is wasted of what was sent so far."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed: set[tuple[int, str, str]] = field(default_factory=set)
    fetched: set[int] = field(default_factory=set)

    def listed(self, client: int) -> None:
        if client in self.fetched:
            self.counts[WasteReason.UNCHANGED_LIST, ""] += 1
        self.fetched.add(client)

    def called(self, client: int, tool: str, arguments: Arguments) -> None:
        label = "other" if tool == UNLISTED else tool
        key = client, tool, json.dumps(arguments, sort_keys=True)
        if key in self.failed:
            self.counts[WasteReason.REPEATED_ERROR, label] += 1
        self.failed.add(key)
        if tool == UNLISTED:
            self.counts[WasteReason.UNLISTED_TOOL, label] += 1
        elif tool != "fail":
            self.counts[WasteReason.INVALID_ARGUMENTS, label] += 1


def script(send: Send, client: int, expected: Expected) -> None:
    """One client's part of the script; it lists first, as clients do."""
    chosen = random.Random(client)
    for step in range(REQUESTS // CLIENTS):
        kind = chosen.random() if step else 0.0
        if kind < 0.1:
            send({"jsonrpc": "2.0", "id": step, "method": methods.TOOLS_LIST})
            expected.listed(client)
        elif kind < 0.4:
            send(call(step, "echo", arguments={"text": f"{step}"}))
        else:
            tool, arguments = chosen.choice(FAILING)
            members = list(arguments.items())
            chosen.shuffle(members)
            send(call(step, tool, arguments=dict(members)))
            expected.called(client, tool, arguments)


def counted(proxy: RunningProxy) -> Counter[tuple[str, str]]:
    """The samples of the proxy's /metrics that are not 0."""
    return Counter(
        {
            (sample.labels["reason"], sample.labels.get("tool", "")): int(sample.value)
            for family in text_string_to_metric_families(proxy.get("/metrics").text)
            for sample in family.samples
            if sample.name == WASTED_REQUESTS.series and sample.value
        }
    )


@contextmanager
def session(port: int) -> Iterator[Send]:
    """A client of the revisions with sessions."""
    with closing(Client(port)) as client:
        client.post(INITIALIZE)
        opened = client.getresponse()
        opened.read()
        name = opened.headers["mcp-session-id"]

        def send(message: dict[str, Any]) -> None:
            client.post(message, mcp_session_id=name)
            client.getresponse().read()

        yield send


@contextmanager
def stateless(port: int, number: int) -> Iterator[Send]:
    """A client of 2026-07-28, which has no sessions, with a name of its own."""
    declared = meta(**{methods.CLIENT_INFO_KEY: {"name": f"client {number}", "version": "1"}})
    with closing(ModernClient(port)) as client:

        def send(message: dict[str, Any]) -> None:
            params = {**message.get("params", {}), "_meta": declared}
            client.send_request({**message, "params": params})
            client.getresponse().read()

        yield send


def test_a_script_of_a_thousand_requests_in_five_sessions_is_counted_exactly() -> None:
    expected = Expected()
    with running("--", *SERVER) as proxy:
        for number in range(CLIENTS):
            with session(proxy.port) as send:
                script(send, number, expected)

        eventually(lambda: counted(proxy) == expected.counts, f"{expected.counts}")


def test_clients_without_sessions_differ_by_their_names() -> None:
    expected = Expected()
    with running("--", *SERVER) as proxy:
        for number in range(CLIENTS):
            with stateless(proxy.port, number) as send:
                script(send, number, expected)

        eventually(lambda: counted(proxy) == expected.counts, f"{expected.counts}")


@pytest.mark.parametrize("server", ["streamable-http", "sse", "stdio"])
def test_each_transport_of_a_server_is_observed(server: str) -> None:
    expected = {
        (WasteReason.UNCHANGED_LIST, ""): 1,
        (WasteReason.REPEATED_ERROR, "echo"): 1,
        (WasteReason.INVALID_ARGUMENTS, "echo"): 2,
    }
    with pair("streamable-http", server, command=ECHO_SERVER) as each:

        async def use() -> None:
            async with each.session() as client:
                for _ in range(2):
                    await client.list_tools()
                    await client.call_tool("echo", {"text": 1})

        asyncio.run(use())

        eventually(lambda: counted(each.proxy) == expected, f"{expected}")
