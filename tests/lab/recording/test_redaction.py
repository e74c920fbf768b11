"""What is recorded of a message: its form, names and sizes; values only if asked for."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.recording.redaction import Redaction

VALUE = "payload-value"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda each: (
        st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3)
    ),
    max_leaves=8,
)  # fmt: skip


def redacted(message: dict[str, Any], *, payloads: bool = False) -> dict[str, Any]:
    return Redaction(payloads=payloads).redact({"jsonrpc": "2.0", **message})


def call(arguments: Any) -> dict[str, Any]:
    params = {"name": "search", "arguments": arguments, "_meta": {"progressToken": "t 1"}}
    return {"id": 7, "method": "tools/call", "params": params}


@pytest.mark.parametrize(
    "message",
    [
        call({"q": VALUE, "deep": [{"name": VALUE, "type": VALUE}]}),
        {"id": 1, "result": {"content": [{"type": "text", "text": VALUE}], "isError": True}},
        {"id": 1, "result": {"structuredContent": {"type": VALUE, "name": VALUE, "role": VALUE}}},
        {"id": 1, "result": {"contents": [{"uri": f"file:///{VALUE}", "blob": VALUE}]}},
        {"id": 1, "result": {"resources": [{"name": VALUE, "uri": VALUE, "title": VALUE}]}},
        {"id": 1, "result": {"tools": [{"name": "a", "inputSchema": {"description": VALUE}}]}},
        {"id": 1, "result": {"action": "accept", "content": {"type": VALUE, "name": VALUE}}},
        {"id": 1, "result": {"role": "assistant", "content": {"type": "text", "text": VALUE}}},
        {"id": 1, "result": {"nextCursor": VALUE, "instructions": VALUE}},
        {"id": 1, "result": {"inputRequests": {"a": {"params": {"message": VALUE}}}}},
        {"id": 1, "error": {"code": -32602, "message": VALUE, "data": {"type": VALUE}}},
        {"method": "notifications/message", "params": {"level": "info", "data": VALUE}},
        {"id": 1, "method": "acme/own", "params": {"name": VALUE, "type": f"{VALUE} {VALUE}"}},
        {"id": 1, "method": "completion/complete", "params": {"argument": {"value": VALUE}}},
        {"id": 1, "method": "tools/call", "params": VALUE},
        {"id": 1, "method": "tools/call", "params": [VALUE]},
        {"id": 1, "result": VALUE, "error": VALUE, "more": VALUE},
    ],
)  # fmt: skip
def test_no_value_is_recorded(message: dict[str, Any]) -> None:
    assert VALUE in json.dumps(message)
    assert VALUE not in json.dumps(redacted(message))


@given(JSON)
def test_a_placeholder_has_the_type_and_the_size_of_its_value(value: Any) -> None:
    found = redacted(call({"x": value}))["params"]["arguments"]

    def shape(each: Any) -> Any:
        match each:
            case dict():
                return {key: shape(value) for key, value in each.items()}
            case list():
                return [shape(value) for value in each]
            case str():
                return len(json.dumps(each, ensure_ascii=False).encode())
            case bool() | None:
                return type(each)
            case int():
                return (type(each), len(str(each)))
        return type(each)

    assert shape(json.loads(json.dumps(found))) == shape({"x": value})


def test_names_codes_versions_and_schemas_of_the_protocol_are_kept() -> None:
    schema = {"type": "object", "properties": {"token": {"type": "string", "enum": ["a"]}}}
    kept: tuple[dict[str, Any], ...] = (
        {"id": "any id", "method": "tools/call", "params": {"name": "a b", "arguments": {}}},
        {"id": 1, "result": {"tools": [{"name": "a b", "inputSchema": schema}]}},
        {"id": 1, "result": {"prompts": [{"name": "p q", "arguments": [{"name": "language"}]}]}},
        {"id": 1, "error": {"code": -32602}},
        {"method": "notifications/progress", "params": {"progressToken": "t 1", "progress": 0.5}},
        {"method": "notifications/cancelled", "params": {"requestId": "any id"}},
        {"id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {"sampling": {}},
            "clientInfo": {"name": "my editor", "version": "1"}}},
    )  # fmt: skip
    for message in kept:
        assert redacted(message) == {"jsonrpc": "2.0", **message}


def test_equal_cursors_and_uris_get_equal_placeholders() -> None:
    redaction = Redaction(payloads=False)

    def placeholder(uri: str) -> str:
        message = {"id": 1, "method": "resources/read", "params": {"uri": uri}}
        return str(redaction.redact(message)["params"]["uri"])

    first, second = placeholder("file:///a"), placeholder("file:///b")

    assert first != second
    assert len(first) == len("file:///a")
    assert placeholder("file:///a") == first


def test_payloads_are_recorded_if_asked_for_but_secrets_are_not() -> None:
    arguments = {"q": VALUE, "n": 3, "flag": False, "api_key": VALUE, "url": f"http://u:{VALUE}@h"}

    found = redacted(call(arguments), payloads=True)["params"]["arguments"]

    assert found == {
        "q": VALUE, "n": 3, "flag": False, "api_key": "[hidden]", "url": "http://[hidden]@h"
    }  # fmt: skip


@given(JSON.filter(lambda each: isinstance(each, dict)))
def test_any_message_can_be_redacted(message: dict[str, Any]) -> None:
    for payloads in (False, True):
        json.dumps(redacted(message, payloads=payloads))
