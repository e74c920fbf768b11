"""Columns are aligned by what is in them."""

from lab.text_table import aligned


def test_numbers_are_aligned_to_the_right_and_words_to_the_left() -> None:
    rows = [("tool", "calls", "state"), ("echo", "7", "ok"), ("a", "1234", "fails")]
    assert aligned(rows) == ["tool  calls  state", "echo      7  ok", "a      1234  fails"]


def test_no_rows_are_no_lines() -> None:
    assert aligned([]) == []
