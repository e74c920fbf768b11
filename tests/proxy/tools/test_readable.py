"""Texts of peers in the log: short, printable, and where they differ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.tools.readable import LONGEST, difference, readable

TEXTS = st.text(st.characters(codec=None))


@given(TEXTS, st.integers(1, 50))
def test_what_is_shown_is_short_and_printable(text: str, limit: int) -> None:
    shown = readable(text, limit)
    assert shown.isprintable()
    assert len(shown) <= limit


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é", "plain é"),
        ("a\nb\tc\x00", "a\\nb\\tc\\x00"),
        ("\u202eevil\u2028", "\\u202eevil\\u2028"),
        ("\ud800", "\\ud800"),
    ],
)
def test_control_characters_are_shown_as_escapes(text: str, shown: str) -> None:
    assert readable(text) == shown


@given(TEXTS, TEXTS)
def test_equal_texts_are_the_only_ones_without_a_difference(one: str, other: str) -> None:
    before, after = difference(one, other)
    assert (one == other) >= (before == after == "")
    assert max(len(before), len(after)) <= LONGEST


def test_texts_are_shown_where_they_differ() -> None:
    common, rest = "This tool reads files and returns what they hold. ", " Use it with care. " * 9
    before, after = difference(f"{common}It never writes.{rest}", f"{common}It deletes them.{rest}")
    assert "never write" in before
    assert "deletes them" in after
    assert max(len(before), len(after)) < 70
    assert (before[0], before[-1]) == ("…", "…")
    assert difference("same", "same and more") == ("same", "same and more")
    assert difference("x" * 1000, "x" * 1001) == ("…" + "x" * 20, "…" + "x" * 21)
