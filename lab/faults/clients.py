"""The load of faults: what clients do while something is broken, or to break it."""

import json
import socket
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

import requests

from lab.echo.messages import CHANGED
from lab.faults.fault import FaultContext, Step
from lab.load.client import GOOD, Client, LoadFailed
from lab.load.protocol import SESSION_HEADER
from lab.local.processes import pause
from proxy.jsonrpc.methods import TOOLS_CALL

T = TypeVar("T")
Arguments = dict[str, Any]
ToolCall = tuple[str, Arguments]

CONCURRENCY = 5
"""Clients that call at the same time, so that a hanging call does not delay all others."""

LONG_SECONDS = 20.0
"""Longer than any client waits."""

LARGE_BYTES = 2**17

_HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
_WAIT_SECONDS = LONG_SECONDS + 5
_CANCEL_SECONDS = 0.05
_CANCELLED = "notifications/cancelled"


def successful_calls(context: FaultContext) -> None:
    """A few calls before the fault, so that its effect is visible."""
    with suppress(LoadFailed), Client(context.endpoint.mcp_url) as client:
        for _ in range(5):
            client.call(GOOD)


def calls(tool: str, arguments: Arguments | None = None, *, number: int = 30) -> Step:
    """Concurrent calls of a tool, with any outcome; each client has its own session."""
    return _concurrently([(tool, arguments or {})] * number)


def changed_lists(context: FaultContext) -> None:
    """A session that lists the tools, and again after they changed."""
    with suppress(LoadFailed), Client(context.endpoint.mcp_url) as client:
        client.request("tools/list", {})
        client.request("tools/list", {"_meta": {CHANGED: True}})


def listed(context: FaultContext) -> None:
    """A session that lists the tools."""
    with suppress(LoadFailed), Client(context.endpoint.mcp_url) as client:
        client.request("tools/list", {})


def crashes(context: FaultContext) -> None:
    """Sessions, one after the other, whose only call crashes the server's process."""
    for _ in range(8):
        _call_all(context.endpoint.mcp_url, [("crash", {})])


def abandoned_sessions(context: FaultContext) -> None:
    """Sessions that are opened, and neither used nor deleted."""
    for _ in range(40):
        with suppress(LoadFailed):
            Client(context.endpoint.mcp_url).__enter__()


def rejected(context: FaultContext) -> None:
    """Pairs of requests: one with a foreign Origin, one that is too large."""
    large = json.dumps(_request(1, "echo", {"text": "x" * LARGE_BYTES}))
    with _http() as http:
        for origin, body in (("https://elsewhere.example", "{}"), (None, large)) * 40:
            with suppress(requests.RequestException):
                http.post(context.endpoint.mcp_url, data=body, headers={"Origin": origin})


def cancelled(context: FaultContext) -> None:
    """Long calls that the client cancels with a notification."""
    with suppress(LoadFailed), Client(context.endpoint.mcp_url) as client:
        _run_concurrently(lambda each: _cancel(client, each), range(20))


def disconnected(context: FaultContext) -> None:
    """Long calls during which the client closes the connection."""
    with suppress(LoadFailed):
        # The session is not deleted: the DELETE could overtake the calls.
        client = Client(context.endpoint.mcp_url).__enter__()
        for each in range(20):
            _disconnect(context.endpoint.mcp, client.session, each)


def _concurrently(given: Sequence[ToolCall]) -> Step:
    parts = [given[each::CONCURRENCY] for each in range(CONCURRENCY)]

    def load(context: FaultContext) -> None:
        _run_concurrently(lambda part: _call_all(context.endpoint.mcp_url, part), parts)

    return load


def _run_concurrently(act: Callable[[T], None], parts: Iterable[T]) -> None:
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        for done in [pool.submit(act, part) for part in parts]:
            done.result()


def _call_all(url: str, given: Sequence[ToolCall]) -> None:
    """Call in a session, or without one if it cannot be opened."""
    client = Client(url)
    with suppress(LoadFailed):
        client.__enter__()
    for tool, arguments in given:
        with suppress(LoadFailed):
            client.request(TOOLS_CALL, {"name": tool, "arguments": arguments})
    client.__exit__()


def _cancel(client: Client, number: int) -> None:
    """Cancel a long call until it ends: the notification may overtake the call."""
    request = f"long-{number}"
    call = _request(request, "sleep", {"seconds": LONG_SECONDS})
    cancel = {"jsonrpc": "2.0", "method": _CANCELLED, "params": {"requestId": request}}
    with _http() as http, ThreadPoolExecutor(1) as pool:
        http.headers[SESSION_HEADER] = client.session
        waiting = pool.submit(
            requests.post, client.url, json=call, headers=http.headers, timeout=_WAIT_SECONDS
        )
        while not waiting.done():
            http.post(client.url, json=cancel)
            pause(_CANCEL_SECONDS)


def _disconnect(address: str, session: str, number: int) -> None:
    body = json.dumps(_request(number, "sleep", {"seconds": LONG_SECONDS})).encode()
    fields = {
        **_HEADERS,
        "Host": address,
        "Content-Length": str(len(body)),
        SESSION_HEADER: session,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=_WAIT_SECONDS) as connection:
        connection.sendall(f"POST /mcp HTTP/1.1\r\n{lines}\r\n".encode() + body)


def _request(number: int | str, tool: str, arguments: Arguments) -> dict[str, Any]:
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": number, "method": TOOLS_CALL, "params": params}


def _http() -> requests.Session:
    http = requests.Session()
    http.trust_env = False
    http.headers.update(_HEADERS)
    return http


each_tool = _concurrently([("echo", {"text": "hello"}), ("sleep", {"seconds": 0})] * 15)
usual_calls = calls("echo", {"text": "anybody there?"}, number=20)
