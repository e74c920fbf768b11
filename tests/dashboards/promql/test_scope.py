"""Label matchers are written as PromQL, whatever the value."""

import re

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.promql.scope import Match, eq, exactly, like, ne, selected, unlike


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n\0")))
def test_any_label_value_survives_being_written(value: str) -> None:
    written = promql_parser.parse(f"a{{{eq('job', value)}}}")

    assert isinstance(written, promql_parser.VectorSelector)
    assert [each.value for each in written.matchers.matchers] == [value]


@pytest.mark.parametrize(
    ("match", "text"),
    [
        (eq("a", "x"), 'a="x"'),
        (ne("a", "x"), 'a!="x"'),
        (like("le", "1(\\.0)?"), 'le=~"1(\\\\.0)?"'),
        (unlike("a", "x|y"), 'a!~"x|y"'),
        (selected("a"), "a=~`${a:regex}`"),
    ],
)
def test_a_matcher_is_written_with_its_operator(match: Match, text: str) -> None:
    assert str(match) == text


@given(st.text())
def test_one_value_stays_within_a_raw_string_and_matches_itself_only(value: str) -> None:
    pattern = exactly(value)

    assert "`" not in pattern
    assert re.fullmatch(pattern, value)
    assert not re.fullmatch(pattern, f"{value}x")
