"""Operators and functions write PromQL that parses to what they promise."""

import promql_parser
import pytest

from dashboards.promql.expression import Expr
from tests.dashboards.promql.test_functions import SUM_A, SUM_B


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
