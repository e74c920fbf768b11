"""Calls and sessions that a client gives up by a message: when that counts, and as what."""

import json
from collections.abc import Callable

import pytest

from tests.integration.proxies import RunningProxy, eventually
from tests.integration.sockets import INITIALIZE, Client, Upstream, UpstreamSide, call, result

pytestmark = pytest.mark.slow

CALL = "tools/call"
SESSIONS = "mcp_proxy_sessions"
CANCEL = {"method": "notifications/cancelled", "params": {"requestId": 5}}
REQUEST_CANCELLED = json.dumps({"id": 5, "error": {"code": 0, "message": "cancelled"}}).encode()
"""As the official Python SDK answers a call that was cancelled."""


def end_of_stream(side: UpstreamSide) -> None:
    side.start_events()
    side.chunk(b"")


def error_answer(side: UpstreamSide) -> None:
    side.answer(REQUEST_CANCELLED)


def tool_error(side: UpstreamSide) -> None:
    side.answer(json.dumps(result(5, isError=True)).encode())


@pytest.mark.parametrize("ends", [end_of_stream, error_answer, tool_error])
@pytest.mark.parametrize("first", ["cancel", "call"])
def test_a_call_that_ends_before_its_cancellation_is_answered_was_cancelled(
    upstream: Upstream,
    proxy: RunningProxy,
    client: Client,
    first: str,
    ends: Callable[[UpstreamSide], None],
) -> None:
    """Two connections are not in order: neither to the proxy, nor to the server, nor back."""
    other = Client(proxy.port)
    sides = {}
    for each in ("cancel", "call") if first == "cancel" else ("call", "cancel"):
        sender, message = (client, call(5)) if each == "call" else (other, CANCEL)
        sender.post(message, mcp_session_id="s")
        sides[each] = upstream.accept()
        assert json.loads(sides[each].request()[1]) == message
    ends(sides["call"])
    client.getresponse().read()
    proxy.counted({(CALL, "cancelled", "caller"): 1})
    sides["cancel"].answer(b"", "202 Accepted")
    assert other.getresponse().status == 202
    proxy.counted({(CALL, "cancelled", "caller"): 1})
    other.close()


def good_answer(side: UpstreamSide) -> None:
    side.answer(json.dumps(result(5)).encode())


@pytest.mark.parametrize("ends", [end_of_stream, error_answer, good_answer, UpstreamSide.reset])
def test_a_call_that_ends_after_its_cancellation_is_answered_was_cancelled_and_not_lost(
    upstream: Upstream, proxy: RunningProxy, client: Client, ends: Callable[[UpstreamSide], None]
) -> None:
    client.post(call(5), mcp_session_id="s")
    waiting = upstream.take()
    other = Client(proxy.port)
    other.post(CANCEL, mcp_session_id="s")
    accepting = upstream.take()
    accepting.answer(b"", "202 Accepted")
    assert other.getresponse().status == 202
    proxy.counted({(CALL, "cancelled", "caller"): 1})
    ends(waiting)
    client.getresponse().read()
    proxy.counted({(CALL, "cancelled", "caller"): 1})
    other.close()


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "500 Oh"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_what_the_server_does_not_accept_ends_no_call(
    upstream: Upstream, proxy: RunningProxy, client: Client, method: str, status: str
) -> None:
    client.post(call(5), mcp_session_id="s")
    waiting = upstream.take()
    other = Client(proxy.port)
    body = json.dumps(CANCEL) if method == "POST" else None
    other.request(method, "/mcp", body, headers={"mcp-session-id": "s"})
    refusing = upstream.take()
    refusing.answer(b"", status)
    assert other.getresponse().status == int(status[:3])
    waiting.answer(json.dumps(result(5)).encode())
    assert client.answer() == (200, result(5))
    proxy.counted({(CALL, "ok", "none"): 1})
    other.close()


def test_a_session_whose_end_the_server_accepts_waits_for_none_of_its_calls(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    client.post(call(5), mcp_session_id="s")
    upstream.accept().request()
    other = Client(proxy.port)
    other.request("DELETE", "/mcp", headers={"mcp-session-id": "s"})
    upstream.accept().answer(b"")
    assert other.getresponse().status == 200
    proxy.counted({(CALL, "cancelled", "caller"): 1})
    other.close()


@pytest.mark.parametrize(
    ("status", "left"),
    [
        ("200 OK", 0),
        ("204 No Content", 0),
        ("404 Not Found", 0),
        ("405 Method Not Allowed", 0),
        ("500 Oh", 0),
        ("401 Unauthorized", 1),
        ("403 Forbidden", 1),
    ],
)
def test_a_session_is_over_once_its_client_says_so_unless_the_server_turns_it_away(
    upstream: Upstream, proxy: RunningProxy, client: Client, status: str, left: int
) -> None:
    open_session(upstream, client)
    client.request("DELETE", "/mcp", headers={"mcp-session-id": "s"})
    side = upstream.take()
    side.answer(b"", status)
    client.getresponse().read()
    assert proxy.value(SESSIONS) == left


def test_a_session_is_over_even_if_its_server_is_gone_by_then(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    open_session(upstream, client)
    client.request("DELETE", "/mcp", headers={"mcp-session-id": "s"})
    side = upstream.take()
    side.reset()
    assert client.getresponse().status == 502
    eventually(lambda: proxy.value(SESSIONS) == 0, "the session's end")


def open_session(upstream: Upstream, client: Client) -> None:
    client.post(INITIALIZE)
    side = upstream.take()
    side.answer(json.dumps(result(0)).encode(), extra="mcp-session-id: s\r\nconnection: close\r\n")
    assert client.answer() == (200, result(0))
