"""What is hardly JSON becomes JSON, in bounded time, and other texts stay as they are."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.jsonrpc.repair import LONGEST, mended


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'["caf\xe9", "\xc3\xa9"]', ["caf\ufffd", "é"]),
        (b"[NaN, -Infinity,Infinity ]", [None, None, None]),
        (b'{"a":NaN}', {"a": None}),
        (rb'["\ud83d", "\ude00", "\uD83D\uDE00"]', ["\ufffd", "\ufffd", "😀"]),
        (rb'"\ud83d\ud83d\ude00\ude00"', "\ufffd😀\ufffd"),
        (rb'"\ud83d\\ud83d \\\ud83d"', "\ufffd\\ud83d \\\ufffd"),
    ],
)
def test_what_is_hardly_json_becomes_json(text: bytes, value: object) -> None:
    assert json.loads(mended(text)) == value


@pytest.mark.parametrize(
    "text", [b"", b"{", b"nonsense", b"NaN", b"[NaNs]", b"{'a': 1}", b'"\0"', b'"\0\\ud83d"']
)
def test_what_is_no_json_stays_as_it_is(text: bytes) -> None:
    assert mended(text) == text


def test_a_text_that_is_too_long_stays_as_it_is() -> None:
    text = b'["\\ud83d", "%b"]' % (b"a" * LONGEST)
    assert mended(text) is text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))), st.booleans())
def test_json_is_not_changed(texts: list[str], ascii_only: bool) -> None:
    text = json.dumps(texts, ensure_ascii=ascii_only).encode()
    assert mended(text) == text
