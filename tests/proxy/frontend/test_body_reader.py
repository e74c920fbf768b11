"""How much of a client's body is passed on."""

import json

import pytest

from proxy.frontend.body_reader import LONG, InvalidBody, Messages, read, read_in_steps
from proxy.jsonrpc.codec import MOST_MESSAGES

DEPTH = 20
LONG_TEXT = "x" * LONG


def walk(body: bytes) -> Messages:
    """The messages of a long body."""
    *_, messages = read_in_steps(body, DEPTH)
    return messages


@pytest.mark.parametrize(
    "batch",
    [
        b"[" + b",".join([b'{"id":1,"method":"ping"}'] * (MOST_MESSAGES + 1)) + b"]",
        b"[" + b",".join([b"{}"] * 200_000) + b"]",
    ],
)
def test_a_batch_has_so_many_messages_at_most(batch: bytes) -> None:
    with pytest.raises(InvalidBody, match=f"more than {MOST_MESSAGES} messages") as refused:
        read(batch, DEPTH)
    assert refused.value.code == -32600


def test_a_batch_of_values_is_refused_at_the_first() -> None:
    with pytest.raises(InvalidBody, match="not a JSON-RPC batch: Expected `object`, got `int`"):
        read(b"[" + b",".join([b"1"] * 1_000_000) + b"]", DEPTH)


def test_a_batch_may_hold_as_many_objects_as_it_likes_within_its_messages() -> None:
    rows = json.dumps([{"a": 1}] * 5000).encode()
    body = b'[{"id":1,"method":"m","params":{"rows":%b}},{"id":2,"method":"m"}]' % rows
    assert [each.id for each in read(body, DEPTH)] == [1, 2]


def test_a_long_body_is_refused_for_its_depth_as_a_short_one_is() -> None:
    nested = b"[" * DEPTH + b"]" * DEPTH
    body = b'{"id":7,"method":"m","params":{"text":"%b","x":%b}}' % (LONG_TEXT.encode(), nested)
    with pytest.raises(InvalidBody, match=f"nest more than {DEPTH} levels") as refused:
        walk(body)
    assert (refused.value.code, refused.value.id) == (-32600, 7)
