"""The text functions write PromQL that parses to what they promise."""

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.promql import (
    aggregate,
    eq,
    like,
    ne,
    or_zero,
    quantile,
    rate,
    ratio,
    renamed,
    selector,
    unlike,
)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n\0")))
def test_any_label_value_survives_being_written(value: str) -> None:
    written = promql_parser.parse(selector("up", eq("job", value)))

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
def test_a_match_is_written_with_its_operator(match: object, text: str) -> None:
    assert str(match) == text


def test_an_aggregation_over_nothing_has_no_by_clause() -> None:
    assert aggregate("sum", "up") == "sum(up)"
    assert aggregate("max", "up", ("job", "pod")) == "max by (job, pod) (up)"


def test_a_comparison_binds_to_the_whole_of_or_zero() -> None:
    """`a or 0 * b > 0` would compare only the zeros."""
    compared = promql_parser.parse(f"{or_zero('sum(a)', 'sum(b)')} > 0")

    assert isinstance(compared, promql_parser.BinaryExpr)
    assert isinstance(compared.lhs, promql_parser.ParenExpr)


def test_a_ratio_divides_only_by_what_is_more_than_nothing() -> None:
    assert ratio("sum(a)", "sum(b)") == "sum(a) / (sum(b) > 0)"


def test_a_quantile_of_nothing_is_absent() -> None:
    buckets = aggregate("sum", rate("x_bucket", "5m"), ("le",))

    assert quantile(0.95, buckets) == (
        "histogram_quantile(0.95, sum by (le) (rate(x_bucket[5m]))) >= 0"
    )


def test_a_renamed_label_is_the_only_one_left() -> None:
    assert renamed("x", "gen_ai_tool_name", "tool") == (
        'sum by (tool) (label_replace(x, "tool", "$1", "gen_ai_tool_name", "(.*)"))'
    )
