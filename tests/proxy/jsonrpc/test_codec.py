"""Only labels are decoded, and nothing legal is refused for having odd ones."""

import contextlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import MalformedMessage
from proxy.jsonrpc import codec
from proxy.jsonrpc.message import NO_META, NO_PARAMS, Message


def decode(**fields: object) -> Message:
    return codec.decode(json.dumps({"jsonrpc": "2.0", **fields}).encode())


def test_a_request_gives_its_labels() -> None:
    meta = {"traceparent": "00-1", "tracestate": "a=b", "progressToken": 4}
    message = decode(id=1, method="tools/call", params={"name": "echo", "_meta": meta, "x": [1]})
    params = message.params or NO_PARAMS
    found = params.meta or NO_META
    assert message.is_request
    assert (message.id, message.method, params.name) == (1, "tools/call", "echo")
    assert (found.traceparent, found.tracestate, found.progress_token) == ("00-1", "a=b", 4)


@pytest.mark.parametrize(
    ("fields", "asks", "answers"),
    [
        ({"id": 1, "method": "m"}, True, False),
        ({"id": "1", "method": "m", "params": None}, True, False),
        ({"method": "m"}, False, False),
        ({"id": None, "method": "m"}, False, False),
        ({"id": 0, "result": {}}, False, True),
        ({"id": 0, "result": None}, False, True),
        ({"id": None, "error": {"code": 1}}, False, True),
        ({"id": 1}, False, False),
    ],
)
def test_requests_and_answers_are_distinguished(
    fields: dict[str, object], asks: bool, answers: bool
) -> None:
    message = decode(**fields)
    assert (message.is_request, message.is_answer) == (asks, answers)


@pytest.mark.parametrize(
    "fields",
    [
        {"params": [1, 2]},
        {"params": {"name": 5}},
        {"params": {"name": {"a": 1}, "_meta": 7}},
        {"params": {"_meta": {"traceparent": 5, "progressToken": [1]}}},
        {"params": "text"},
    ],
)
def test_labels_of_odd_types_are_left_out_of_a_legal_message(fields: dict[str, object]) -> None:
    message = decode(id=1, method="m", **fields)
    assert message.is_request
    assert (message.params or NO_PARAMS).name == ""


@pytest.mark.parametrize("result", [[1], "text", 5, {"isError": "yes"}, True])
def test_an_odd_result_is_still_an_answer(result: object) -> None:
    assert decode(id=1, result=result).is_answer


@pytest.mark.parametrize("error", ["text", {"code": "x"}, {}, None])
def test_an_odd_error_is_still_an_error(error: object) -> None:
    message = decode(id=1, error=error)
    assert message.is_answer
    assert message.error


def test_an_error_of_null_beside_a_result_is_none() -> None:
    message = decode(id=1, result={"isError": True}, error=None)
    assert (bool(message.result), bool(message.error)) == (True, False)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"5", b'"text"', b"null", b'{"id":true,"method":"m"}', b'{"id":{},"method":"m"}',
        b'{"id":1,"method":5}', b'{"id":1}x', b"[" * 100_000, b'{"a":' * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        codec.decode(data)


@given(st.binary(max_size=100))
def test_any_bytes_are_decoded_or_refused(data: bytes) -> None:
    with contextlib.suppress(MalformedMessage):
        codec.decode_all(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "method", "params", "result", "error", "name", "_meta", "code"])
            | st.text(max_size=3),
            children,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_decoded_or_refused(value: object) -> None:
    with contextlib.suppress(MalformedMessage):
        codec.decode_all(json.dumps(value).encode())


def test_a_batch_gives_each_message_with_its_own_bytes() -> None:
    data = b' [{"id":1,"method":"a"}, {"method" : "b"}]'
    assert [message.method for message in codec.decode_all(data)] == ["a", "b"]
    assert [raw for _, raw in codec.split(data)] == [
        b'{"id":1,"method":"a"}',
        b'{"method" : "b"}',
    ]


@pytest.mark.parametrize("data", [b"[]", b"[1]", b"[{}", b'[{"id":1,"method":"a"},]'])
def test_a_batch_of_nothing_or_of_no_messages_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        codec.decode_all(data)


@pytest.mark.parametrize("request_id", [1, "a", 1.5, None])
def test_an_error_of_the_proxys_own_names_the_request(request_id: int | str | None) -> None:
    message = msgspec.json.decode(codec.error(request_id, -32000, "gone"))
    assert message == {
        "jsonrpc": "2.0",
        "id": request_id,
        "error": {"code": -32000, "message": "gone"},
    }
