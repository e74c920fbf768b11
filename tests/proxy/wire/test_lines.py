"""One message per line, wherever the pipe cuts the bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import MessageTooLarge
from proxy.wire.lines import LineReader, encode

LINES = st.lists(st.binary(max_size=30).map(lambda each: each.replace(b"\n", b"").strip(b"\r")))


@given(lines=LINES, cuts=st.lists(st.integers(0, 200), max_size=8))
def test_where_the_bytes_are_cut_makes_no_difference(lines: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    reader = LineReader(limit=100)
    found = [
        line for a, b in zip(edges, edges[1:], strict=False) for line in reader.feed(stream[a:b])
    ]
    assert found == lines
    assert reader.finish() == b""


def test_a_carriage_return_before_the_end_is_dropped() -> None:
    assert LineReader(limit=10).feed(b"a\r\nb\n") == [b"a", b"b"]


def test_what_follows_the_last_end_is_kept_for_the_finish() -> None:
    reader = LineReader(limit=10)
    assert reader.feed(b"a\nb") == [b"a"]
    assert reader.finish() == b"b"


def test_an_unfinished_line_is_held_only_up_to_the_limit() -> None:
    reader = LineReader(limit=10)
    assert reader.feed(b"x" * 10) == []
    with pytest.raises(MessageTooLarge):
        reader.feed(b"y")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=10,
)


@given(JSON, st.sampled_from([None, 1, "\r\n\t"]))
def test_a_message_becomes_one_line_of_the_same_meaning(value: object, indent: int | str) -> None:
    line = encode(json.dumps(value, indent=indent).encode())
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert json.loads(line) == value
