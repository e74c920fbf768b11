"""PromQL of the series contract -> PromQL of a dialect, or nothing where the dialect lacks series.

The translation follows the grammar's tree. A part that asks for a series or label which does not
exist has none; `or` then keeps its other side, `unless` its left one, and whatever else needs the
part goes with it; so does a constant, such as that of `or vector(0)`, that is left alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import promql_parser as grammar

from dashboards import promql
from dashboards.variants.label_schema import LabelSchema
from dashboards.variants.selector import Labels, quoted, selected


@dataclass(frozen=True, slots=True)
class Part:
    """A translated expression. `told` says whether it reads a series; a constant does not."""

    text: str
    labels: Labels
    told: bool = True


class _Everywhere(Part):
    """Always true: `absent` of what cannot be."""


_ALWAYS = _Everywhere("", {}, told=False)

# Grafana's variables stand where the grammar wants durations: these take their place meanwhile.
_STAND_INS = {
    "$__rate_interval": timedelta(seconds=100_003),
    "$__interval": timedelta(seconds=100_019),
    "$__range": timedelta(seconds=100_043),
}
_VARIABLES = {length: variable for variable, length in _STAND_INS.items()}


def translated(expr: str, dialect: LabelSchema) -> Part | None:
    """The expression in the dialect; None where it has no answer there."""
    part = _Translator(dialect).part(_tree(expr))
    return part if part and part.told else None


@cache
def _tree(expr: str) -> grammar.Expr:
    for variable, length in _STAND_INS.items():
        for before in ("[", ":", "offset "):
            expr = expr.replace(f"{before}{variable}", f"{before}{int(length.total_seconds())}s")
    return grammar.parse(expr)


def _duration(length: timedelta) -> str:
    return _VARIABLES.get(length) or str(grammar.display_duration(length))


def _moment(node: Any) -> str:
    """When a selector looks, if not at the moment of evaluation."""
    at = f" {node.at}" if node.at else ""
    return f"{at} offset {_duration(node.offset)}" if node.offset else at


@dataclass(frozen=True, slots=True)
class _Translator:
    dialect: LabelSchema

    def part(self, node: grammar.Expr) -> Part | None:
        return _WRITERS[type(node)](self, node)

    def number(self, node: Any) -> Part:
        return Part(f"{node.val:.12g}", {}, told=False)

    def string(self, node: Any) -> Part:
        return Part(quoted(node.val), {}, told=False)

    def paren(self, node: Any) -> Part | None:
        inner = self.part(node.expr)
        return inner and _like(inner, f"({inner.text})")

    def unary(self, node: Any) -> Part | None:
        inner = self.part(node.expr)
        return inner and _like(inner, f"-{inner.text}")

    def instant(self, node: Any) -> Part | None:
        chosen = selected(node, self.dialect)
        if chosen is None:
            return None
        return Part(chosen.served(f"{chosen.text}{_moment(node)}"), chosen.labels)

    def subquery(self, node: Any) -> Part | None:
        inner = self.part(node.expr)
        if inner is None:
            return None
        step = _duration(node.step) if node.step else ""
        return _like(inner, f"{inner.text}[{_duration(node.range)}:{step}]{_moment(node)}")

    def call(self, node: Any) -> Part | None:
        name, args = node.func.name, node.args
        if name == "absent":
            inner = self.part(args[0])
            return Part(f"absent({inner.text})", {}) if inner else _ALWAYS
        if name == "label_replace":
            return self._label_replace(args)
        if args and isinstance(args[-1], grammar.MatrixSelector):
            return self._over_time(node)
        parts = [self.part(each) for each in args]
        if any(each is None for each in parts):
            return None
        known = [each for each in parts if each]
        told = [each for each in known if each.told]
        labels = {label: here for each in told for label, here in each.labels.items()}
        if name == "histogram_quantile":
            labels.pop("le", None)
        text = f"{name}({', '.join(each.text for each in known)})"
        return Part(text, labels, told=bool(told))

    def _over_time(self, node: Any) -> Part | None:
        *numbers, matrix = node.args
        vector = matrix.vector_selector
        chosen = selected(vector, self.dialect)
        if chosen is None:
            return None
        before = "".join(f"{self.number(each).text}, " for each in numbers)
        series = f"{chosen.text}[{_duration(matrix.range)}]{_moment(vector)}"
        return Part(chosen.served(f"{node.func.name}({before}{series})"), chosen.labels)

    def _label_replace(self, args: list[Any]) -> Part | None:
        inner = self.part(args[0])
        made, value, source, pattern = (each.val for each in args[1:])
        if inner is None or (source and source not in inner.labels):
            return None
        given = (made, value, inner.labels.get(source, source), pattern)
        text = f"label_replace({', '.join((inner.text, *map(quoted, given)))})"
        return Part(text, {**inner.labels, made: made}, inner.told)

    def aggregate(self, node: Any) -> Part | None:
        inner = self.part(node.expr)
        by = tuple(node.modifier.labels) if node.modifier else ()
        if inner is None or not set(by) <= set(inner.labels):
            return None
        labels = {each: inner.labels[each] for each in by}
        operator = str(node.op)
        grouped = tuple(labels.values())
        if operator == "topk":
            best = f"{node.param.val:.12g}, {inner.text}"
            return _like(inner, promql.aggregate(operator, best, grouped))
        text = promql.aggregate(operator, inner.text, grouped)
        return Part(text, labels, inner.told)

    def binary(self, node: Any) -> Part | None:
        left, right = self.part(node.lhs), self.part(node.rhs)
        operator = str(node.op)
        if left is None or right is None:
            return _one_sided(operator, left, right)
        if isinstance(left, _Everywhere) or isinstance(right, _Everywhere):
            return right if isinstance(left, _Everywhere) else left
        return _joined(node, operator, left, right)


def _like(part: Part, text: str) -> Part:
    return Part(text, part.labels, part.told)


def _one_sided(operator: str, left: Part | None, right: Part | None) -> Part | None:
    """What is left of an operation one of whose sides cannot be asked."""
    if operator == "or":
        kept = left or right
        # 0 for what cannot be told is no answer.
        return None if kept is None or _fills(kept) else kept
    return left if operator == "unless" else None


def _fills(part: Part) -> bool:
    return not part.told or part.text.startswith("0 * ")


def _joined(node: Any, operator: str, left: Part, right: Part) -> Part | None:
    modifier = node.modifier
    matching = modifier.matching if modifier else None
    by = tuple(matching.labels) if matching else tuple(set(left.labels) & set(right.labels))
    if left.told and right.told:
        lacking = set(by) - (set(left.labels) & set(right.labels))
        if lacking or any(left.labels[each] != right.labels[each] for each in by):
            return None
    words = [operator]
    if modifier and modifier.return_bool:
        words.append("bool")
    if matching:
        words.append(f"on ({', '.join(left.labels.get(each, each) for each in by)})")
    if modifier and modifier.card == grammar.VectorMatchCardinality.ManyToOne:
        words.append(f"group_left ({', '.join(modifier.group_labels)})")
    text = " ".join((left.text, *words, right.text))
    return Part(text, _carried(operator, modifier, left, right), left.told or right.told)


def _carried(operator: str, modifier: Any, left: Part, right: Part) -> Labels:
    """The labels of an operation's result."""
    many = modifier and modifier.card == grammar.VectorMatchCardinality.ManyToOne
    if operator in ("and", "unless") or many:
        return left.labels
    if operator == "or" or not (left.told and right.told):
        return {**right.labels, **left.labels}
    common = modifier.matching.labels if modifier and modifier.matching else right.labels
    return {each: here for each, here in left.labels.items() if each in common}


_WRITERS: dict[type[Any], Callable[[_Translator, Any], Part | None]] = {
    grammar.NumberLiteral: _Translator.number,
    grammar.StringLiteral: _Translator.string,
    grammar.ParenExpr: _Translator.paren,
    grammar.UnaryExpr: _Translator.unary,
    grammar.VectorSelector: _Translator.instant,
    grammar.SubqueryExpr: _Translator.subquery,
    grammar.Call: _Translator.call,
    grammar.AggregateExpr: _Translator.aggregate,
    grammar.BinaryExpr: _Translator.binary,
}
