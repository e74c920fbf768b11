"""PromQL taken apart with promql-parser: what a query selects, and by which labels."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import promql_parser as promql

from dashboards.promql.scope import quoted
from dashboards.queries import concrete


def parse(expr: str) -> promql.Expr:
    """The expression's tree, Grafana's variables replaced.

    promql-parser 0.12 reads escapes in raw strings, which Prometheus does not: they are quoted.
    """
    written = re.sub("`([^`]*)`", lambda raw: quoted(raw[1]), concrete(expr, window="5m"))
    return promql.parse(written)


_WRAPPERS = (promql.AggregateExpr, promql.ParenExpr, promql.SubqueryExpr, promql.UnaryExpr)


def children(node: promql.Expr) -> Iterator[promql.Expr]:
    """The direct parts of a node; a matrix selector counts as its vector selector."""
    if isinstance(node, promql.BinaryExpr):
        yield from (node.lhs, node.rhs)
    elif isinstance(node, promql.Call):
        yield from node.args
    elif isinstance(node, promql.MatrixSelector):
        yield node.vector_selector
    elif isinstance(node, _WRAPPERS):
        yield node.expr


def walk(
    node: promql.Expr, above: tuple[promql.Expr, ...] = ()
) -> Iterator[tuple[promql.Expr, tuple[promql.Expr, ...]]]:
    """Every node with the nodes above it, the nearest last."""
    yield node, above
    for child in children(node):
        yield from walk(child, (*above, node))


@dataclass(frozen=True, slots=True)
class Selected:
    """One selector: a name, or the pattern for one, and the labels that it matches on."""

    name: str
    pattern: bool
    labels: frozenset[str]


def selected(node: promql.VectorSelector) -> Selected:
    """What a vector selector selects."""
    matchers = {each.name: each for each in node.matchers.matchers}
    named = matchers.pop("__name__", None)
    name = node.name or (named.value if named else "")
    return Selected(name, node.name is None, frozenset(matchers))


def selectors(expr: str) -> tuple[Selected, ...]:
    """Every selector of an expression."""
    nodes = (node for node, _ in walk(parse(expr)))
    return tuple(selected(node) for node in nodes if isinstance(node, promql.VectorSelector))


def groupings(expr: str) -> Iterator[tuple[frozenset[str], tuple[Selected, ...]]]:
    """Each aggregation's `by` labels, with the selectors under it.

    An aggregation of label_replace is left out: the label may be made by it.
    """
    for node, _ in walk(parse(expr)):
        if isinstance(node, promql.AggregateExpr) and node.modifier and not _relabels(node.expr):
            under = (each for each, _ in walk(node.expr))
            found = (each for each in under if isinstance(each, promql.VectorSelector))
            yield frozenset(node.modifier.labels), tuple(selected(each) for each in found)


def _relabels(node: promql.Expr) -> bool:
    return isinstance(node, promql.Call) and node.func.name == "label_replace"
