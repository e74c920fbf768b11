"""What clients do to a server when something is wrong, with them or with it."""

import json
import socket
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

import requests

from lab.faults import strikes
from lab.faults.fault import Scene, Step
from lab.load import GOOD, SESSION_HEADER, Client, LoadFailed
from lab.processes import pause
from proxy.telemetry.vocabulary import TOOLS_CALL

T = TypeVar("T")
Arguments = dict[str, Any]
ToolCall = tuple[str, Arguments]

AT_ONCE = 5
"""Clients that call at the same time: a call that hangs must not hold up the others."""

SLOW_SECONDS, LONG_SECONDS = 2.5, 20.0
"""Slower than the objective allows; longer than any client here waits."""

LARGE_BYTES = 2**17

_HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
_WAIT_SECONDS = LONG_SECONDS + 5
_CANCEL_SECONDS = 0.05
_KILL_SECONDS = 0.5
_CANCELLED = "notifications/cancelled"


def healthy(scene: Scene) -> None:
    """Some calls that succeed, so that there is something to lose."""
    with suppress(LoadFailed), Client(scene.front.mcp_url) as client:
        for _ in range(5):
            client.call(GOOD)


def calls(tool: str, arguments: Arguments | None = None, *, number: int = 30) -> Step:
    """Many calls of a tool, several at once, whatever they come to; a session for each client."""
    return _all_of([(tool, arguments or {})] * number)


def each_tool(number: int) -> Step:
    """So many calls of each tool that works."""
    return _all_of([("echo", {"text": "hello"}), ("sleep", {"seconds": 0})] * number)


def crashes(number: int) -> Step:
    """As many sessions, one after the other, whose only call ends the server's process."""

    def load(scene: Scene) -> None:
        for _ in range(number):
            _call_all(scene.front.mcp_url, [("crash", {})])

    return load


def killed(number: int) -> Step:
    """As many sessions whose process is killed in mid-call, as the kernel does for memory."""

    def load(scene: Scene) -> None:
        for _ in range(number):
            with suppress(LoadFailed), Client(scene.front.mcp_url) as client:
                _die(client, scene)

    return load


def openings(number: int) -> Step:
    """As many sessions, opened and never used nor ended."""

    def load(scene: Scene) -> None:
        for _ in range(number):
            with suppress(LoadFailed):
                Client(scene.front.mcp_url).__enter__()

    return load


def refused(number: int) -> Step:
    """As many requests of a foreign web page, and as many that are too large for the proxy."""
    foreign = ({"Origin": "https://elsewhere.example"}, "{}")
    large: tuple[dict[str, str], str] = (
        {},
        json.dumps(_request(1, "echo", {"text": "x" * LARGE_BYTES})),
    )

    def load(scene: Scene) -> None:
        with _http() as http:
            for headers, body in (foreign, large) * number:
                with suppress(requests.RequestException):
                    http.post(scene.front.mcp_url, data=body, headers=headers)

    return load


def cancelled(number: int) -> Step:
    """Long calls that their clients cancel, by the protocol's notification."""

    def load(scene: Scene) -> None:
        with suppress(LoadFailed), Client(scene.front.mcp_url) as client:
            _at_once(lambda each: _cancel(client, each), range(number))

    return load


def left(number: int) -> Step:
    """Long calls whose clients close the connection instead of waiting."""

    def load(scene: Scene) -> None:
        with suppress(LoadFailed):
            # The session stays open: its end would overtake the calls.
            client = Client(scene.front.mcp_url).__enter__()
            for each in range(number):
                _leave(scene.front.mcp, client.session, each)

    return load


def _all_of(given: Sequence[ToolCall]) -> Step:
    parts = [given[each::AT_ONCE] for each in range(AT_ONCE)]

    def load(scene: Scene) -> None:
        _at_once(lambda part: _call_all(scene.front.mcp_url, part), parts)

    return load


def _at_once(act: Callable[[T], None], parts: Iterable[T]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(act, part) for part in parts]:
            done.result()


def _call_all(url: str, given: Sequence[ToolCall]) -> None:
    """Call in a session if one can be had, and without one if not."""
    client = Client(url)
    with suppress(LoadFailed):
        client.__enter__()
    for tool, arguments in given:
        with suppress(LoadFailed):
            client.request(TOOLS_CALL, {"name": tool, "arguments": arguments})
    client.__exit__()


def _die(client: Client, scene: Scene) -> None:
    """Call, and kill the server's process as often as it takes: it may be faster than the call."""
    params = {"name": "sleep", "arguments": {"seconds": LONG_SECONDS}}
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.request, TOOLS_CALL, params)
        while not waiting.done():
            pause(_KILL_SECONDS)
            strikes.kill_children(scene)
    waiting.result()


def _cancel(client: Client, number: int) -> None:
    """Cancel a long call as often as it takes: a notification can be faster than its call."""
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


def _leave(address: str, session: str, number: int) -> None:
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
