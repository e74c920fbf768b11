"""Expressions in common use, composed of functions and operators."""

from dashboards.promql.expression import Aggregation, Call, Expr, Number, Paren, Replace, Subquery
from dashboards.promql.series import Selector

TOP = 10
"""How many lines or bars a panel of the highest values shows: as many as can be distinguished."""


def aggregate(operator: str, vector: Expr, by: tuple[str, ...] = ()) -> Expr:
    """`operator` (sum, max, count ...) over the vector, one result for each value of `by`."""
    return Aggregation(operator, vector, by)


def top(vector: Expr) -> Expr:
    """The TOP highest values."""
    return Aggregation("topk", vector, top=TOP)


def ratio(part: Expr, total: Expr) -> Expr:
    """`part` of `total`, both aggregations; absent, never NaN, where the total is 0."""
    return part / (total > 0)


def or_zero(vector: Expr, reference: Expr) -> Expr:
    """`vector`, and 0 for those members of `reference` that it lacks; both are aggregations."""
    return Paren(vector | 0 * reference)


def zero_if_none(vector: Expr) -> Expr:
    """`vector`, which is one value without labels, or 0."""
    return vector | Call("vector", (Number(0),))


def over_time(operator: str, vector: Expr, window: str) -> Expr:
    """`operator` (last, max ...) over an expression's values in the window, series by series."""
    return Subquery(f"{operator}_over_time", Paren(vector), window)


def timestamp(selector: Selector) -> Expr:
    """When each sample was taken, in seconds since the epoch."""
    return Call("timestamp", (selector,))


def seconds_since(moment: Expr) -> Expr:
    """Seconds since each of the moments, which are timestamps."""
    return Call("time") - moment


def with_exemplars(vector: Expr, selector: Selector) -> Expr:
    """`vector`, and for Grafana also the exemplars of the series that `selector` selects.

    Grafana fetches the exemplars of every series that a query names. The second operand names
    them: it is never true, and evaluated for one moment only.
    """
    named = Aggregation("group", Selector(selector.series, selector.matches, at="end()"))
    return vector | (named < 0)


def rename_label(vector: Expr, label: str, new: str, keep: tuple[str, ...] = ()) -> Expr:
    """`vector` with `label` called `new`, and of the other labels those to keep."""
    return Aggregation("sum", Replace(vector, new, "$1", label, "(.*)"), (*keep, new))
