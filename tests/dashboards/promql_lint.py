"""What is wrong with a query of a board, beyond what promtool says."""

import re
from collections.abc import Iterator

import promql_parser as promql

from tests.dashboards.parsed_promql import parse, selected, walk

COUNTER_SUFFIXES = ("_total", "_count", "_sum", "_bucket")
WINDOWS = ("$__rate_interval", "$__range", "$__range:$__interval", "1h")
PRESENCE = {"group", "count"}
"""Aggregations for which it does not matter what a counter's value is."""


def findings(expr: str) -> Iterator[str]:
    """One line for each defect of an expression, Grafana's variables still in it."""
    # A maximum needs one sample, not the two of a rate.
    others = re.sub(r"max_over_time\([^\[\]]*\[\$__interval\]\)", "", expr)
    for window in re.findall(r"\[([^\]]+)\]", others):
        if window not in WINDOWS:
            yield f"fixed range [{window}]"
    for window in re.findall(r"\brate\(\w*(?:\{[^{}]*\})?\[([^\]]+)\]", expr):
        if window != "$__rate_interval":
            yield f"rate over [{window}]"
    for node, above in walk(parse(expr)):
        if isinstance(node, promql.VectorSelector) and not _counted_right(node, above):
            yield f"counter {selected(node).name} without rate or increase"
        if isinstance(node, promql.Call) and node.func.name == "histogram_quantile":
            yield from _quantile(node)


def _counted_right(node: promql.VectorSelector, above: tuple[promql.Expr, ...]) -> bool:
    name = selected(node).name.removesuffix("(_total)?")
    counter = name.endswith(COUNTER_SUFFIXES) or name != selected(node).name
    if not counter:
        return True
    near = above[-1] if above else None
    if isinstance(near, promql.AggregateExpr):
        return str(near.op) in PRESENCE
    return isinstance(near, promql.MatrixSelector) or (
        isinstance(near, promql.Call) and near.func.name == "timestamp"
    )


def _quantile(node: promql.Call) -> Iterator[str]:
    inner = node.args[1]
    by = inner.modifier if isinstance(inner, promql.AggregateExpr) else None
    if by is None or "le" not in by.labels:
        yield "quantile without sum by (le)"
