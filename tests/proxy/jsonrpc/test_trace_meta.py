"""A trace context is put into `_meta`, and not a byte of any other value changes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import MalformedMessage
from proxy.jsonrpc.trace_meta import with_context

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_other_values_keep_their_very_bytes() -> None:
    data = (
        b'{"id":1, "params":{"arguments":{ "n": 1.0e5,"u":"\\u00e9"},"_meta":{"k":[ 1 ]}},"z":{ }}'
    )
    sent = with_context(data, TRACE, "")
    for kept in (b'{ "n": 1.0e5,"u":"\\u00e9"}', b'"k":[ 1 ]', b'"z":{ }'):
        assert kept in sent


@pytest.mark.parametrize(
    ("message", "meta"),
    [
        ({"id": 1}, {}),
        ({"id": 1, "params": None}, {}),
        ({"id": 1, "params": {}}, {}),
        ({"id": 1, "params": {"_meta": None}}, {}),
        ({"id": 1, "params": {"_meta": {"progressToken": 3}}}, {"progressToken": 3}),
        ({"id": 1, "params": {"_meta": {"traceparent": "old", "tracestate": "old=1"}}}, {}),
    ],
)
def test_the_context_replaces_what_was_there(
    message: dict[str, object], meta: dict[str, object]
) -> None:
    sent = json.loads(with_context(json.dumps(message).encode(), TRACE, "a=b"))
    assert sent["params"]["_meta"] == {**meta, "traceparent": TRACE, "tracestate": "a=b"}
    assert sent["id"] == 1


def test_an_old_state_does_not_survive_a_context_without_one() -> None:
    sent = json.loads(with_context(b'{"params":{"_meta":{"tracestate":"x=1"}}}', TRACE, ""))
    assert sent["params"]["_meta"] == {"traceparent": TRACE}


@pytest.mark.parametrize("data", [b'{"params":[1]}', b'{"params":{"_meta":5}}', b"[]", b"x"])
def test_a_message_without_a_place_for_it_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        with_context(data, TRACE, "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=4), children, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=4), JSON), st.dictionaries(st.text(max_size=4), JSON))
def test_everything_else_is_as_it_was(fields: dict[str, object], params: dict[str, object]) -> None:
    message = {**fields, "params": {**params, "_meta": {"k": 1}}}
    sent = json.loads(with_context(json.dumps(message).encode(), TRACE, ""))
    assert sent["params"].pop("_meta") == {"k": 1, "traceparent": TRACE}
    message["params"] = {k: v for k, v in params.items() if k != "_meta"}
    assert sent == message
