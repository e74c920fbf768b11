"""What a server says, read once: ids, answers and batches have a shape from then on."""

import json
from typing import Any

import pytest

from proxy.errors import MalformedMessage
from proxy.translation.server_messages import read


def messages_of(text: bytes) -> list[Any]:
    """The messages, in Python's terms."""
    return [
        {name: json.loads(bytes(value)) for name, value in each.items()} for each, _ in read(text)
    ]


@pytest.mark.parametrize(
    "text",
    [
        b'{"id": 1, "result": {"x": []}}',
        b'{"id": "a", "error": {"code": 1.5}}',
        b'{"id": 1, "result": null}',
        b'{"method": "x", "params": [1]}',
        b'{"id": 1.5, "method": 7}',
    ],
)
def test_what_is_well_formed_is_left_as_it_is(text: bytes) -> None:
    assert messages_of(text) == [json.loads(text)]
    assert read(text)[0][1] == text


@pytest.mark.parametrize(
    "answer",
    [
        b'{"id": 1}',
        b'{"id": 1, "result": 5}',
        b'{"id": 1, "result": []}',
        b'{"id": 1, "error": null}',
        b'{"id": 1, "result": {"resultType": "input_required", "inputRequests": []}}',
    ],
)
def test_an_answer_without_a_result_that_can_be_read_becomes_an_error(answer: bytes) -> None:
    [message] = messages_of(answer)
    assert (message["id"], message["error"]["code"], "result" in message) == (1, -32603, False)


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (b'{"id": 1, "result": {"x": "caf\xe9"}}', {"x": "caf\N{REPLACEMENT CHARACTER}"}),
        (rb'{"id": 1, "result": {"x": "cut \ud83d"}}', {"x": "cut \N{REPLACEMENT CHARACTER}"}),
        (b'{"id": 1, "result": {"x": NaN}}', {"x": None}),
        (b'\xef\xbb\xbf{"id": 1, "result": {"x": 1}}', {"x": 1}),
    ],
)
def test_what_is_hardly_json_is_mended(answer: bytes, result: object) -> None:
    assert messages_of(answer) == [{"id": 1, "result": result}]
    assert read(answer)[0][1] == answer


def test_an_error_of_null_is_none_and_another_error_takes_the_place_of_a_result() -> None:
    assert messages_of(b'{"id": 1, "result": {}, "error": null}') == [{"id": 1, "result": {}}]
    assert messages_of(b'{"id": 1, "result": {}, "error": {}}') == [{"id": 1, "error": {}}]


@pytest.mark.parametrize("odd", [b"null", b"true", b"[]", b"{}", b"9" * 4301])
def test_an_id_is_a_text_or_a_number(odd: bytes) -> None:
    assert messages_of(b'{"id": %b, "method": "x"}' % odd) == [{"method": "x"}]


def test_a_batch_is_read_one_by_one() -> None:
    assert messages_of(b' [{"id": 1, "result": {}}, {"method": "x"}]') == [
        {"id": 1, "result": {}},
        {"method": "x"},
    ]


@pytest.mark.parametrize("noise", [b"5", b"null", b'{"level": "info"}'])
def test_a_batch_loses_what_is_no_message_and_nothing_else(noise: bytes) -> None:
    answer, other = b'{"id": 1, "result": {}}', b'{"method": "x"}'
    assert [part for _, part in read(b"[%b,%b,%b]" % (answer, noise, other))] == [answer, other]


@pytest.mark.parametrize(
    "noise",
    [b"", b"5", b"[]", b"[5]", b'[5,{"\xff": 1}]', b"{", b'{"\xff": 1}', b'{"level": "info"}'],
)
def test_what_is_no_message_is_refused(noise: bytes) -> None:
    with pytest.raises(MalformedMessage):
        read(noise)
