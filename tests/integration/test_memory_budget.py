"""What clients can make the proxy remember: a bounded number of series, and little memory."""

import json
import socket
from contextlib import ExitStack, suppress

import psutil
import pytest
import requests

from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sockets import TIMEOUT_SECONDS, Client, Upstream, result
from tests.integration.sockets import call as tool_call
from tests.integration.sse import SseClient

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
    """A call of an unknown tool, by an unknown method, revision and session."""
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
    # A refused connection is the cheapest upstream: the call is still counted and traced.
    closed = "http://127.0.0.1:1/mcp"
    telemetry = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
        "OTEL_BSP_SCHEDULE_DELAY": "3600000",
        "OTEL_METRICS_EXPORTER": "none",
    }
    with running("--upstream", closed, *flags, **telemetry) as proxy, Client(proxy.port) as client:
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


LONGEST = 1024 * 1024
TIGHT = (
    *("--body-limit", str(LONGEST)),
    *("--message-limit", str(LONGEST)),
    *("--memory-limit", str(2 * LONGEST)),
)


def posting(body: bytes, length: int) -> bytes:
    head = f"POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n"
    return head.encode() + body


def dialled(port: int) -> socket.socket:
    """A connection of a client that will read little at a time, if at all."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(TIMEOUT_SECONDS)
    connection.connect(("127.0.0.1", port))
    return connection


def read_to_end(connection: socket.socket) -> bytes:
    """All that comes until the proxy closes or resets the connection."""
    received = b""
    with suppress(ConnectionError):
        while piece := connection.recv(65536):
            received += piece
    return received


def test_bodies_that_do_not_come_to_their_end_hold_no_more_than_allowed_all_together(
    upstream: Upstream,
) -> None:
    with running("--upstream", upstream.url, *TIGHT) as proxy, ExitStack() as opened:
        before = memory(proxy)
        senders = [opened.enter_context(dialled(proxy.port)) for _ in range(100)]
        for each in senders:
            with suppress(ConnectionError):
                each.sendall(posting(b" " * (LONGEST - 1), LONGEST))
        assert read_to_end(senders[0]).startswith(b"HTTP/1.1 503 ")
        assert memory(proxy) - before < SLACK_BYTES
        honest = Client(proxy.port)
        honest.post(b"{not json")
        assert honest.answer()[0] == 400
        honest.close()


def test_unread_answers_together_hold_no_more_than_allowed(
    upstream: Upstream,
) -> None:
    with running("--upstream", upstream.url, *TIGHT) as proxy, ExitStack() as opened:
        before = memory(proxy)
        deaf = [opened.enter_context(dialled(proxy.port)) for _ in range(100)]
        asked = json.dumps(tool_call()).encode()
        answer = json.dumps(result(text="x" * (LONGEST - 100))).encode()
        for each in deaf:
            each.sendall(posting(asked, len(asked)))
            side = upstream.take()
            side.answer(answer, extra="connection: close\r\n")
        assert len(read_to_end(deaf[0])) < len(answer)
        assert memory(proxy) - before < SLACK_BYTES


def test_messages_that_a_server_does_not_take_hold_no_more_than_allowed_all_together() -> None:
    note = {"jsonrpc": "2.0", "method": "notifications/x", "params": {"text": "x" * 900_000}}
    with running(*TIGHT, "--memory-limit", str(4 * LONGEST), "--", "sleep", "600") as proxy:
        clients = [SseClient(proxy.port) for _ in range(4)]
        assert [each.post(note) for each in clients] == [202, 202, 202, 503]
        clients[0].close()
        eventually(lambda: clients[3].post(note) == 202, "room once another session has ended")
        for each in clients:
            each.close()


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
