"""Label matchers are written as PromQL, whatever the value."""

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.promql.scope import Match, eq, like, ne, unlike


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
    ],
)
def test_a_matcher_is_written_with_its_operator(match: Match, text: str) -> None:
    assert str(match) == text
