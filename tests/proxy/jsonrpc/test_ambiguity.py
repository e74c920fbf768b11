"""Messages that two parsers may read in two ways are rejected."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.frontend.body_reader import InvalidBody, read
from tests.proxy.frontend.test_body_reader import DEPTH, LONG_TEXT, walk


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":1,"method":"tools/call","params":{"name":"a","Name":"b"}}',
        b'{"id":1,"method":"tools/call","params":{"name":"b","name":"a"}}',
        b'{"id":1,"method":"tools/call","params":{"NAME":"b"}}',
        rb'{"id":1,"method":"tools/call","params":{"name":"a","\u006eame":"b"}}',
        rb'{"id":1,"method":"tools/call","params":{"\u006eame":"b"}}',
        b'{"id":1,"method":"tools/call","params":{"name":"b"},"params":{"name":"a"}}',
        b'{"id":1,"method":"tools/call","params":{},"Params":{"name":"b"}}',
        '{"id":1,"method":"tools/call","params":{},"param\u017f":{"name":"b"}}'.encode(),
        b'{"id":1,"method":"resources/read","params":{"uri":"a"},"Params":{"uri":"b"}}',
        b'{"id":1,"method":"resources/read","params":{"uri":"a","URI":"b"}}',
        b'{"id":1,"method":"tools/call","params":{"name":"a"},"Params":{}}',
        b'{"id":1,"method":"tools/call","method":"ping","params":{"name":"b"}}',
        b'{"id":1,"method":"ping","Method":"tools/call","params":{"name":"b"}}',
        b'{"Id":1,"method":"tools/call","params":{"name":"b"}}',
        b'{"id":1,"id":2,"method":"ping"}',
        b'{"id":1,"id":null,"method":"ping"}',
        b'{"id":null,"method":"tools/call","params":{"name":"b"}}',
        b'{"id":1,"METHOD":"tools/call","params":{"name":"b"}}',
        b'{"method":"notifications/cancelled","params":{"requestId":1,"requestId":2}}',
        b'{"id":1,"result":{},"result":{"x":1}}',
        b'[{"method":"ping","id":1},{"id":2,"method":"ping","method":"x"}]',
        b'\xef\xbb\xbf{"id":1,"method":"ping","method":"x"}',
    ],
)
@pytest.mark.parametrize("long", [False, True])
def test_what_two_parsers_may_read_in_two_ways_is_refused(body: bytes, long: bool) -> None:
    if long:
        body = body.replace(b"{", b'{"more":"%b",' % LONG_TEXT.encode(), 1)
    with pytest.raises(InvalidBody) as refused:
        walk(body) if long else read(body, DEPTH)
    assert refused.value.code == -32600


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":1,"method":"tools/call","params":{"name":"a","arguments":{"id":1,"Id":2,"id":3}}}',
        b'{"id":1,"method":"tools/call","params":{"name":"a","arguments":{"name":"b","Name":0}}}',
        rb'{"id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":"\u0041"}}}',
        b'{"id":"id","method":"method","params":{"name":"name"}}',
        b'{"id":1,"method":"initialize","params":{"clientInfo":{"name":"c"}}}',
        b'{"id":1,"method":"tools/call","params":{"name":"caf\xc3\xa9","x":"\xe2\x84\xaa"}}',
        b'{"id":1,"result":{"id":1,"method":"m","result":{},"result":{}}}',
        b'{"id":1,"method":"ping","params":[{"name":1},{"name":2}]}',
        b'{"id":null,"method":"notifications/initialized"}',
        b'{"method":"notifications/initialized"}',
        b'{"id":1,"method":"ping","name":"x","uri":"y"}',
    ],
)
def test_what_is_in_arguments_is_the_tools_business(body: bytes) -> None:
    assert read(body, DEPTH) == walk(body)


VALUES = st.recursive(
    st.none() | st.integers() | st.text(st.sampled_from('id"\\é{[N')),
    lambda each: st.lists(each) | st.dictionaries(st.sampled_from(["id", "Name", "x"]), each),
    max_leaves=8,
)


@given(VALUES, st.booleans())
def test_a_message_of_usual_members_is_passed_on(arguments: Any, ascii_only: bool) -> None:
    params = {"name": "t", "arguments": arguments}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    body = json.dumps(message, ensure_ascii=ascii_only).encode()
    assert read(body, 100)[0].params.name == "t"  # type: ignore[union-attr]
