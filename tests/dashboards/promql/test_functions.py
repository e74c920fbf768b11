"""Functions and operators write PromQL that parses to what they promise."""

import pytest

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
from dashboards.promql.scope import RULE, eq
from dashboards.promql.series import Series

A = Series("a", frozenset({"job", "pod", "le"}), Source.PROXY)
B = Series("b", frozenset({"job", "pod"}), Source.PROXY)
SUM_A, SUM_B = A.now(RULE), B.now(RULE)


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
