"""The echo server answers as it promises, on both transports, to bytes and to the official SDK."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from lab.echo.messages import CRASH_CODE, Cancel, Later, Noise, Reply, Silence, receive
from tests.waiting import until

BOTH = "application/json, text/event-stream"


def request(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def call(tool: str, **arguments: Any) -> dict[str, Any]:
    return request("tools/call", name=tool, arguments=arguments)


def answer(message: dict[str, Any]) -> dict[str, Any]:
    action = receive(message)
    assert isinstance(action, Reply)
    return action.message


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
def test_initialize_agrees_to_a_known_revision(version: str) -> None:
    result = answer(request("initialize", protocolVersion=version))["result"]
    assert result["protocolVersion"] == version


def test_initialize_offers_the_latest_revision_to_an_unknown_one() -> None:
    result = answer(request("initialize", protocolVersion="1999-01-01"))["result"]
    assert result["protocolVersion"] == "2025-11-25"


def test_echo_returns_its_text_and_the_meta_it_received() -> None:
    message = call("echo", text="hello")
    message["params"]["_meta"] = {"traceparent": "00-1-2-01"}
    result = answer(message)["result"]
    assert result["content"] == [{"type": "text", "text": "hello"}]
    assert result["_meta"] == {"echo/received": {"traceparent": "00-1-2-01"}}
    assert "isError" not in result


@pytest.mark.parametrize(
    "message",
    [call("fail"), call("echo"), call("sleep", seconds=61), call("sleep", seconds="1")],
)
def test_a_failing_tool_answers_with_is_error(message: dict[str, Any]) -> None:
    assert answer(message)["result"]["isError"] is True


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (call("absent"), -32602),
        (request("resources/list"), -32601),
        (request("tools/call", name="echo", arguments=[]), -32602),
        ({"id": 1, "method": "ping"}, -32600),
        ({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []}, -32602),
        ({"jsonrpc": "2.0", "id": 1.5, "method": "ping"}, -32600),
    ],
)
def test_what_is_wrong_is_a_protocol_error(message: dict[str, Any], code: int) -> None:
    assert answer(message)["error"]["code"] == code


def test_sleep_is_answered_later_with_its_progress_first() -> None:
    message = call("sleep", seconds=0.5)
    message["params"]["_meta"] = {"progressToken": "p"}
    action = receive(message)
    assert isinstance(action, Later)
    assert action.seconds == 0.5
    assert [each["params"]["progressToken"] for each in action.first] == ["p"]


def test_a_cancellation_names_the_request_and_other_notifications_are_silent() -> None:
    cancelled = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
    assert receive(cancelled) == Cancel(7)
    assert receive({"jsonrpc": "2.0", "method": "notifications/initialized"}) == Silence()
    assert receive({"jsonrpc": "2.0", "id": 9, "result": {}}) == Silence()


METHODS = ("initialize", "ping", "tools/list", "tools/call", "notifications/cancelled")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


PARAMS = st.fixed_dictionaries(
    {"name": st.sampled_from(("echo", "fail", "sleep"))},
    optional={
        "arguments": st.fixed_dictionaries({"text": JSON, "seconds": JSON}) | JSON,
        "_meta": st.fixed_dictionaries({"progressToken": JSON}) | JSON,
        "requestId": JSON,
        "protocolVersion": JSON,
    },
)


MESSAGES = (
    st.fixed_dictionaries(
        {"jsonrpc": st.just("2.0") | JSON, "method": st.sampled_from(METHODS) | JSON},
        optional={"id": st.integers() | st.text(max_size=9) | JSON, "params": PARAMS | JSON},
    )
    | JSON
)


@given(message=MESSAGES)
def test_whatever_json_arrives_has_an_action(message: object) -> None:
    assert isinstance(receive(message), Reply | Later | Cancel | Silence)


def run_echo(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "lab.echo", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.communicate(timeout=10)


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


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1.evil.example"}, 403),
        ({"Accept": "text/html"}, 406),
        ({"MCP-Protocol-Version": "1999-01-01"}, 400),
    ],
)
def test_http_refuses_what_the_specification_refuses(
    url: str, client: requests.Session, headers: dict[str, str], status: int
) -> None:
    refused = client.post(url, json=request("ping"), headers=headers, timeout=10)
    assert refused.status_code == status


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

        until(cancelled, seconds=10)
    assert "slept" not in sleeping.result().text


def test_stdio_answers_line_by_line_and_ends_with_its_input() -> None:
    process = run_echo("--transport", "stdio")
    sent = [call("sleep", seconds=50), call("echo", text="hi"), request("nonsense")]
    lines = [json.dumps(each) for each in sent] + ["{not json"]
    output, complaint = process.communicate("\n".join(lines) + "\n", timeout=10)
    answers = [json.loads(line) for line in output.splitlines()]
    assert answers[0]["result"]["content"][0]["text"] == "hi"
    assert [each["error"]["code"] for each in answers[1:]] == [-32601, -32700]
    assert (process.returncode, complaint) == (0, "")


def test_stdio_drops_a_cancelled_answer() -> None:
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    process = run_echo("--transport", "stdio")
    assert process.stdin is not None
    assert process.stdout is not None
    later = request("tools/call", name="sleep", arguments={"seconds": 0.2}) | {"id": 2}
    for message in (call("sleep", seconds=0.1), cancel, later):
        process.stdin.write(json.dumps(message) + "\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["id"] == 2
    end(process)


def complaint(*arguments: str) -> str:
    """The one line of an echo server that ends with 2."""
    process = run_echo(*arguments)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 2
    [line] = said.splitlines()
    return line


def test_an_address_that_cannot_be_had_is_one_line() -> None:
    line = complaint("--transport", "streamable-http", "--listen", "192.0.2.1:80")
    assert line.startswith("python -m lab.echo: --listen 192.0.2.1:80: ")


def test_a_busy_port_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        address = f"127.0.0.1:{busy.getsockname()[1]}"
        line = complaint("--transport", "streamable-http", "--listen", address)
    assert line == (
        f"python -m lab.echo: --listen {address}: somebody listens there already;"
        " port 0 takes a free one"
    )


@pytest.mark.parametrize("address", ["abc", ":8080", "127.0.0.1:http", "127.0.0.1:65536"])
def test_an_address_that_is_none_is_answered_with_what_is_allowed(address: str) -> None:
    assert complaint("--transport", "streamable-http", "--listen", address) == (
        f"python -m lab.echo: argument --listen: {address!r} is not HOST:PORT such as"
        " 127.0.0.1:8080; port 0 takes a free one; see python -m lab.echo --help"
    )


def test_an_option_is_known_by_its_full_name_only() -> None:
    assert "python -m lab.echo: unrecognized arguments: --answer sse" in complaint(
        "--transport", "stdio", "--answer", "sse"
    )


def test_a_garbled_answer_is_no_json() -> None:
    action = receive(call("garble"))
    assert isinstance(action, Noise)
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(action.payload)


def test_a_crash_ends_the_process_without_an_answer() -> None:
    command = [sys.executable, "-m", "lab.echo", "--transport", "stdio"]
    line = json.dumps(call("crash")).encode() + b"\n"
    done = subprocess.run(command, input=line, capture_output=True, timeout=20, check=False)
    assert done.returncode == CRASH_CODE
    assert done.stdout == b""
