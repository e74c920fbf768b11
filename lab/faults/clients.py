"""The load of faults: what clients do while something is broken, or to break it."""

import json
import socket
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

import requests

from lab.echo.messages import CHANGED
from lab.faults import actions
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

SLOW_SECONDS, LONG_SECONDS = 2.5, 20.0
"""Slower than the latency objective; longer than any client waits."""

LARGE_BYTES = 2**17

_HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
_WAIT_SECONDS = LONG_SECONDS + 5
_CANCEL_SECONDS = 0.05
_KILL_SECONDS = 0.5
_CANCELLED = "notifications/cancelled"


def successful_calls(context: FaultContext) -> None:
    """A few calls before the fault, so that its effect is visible."""
    with suppress(LoadFailed), Client(context.endpoint.mcp_url) as client:
        for _ in range(5):
            client.call(GOOD)


def calls(tool: str, arguments: Arguments | None = None, *, number: int = 30) -> Step:
    """Concurrent calls of a tool, with any outcome; each client has its own session."""
    return _concurrently([(tool, arguments or {})] * number)


def each_tool(number: int) -> Step:
    """Calls of each working tool."""
    return _concurrently([("echo", {"text": "hello"}), ("sleep", {"seconds": 0})] * number)


def changed_lists(context: FaultContext) -> None:
    """A session that lists the tools, and again after they changed."""
    with suppress(LoadFailed), Client(context.endpoint.mcp_url) as client:
        client.request("tools/list", {})
        client.request("tools/list", {"_meta": {CHANGED: True}})


def listed(context: FaultContext) -> None:
    """A session that lists the tools."""
    with suppress(LoadFailed), Client(context.endpoint.mcp_url) as client:
        client.request("tools/list", {})


def crashes(number: int) -> Step:
    """Sessions, one after the other, whose only call crashes the server's process."""

    def load(context: FaultContext) -> None:
        for _ in range(number):
            _call_all(context.endpoint.mcp_url, [("crash", {})])

    return load


def killed(number: int) -> Step:
    """Sessions whose process is killed during a call, as the kernel does for lack of memory."""

    def load(context: FaultContext) -> None:
        for _ in range(number):
            with suppress(LoadFailed), Client(context.endpoint.mcp_url) as client:
                _kill_during_call(client, context)

    return load


def abandoned_sessions(number: int) -> Step:
    """Sessions that are opened, and neither used nor deleted."""

    def load(context: FaultContext) -> None:
        for _ in range(number):
            with suppress(LoadFailed):
                Client(context.endpoint.mcp_url).__enter__()

    return load


def rejected(number: int) -> Step:
    """Pairs of requests: one with a foreign Origin, one that is too large."""
    foreign = ({"Origin": "https://elsewhere.example"}, "{}")
    large: tuple[dict[str, str], str] = (
        {},
        json.dumps(_request(1, "echo", {"text": "x" * LARGE_BYTES})),
    )

    def load(context: FaultContext) -> None:
        with _http() as http:
            for headers, body in (foreign, large) * number:
                with suppress(requests.RequestException):
                    http.post(context.endpoint.mcp_url, data=body, headers=headers)

    return load


def cancelled(number: int) -> Step:
    """Long calls that the client cancels with a notification."""

    def load(context: FaultContext) -> None:
        with suppress(LoadFailed), Client(context.endpoint.mcp_url) as client:
            _run_concurrently(lambda each: _cancel(client, each), range(number))

    return load


def disconnected(number: int) -> Step:
    """Long calls during which the client closes the connection."""

    def load(context: FaultContext) -> None:
        with suppress(LoadFailed):
            # The session is not deleted: the DELETE could overtake the calls.
            client = Client(context.endpoint.mcp_url).__enter__()
            for each in range(number):
                _disconnect(context.endpoint.mcp, client.session, each)

    return load


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


def _kill_during_call(client: Client, context: FaultContext) -> None:
    """Call, and kill the server's process until the call ends: a kill may overtake the call."""
    params = {"name": "sleep", "arguments": {"seconds": LONG_SECONDS}}
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.request, TOOLS_CALL, params)
        while not waiting.done():
            pause(_KILL_SECONDS)
            actions.kill_children(context)
    waiting.result()


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
