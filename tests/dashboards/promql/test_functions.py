"""Functions and operators write PromQL that parses to what they promise."""

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.promql.expression import Expr
from dashboards.promql.functions import (
    aggregate,
    or_zero,
    over_time,
    ratio,
    rename_label,
    top,
    with_exemplars,
    zero_if_none,
)
from dashboards.promql.schema import Source
from dashboards.promql.scope import EVERYTHING, RULE, Match, eq, like, ne, unlike
from dashboards.promql.series import Series

A = Series("a", frozenset({"job", "pod", "le"}), Source.PROXY)
B = Series("b", frozenset({"job", "pod"}), Source.PROXY)
SUM_A, SUM_B = A.now(RULE), B.now(RULE)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n\0")))
def test_any_label_value_survives_being_written(value: str) -> None:
    written = promql_parser.parse(str(A.select(EVERYTHING, eq("job", value))))

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


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (aggregate("max", A.select(RULE), ("job", "pod")), "max by (job, pod) (a)"),
        (top(A.select(RULE)), "topk(10, a)"),
        (ratio(SUM_A, SUM_B), "sum(a) / (sum(b) > 0)"),
        (or_zero(SUM_A, SUM_B) > 0, "(sum(a) or 0 * sum(b)) > 0"),
        (zero_if_none(SUM_A), "sum(a) or vector(0)"),
        (over_time("max", SUM_A, "1h:5m"), "max_over_time((sum(a))[1h:5m])"),
        (
            with_exemplars(SUM_A, B.select(RULE, eq("pod", "x"))),
            'sum(a) or group(b{pod="x"} @ end()) < 0',
        ),
        (A.quantile(0.95, RULE), "histogram_quantile(0.95, sum by (le) (rate(a[5m]))) >= 0"),
        (
            rename_label(A.select(RULE), "pod", "name"),
            'sum by (name) (label_replace(a, "name", "$1", "pod", "(.*)"))',
        ),
    ],
)
def test_a_function_is_written_as_promql(expr: Expr, text: str) -> None:
    assert str(expr) == text


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        ((SUM_A + SUM_B) * 2, "(sum(a) + sum(b)) * 2"),
        (SUM_A + SUM_B * 2, "sum(a) + sum(b) * 2"),
        (SUM_A - (SUM_B - 1), "sum(a) - (sum(b) - 1)"),
        (1 - SUM_A / SUM_B, "1 - sum(a) / sum(b)"),
        (SUM_A / (SUM_B > 0) >= 0.5, "sum(a) / (sum(b) > 0) >= 0.5"),
        ((SUM_A > 1) & (SUM_B < 2), "sum(a) > 1 and sum(b) < 2"),
        ((SUM_A | SUM_B) & SUM_A.equals(1), "(sum(a) or sum(b)) and sum(a) == 1"),
        ((SUM_A & SUM_B).unless(SUM_A & SUM_B), "sum(a) and sum(b) unless (sum(a) and sum(b))"),
        (SUM_A.and_on((), SUM_B), "sum(a) and on () sum(b)"),
        (SUM_A > 512 * 2**20, "sum(a) > 536870912"),
    ],
)
def test_an_operand_that_binds_less_is_in_parentheses(expr: Expr, text: str) -> None:
    assert str(expr) == text
    promql_parser.parse(text)
