"""The echo server's HTTP+SSE transport: one stream per session, messages by POST."""

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import requests

from tests.integration.serving import serving
from tests.waiting import until


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with serving(sys.executable, "-m", "lab.echo", "--transport", "sse") as address:
        yield f"http://{address}"


class Stream:
    """A client's session."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._response = requests.get(f"{base}/sse", stream=True, timeout=10)
        assert self._response.headers["content-type"] == "text/event-stream"
        self._lines = self._response.iter_lines()
        self.endpoint = base + self.event("endpoint")

    def event(self, kind: str = "message") -> str:
        """The payload of the next event."""
        assert next(self._lines) == f"event: {kind}".encode()
        data: bytes = next(self._lines)
        assert next(self._lines) == b""
        return data.removeprefix(b"data: ").decode()

    def send(self, message: Any) -> int:
        """Post a message: the status."""
        return requests.post(self.endpoint, json=message, timeout=10).status_code

    def answer(self) -> Any:
        """The next message."""
        return json.loads(self.event())

    def close(self) -> None:
        self._response.close()


@pytest.fixture
def stream(base: str) -> Iterator[Stream]:
    with closing(Stream(base)) as each:
        yield each


def call(request_id: int, tool: str, **arguments: Any) -> dict[str, Any]:
    params: dict[str, Any] = {"name": tool, "arguments": arguments, "_meta": {"progressToken": 7}}
    return {"jsonrpc": "2.0", "id": request_id, "method": "tools/call", "params": params}


def test_answers_come_on_the_stream(stream: Stream) -> None:
    assert stream.send(call(1, "echo", text="hi")) == 202
    assert stream.answer()["result"]["content"][0]["text"] == "hi"


def test_progress_comes_at_once_and_a_cancelled_answer_never(stream: Stream) -> None:
    stream.send(call(1, "sleep", seconds=50))
    assert stream.answer()["params"]["progressToken"] == 7
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    assert stream.send(cancel) == 202
    stream.send(call(1, "sleep", seconds=0))
    assert stream.answer()["method"] == "notifications/progress"
    assert stream.answer()["result"]["content"][0]["text"] == "slept 0 s"


def test_sessions_are_apart_and_end_with_their_stream(base: str, stream: Stream) -> None:
    other = Stream(base)
    other.send(call(5, "fail"))
    stream.send(call(6, "fail"))
    assert (other.answer()["id"], stream.answer()["id"]) == (5, 6)
    other.close()
    until(lambda: other.send(call(7, "fail")) == 404, seconds=30)
    assert stream.send(call(8, "fail")) == 202


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/mcp", 404),
        ("POST", "/sse", 405),
        ("GET", "/messages", 405),
        ("POST", "/messages", 404),
    ],
)
def test_what_is_not_the_transport_is_refused(
    base: str, method: str, path: str, status: int
) -> None:
    assert requests.request(method, base + path, timeout=10).status_code == status


def test_a_body_that_is_no_json_is_an_error_on_the_stream(stream: Stream) -> None:
    host, _, port = stream.endpoint.removeprefix("http://").partition("/")[0].partition(":")
    path = stream.endpoint.partition(port)[2]
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n{{".encode())
        assert raw.recv(65536).startswith(b"HTTP/1.1 202")
    assert stream.answer()["error"]["code"] == -32700
