"""How deep a JSON text nests: as a parser would find, at the price of a few counts."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.jsonrpc.depth import PIECE, breaks_off, deeper_than

TEXT = st.text(st.sampled_from('[]{}"\\,: a\n\u00e9'), max_size=8)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | TEXT,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(TEXT, each, max_size=3),
    max_leaves=30,
)


def nests(value: Any) -> int:
    """The depth, found by walking."""
    if isinstance(value, dict):
        return 1 + max(map(nests, value.values()), default=0)
    return 1 + max(map(nests, value), default=0) if isinstance(value, list) else 0


@given(JSON, st.booleans(), st.sampled_from([None, 1]))
def test_it_finds_what_a_parser_finds(value: Any, ascii_only: bool, indent: int | None) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    depth = nests(value)
    assert not deeper_than(data, depth or 1)
    assert not depth or deeper_than(data, depth - 1)


@pytest.mark.parametrize("open_", [b"[", b'{"a":', b'[{"\\"]":'])
def test_the_limit_is_met_exactly(open_: bytes) -> None:
    close = open_[::-1].translate(bytes.maketrans(b"[{", b"]}"), b'"\\a:]}')
    levels = 128 // len(close)
    data = open_ * levels + b"1" + close * levels
    assert nests(json.loads(data)) == levels * len(close)
    assert not deeper_than(data, levels * len(close))
    assert deeper_than(data, levels * len(close) - 1)


def test_brackets_in_strings_do_not_nest() -> None:
    assert not deeper_than(json.dumps(["[" * 1000, '\\"[[' * 100]).encode(), 1)


def test_a_wide_text_is_not_a_deep_one() -> None:
    assert not deeper_than(b"[" + b"[]," * 1000 + b"[]]", 2)


@given(st.binary(max_size=60), st.integers(1, 5))
def test_any_bytes_are_judged_deep_or_not(data: bytes, limit: int) -> None:
    assert deeper_than(data, limit) in (True, False)


@pytest.mark.parametrize("text", [b"\\", b'"', b"[", b"a\\u005b", "é".encode()])
def test_a_long_text_is_walked_in_pieces(text: bytes) -> None:
    """Cuts may be within strings, and within escapes."""
    string = json.dumps((text * PIECE).decode()).encode()
    for shift in range(4):
        data = b" " * shift + b'[[%b,"[",%b],[[["]"]]]]' % (string, string)
        assert not deeper_than(data, 4)
        assert deeper_than(data, 3)


@given(JSON, st.data())
def test_a_text_that_breaks_off_is_distinguished_from_one_that_ends(
    value: Any, data: st.DataObject
) -> None:
    text = json.dumps([value, 1]).encode()
    assert not breaks_off(text)
    assert breaks_off(text[: data.draw(st.integers(1, len(text) - 1))])


def test_a_text_that_would_take_long_is_not_judged() -> None:
    assert not breaks_off(b"[" * 8 * PIECE)
    assert not breaks_off(b"")
