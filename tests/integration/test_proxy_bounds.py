"""What clients can make the proxy remember: a bounded number of series, and little memory."""

import json

import psutil
import pytest
import requests

from tests.integration.proxies import RunningProxy, running
from tests.integration.sockets import Client

pytestmark = pytest.mark.slow

CALLS = 1000
HUGE = "x" * 3_000_000
SLACK_BYTES = 64 * 1024 * 1024
"""What the allocator may keep of messages that are gone: up to 40 MB were seen, with 20 huge
messages and with 120. Sixty that are remembered would be 180 MB."""


def series(proxy: RunningProxy) -> int:
    return sum(not line.startswith("#") for line in proxy.get("/metrics").text.splitlines())


def memory(proxy: RunningProxy) -> int:
    return int(psutil.Process(proxy.process.pid).memory_info().rss)


def call(client: Client, number: int, text: str) -> None:
    """A call of a tool that nobody has, by a method, revision and session that nobody has."""
    method = "tools/call" if number % 2 else f"m{number}{text}"
    body = {"id": f"{number}{text}", "method": method, "params": {"name": f"t{number}{text}"}}
    client.post(
        {"jsonrpc": "2.0", **body},
        mcp_session_id=f"s{number}",
        mcp_protocol_version=f"v{number}",
        traceparent=f"00-{number + 1:032x}-{number + 1:016x}-01",
    )
    client.getresponse().read()


def test_hostile_names_and_huge_strings_leave_series_and_memory_bounded() -> None:
    flags = ("--tool-cap", "50", "--body-limit", str(32 * 1024 * 1024))
    # A refused connection is the cheapest upstream: the call is counted and traced all the same.
    nobody = "http://127.0.0.1:1/mcp"
    telemetry = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
        "OTEL_BSP_SCHEDULE_DELAY": "3600000",
        "OTEL_METRICS_EXPORTER": "none",
    }
    with running("--upstream", nobody, *flags, **telemetry) as proxy:
        client = Client(proxy.port)
        for number in range(200):
            call(client, number, "")
        for number in range(200, 203):
            call(client, number, HUGE)
        before, remembered = series(proxy), memory(proxy)
        for number in range(1000, 1000 + CALLS):
            call(client, number, "")
        for number in range(60):
            call(client, number, HUGE)
        assert series(proxy) == before
        assert memory(proxy) - remembered < SLACK_BYTES
        client.close()


def test_invented_sessions_are_not_remembered() -> None:
    with running("--upstream", "http://127.0.0.1:1/mcp") as proxy, requests.Session() as visitor:
        for number in range(200):
            answer = visitor.post(
                proxy.url,
                json.dumps({"id": 1, "method": "ping"}),
                headers={"mcp-session-id": f"{number}"},
            )
            assert answer.status_code == 502
        assert proxy.value("mcp_proxy_sessions") == 0
