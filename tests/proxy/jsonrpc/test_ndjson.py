"""One message per line, wherever the pipe cuts the bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.jsonrpc.ndjson import LineReader, encode

LINES = st.lists(st.binary(max_size=30).map(lambda each: each.replace(b"\n", b"").strip(b"\r")))


@given(lines=LINES, cuts=st.lists(st.integers(0, 200), max_size=8))
def test_where_the_bytes_are_cut_makes_no_difference(lines: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    reader = LineReader(limit=100)
    found = [
        line for a, b in zip(edges, edges[1:], strict=False) for line in reader.feed(stream[a:b])
    ]
    assert found == [(line, 0) for line in lines]


def test_a_carriage_return_before_the_end_is_dropped() -> None:
    assert LineReader(limit=10).feed(b"a\r\nb\n") == [(b"a", 0), (b"b", 0)]


@pytest.mark.parametrize("cut", [1, 30_000, 100_000, 1_000_000])
def test_a_line_over_the_limit_is_abridged_and_the_next_is_whole(cut: int) -> None:
    long = json.dumps({"text": "x" * 200_000, "id": 7}).encode()
    stream = long + b"\r\n" + b"next\n"
    reader = LineReader(limit=100_000)
    pieces = [stream[start : start + cut] for start in range(0, len(stream), cut)]
    truncated, following = [line for piece in pieces for line in reader.feed(piece)]
    assert (following, truncated.length) == ((b"next", 0), len(long) + len(b"\r"))
    assert json.loads(truncated.data)["id"] == 7
    assert len(truncated.data) < 50_000


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
