"""The echo server's action for each message."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.echo.messages import (
    CHANGED,
    CHANGED_TOOLS,
    TOOLS,
    Cancel,
    DelayedReply,
    InvalidReply,
    NoReply,
    Reply,
    handle,
)


def request(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def call(tool: str, **arguments: Any) -> dict[str, Any]:
    return request("tools/call", name=tool, arguments=arguments)


def answer(message: dict[str, Any]) -> dict[str, Any]:
    action = handle(message)
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


def test_the_tools_differ_where_a_list_of_changed_ones_is_asked_for() -> None:
    before = answer(request("tools/list"))["result"]["tools"]
    after = answer(request("tools/list", _meta={CHANGED: True}))["result"]["tools"]
    names = [each["name"] for each in after]

    assert (before, after) == (list(TOOLS), list(CHANGED_TOOLS))
    assert names == [each["name"] for each in before][:-1]
    assert [old["name"] for old, new in zip(before, after, strict=False) if old != new] == [
        "echo",
        "fail",
    ]


def test_sleep_is_answered_later_with_its_progress_first() -> None:
    message = call("sleep", seconds=0.5)
    message["params"]["_meta"] = {"progressToken": "p"}
    action = handle(message)
    assert isinstance(action, DelayedReply)
    assert action.seconds == 0.5
    assert [each["params"]["progressToken"] for each in action.first] == ["p"]


def test_a_cancellation_names_the_request_and_other_notifications_are_silent() -> None:
    cancelled = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
    assert handle(cancelled) == Cancel(7)
    assert handle({"jsonrpc": "2.0", "method": "notifications/initialized"}) == NoReply()
    assert handle({"jsonrpc": "2.0", "id": 9, "result": {}}) == NoReply()


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
    assert isinstance(handle(message), Reply | DelayedReply | Cancel | NoReply)


def test_a_garbled_answer_is_no_json() -> None:
    action = handle(call("garble"))
    assert isinstance(action, InvalidReply)
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(action.payload)
