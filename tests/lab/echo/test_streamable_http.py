"""The echo server over streamable HTTP, with JSON and with event streams."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.lab.echo.running import end, run_echo
from tests.lab.echo.test_messages import call, request
from tests.waiting import until

BOTH = "application/json, text/event-stream"


@pytest.fixture(scope="module", params=["json", "sse"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    process = run_echo("--transport", "streamable-http", "--answers", request.param)
    assert process.stderr is not None
    ready = json.loads(process.stderr.readline())
    yield f"http://{ready['listen']}/mcp"
    end(process)
    assert process.returncode == 0


@pytest.fixture
def client(url: str) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers["Accept"] = BOTH
        opened = session.post(url, json=request("initialize"), timeout=10)
        session.headers["Mcp-Session-Id"] = opened.headers["Mcp-Session-Id"]
        yield session


def message_of(response: requests.Response) -> dict[str, Any]:
    """The last message of a JSON or event-stream answer."""
    lines = response.text.splitlines()
    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    parsed: dict[str, Any] = json.loads(data[-1] if data else response.text)
    return parsed


def test_http_answers_calls_in_a_session(url: str, client: requests.Session) -> None:
    response = client.post(url, json=call("echo", text="over http"), timeout=10)
    assert message_of(response)["result"]["content"][0]["text"] == "over http"
    assert message_of(client.post(url, json=call("sleep", seconds=0.01), timeout=10))["id"] == 1


def test_http_takes_notifications_with_202(url: str, client: requests.Session) -> None:
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert client.post(url, json=note, timeout=10).status_code == 202


def test_a_deleted_session_is_gone(url: str, client: requests.Session) -> None:
    assert client.delete(url, timeout=10).status_code == 204
    assert client.post(url, json=request("ping"), timeout=10).status_code == 404


def test_a_request_without_a_session_is_refused(url: str) -> None:
    response = requests.post(url, json=request("ping"), headers={"Accept": BOTH}, timeout=10)
    assert response.status_code == 400


def test_the_get_stream_brings_a_message_and_ends_with_the_session(
    url: str, client: requests.Session
) -> None:
    events = {"Accept": "text/event-stream"}
    with client.get(url, headers=events, stream=True, timeout=10) as stream:
        lines = stream.iter_lines(decode_unicode=True)
        assert next(lines) == "event: message"
        assert "stream opened" in next(lines)
        again = client.get(url, headers=events, timeout=10)
        assert again.status_code == 409
        client.delete(url, timeout=10)
        assert [line for line in lines if line] == []


def test_a_cancelled_sleep_ends_at_once(url: str, client: requests.Session) -> None:
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    headers = dict(client.headers)
    with ThreadPoolExecutor(1) as thread:
        sleep = call("sleep", seconds=50)
        sleeping = thread.submit(requests.post, url, json=sleep, headers=headers, timeout=20)

        def cancelled() -> bool:
            assert client.post(url, json=cancel, timeout=10).status_code == 202
            return sleeping.done()

        until(cancelled, seconds=30)
    assert "slept" not in sleeping.result().text
