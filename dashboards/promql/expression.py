"""Expressions: trees of operators and functions over series, rendered for a label schema.

An expression that needs a series or a label which the schema lacks renders to None. `or` then keeps
its other operand and `unless` its left one; a constant that remains, such as that of
`or vector(0)`, is no answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from dashboards.promql.schema import CONTRACT, Labels, LabelSchema, Source, needed
from dashboards.promql.scope import CLUSTER, quoted

_PRECEDENCE: Final = {
    **{"or": 1, "and": 2, "unless": 2},
    **dict.fromkeys(("==", "!=", ">", "<", ">=", "<="), 3),
    **{"+": 4, "-": 4, "*": 5, "/": 5},
}
_OPERAND: Final = 6


class MissingSeries(ValueError):
    """An expression that cannot be rendered for the series contract."""


def number(value: float) -> str:
    """A number as PromQL has it, in at most 12 digits."""
    return f"{value:.12g}"


def _operator(symbol: str) -> Callable[["Expr", "Operand"], "Expr"]:
    return lambda self, other: Binary(symbol, self, _expr(other))


def _reflected(symbol: str) -> Callable[["Expr", float], "Expr"]:
    return lambda self, other: Binary(symbol, Number(other), self)


class Expr:
    """A PromQL expression. `str()` is its text for the series contract."""

    __slots__ = ()

    def render(self, schema: LabelSchema) -> "Rendered | None":
        """The expression in the schema; None where it has no answer there."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.in_contract().text

    @property
    def needs(self) -> Source:
        """What must run for the expression to have data."""
        return needed(self.in_contract().sources)

    def in_contract(self) -> "Rendered":
        """The expression for the series contract. Raises MissingSeries."""
        rendered = self.render(CONTRACT)
        if rendered is None:
            raise MissingSeries(f"the series contract lacks a series or label of {self!r}")
        return rendered

    __add__, __sub__ = _operator("+"), _operator("-")
    __mul__, __truediv__ = _operator("*"), _operator("/")
    __gt__, __ge__, __lt__, __le__ = map(_operator, (">", ">=", "<", "<="))
    __or__, __and__ = _operator("or"), _operator("and")
    equals = _operator("==")
    __rsub__, __rmul__ = _reflected("-"), _reflected("*")

    def and_on(self, on: tuple[str, ...], other: "Expr") -> "Expr":
        """PromQL's `and`, comparing the labels `on` only."""
        return Binary("and", self, other, on)

    def unless(self, other: "Expr", on: tuple[str, ...] | None = None) -> "Expr":
        """PromQL's `unless`; with `on` it compares these labels only."""
        return Binary("unless", self, other, on)


Operand = Expr | float


def _expr(operand: Operand) -> Expr:
    return operand if isinstance(operand, Expr) else Number(operand)


@dataclass(frozen=True, slots=True)
class Rendered(Expr):
    """An expression as text. A constant has no `sources`; `labels` are those of its series."""

    text: str
    labels: Labels
    sources: frozenset[Source]
    precedence: int = _OPERAND

    def render(self, schema: LabelSchema) -> "Rendered":
        """Itself, whatever the schema."""
        return self

    def wrapped(self, text: str) -> "Rendered":
        """Another text about the same series, binding as a single operand does."""
        return Rendered(text, self.labels, self.sources)

    def operand(self, precedence: int) -> str:
        """The text as an operand of an operator, in parentheses where it binds less."""
        return f"({self.text})" if self.precedence < precedence else self.text


def _constant(text: str) -> Rendered:
    return Rendered(text, {}, frozenset())


@dataclass(frozen=True, slots=True)
class Number(Expr):
    """A literal."""

    value: float

    def render(self, schema: LabelSchema) -> Rendered:
        return _constant(number(self.value))


@dataclass(frozen=True, slots=True)
class Paren(Expr):
    """Parentheses that are written even where precedence does not require them."""

    inner: Expr

    def render(self, schema: LabelSchema) -> Rendered | None:
        inner = self.inner.render(schema)
        return inner and inner.wrapped(f"({inner.text})")


@dataclass(frozen=True, slots=True)
class Call(Expr):
    """A function of instant vectors and numbers, which removes the labels `without`."""

    function: str
    arguments: tuple[Expr, ...] = ()
    without: tuple[str, ...] = ()

    def render(self, schema: LabelSchema) -> Rendered | None:
        parts = [each.render(schema) for each in self.arguments]
        known = [each for each in parts if each is not None]
        if len(known) < len(parts):
            return None
        labels = {k: v for each in known for k, v in each.labels.items() if k not in self.without}
        text = f"{self.function}({', '.join(each.text for each in known)})"
        return Rendered(text, labels, frozenset().union(*(each.sources for each in known)))


@dataclass(frozen=True, slots=True)
class Subquery(Expr):
    """A function of an expression's values over a window with a step, such as `1h:5m`."""

    function: str
    inner: Expr
    window: str

    def render(self, schema: LabelSchema) -> Rendered | None:
        inner = self.inner.render(schema)
        return inner and inner.wrapped(f"{self.function}({inner.text}[{self.window}])")


@dataclass(frozen=True, slots=True)
class Replace(Expr):
    """`label_replace`: the label `made` from what `pattern` captures of `label`."""

    vector: Expr
    made: str
    value: str
    label: str
    pattern: str

    def render(self, schema: LabelSchema) -> Rendered | None:
        inner = self.vector.render(schema)
        if inner is None or (self.label and self.label not in inner.labels):
            return None
        given = (self.made, self.value, inner.labels.get(self.label, ""), self.pattern)
        text = f"label_replace({', '.join((inner.text, *map(quoted, given)))})"
        return Rendered(text, {**inner.labels, self.made: self.made}, inner.sources)


@dataclass(frozen=True, slots=True)
class Aggregation(Expr):
    """An aggregation `by` labels; `top` is the parameter of topk, which keeps all labels."""

    operator: str
    vector: Expr
    by: tuple[str, ...] = ()
    top: int | None = None

    def render(self, schema: LabelSchema) -> Rendered | None:
        inner = self.vector.render(schema)
        if inner is None or not inner.labels.keys() >= set(self.by):
            return None
        labels = {each: inner.labels[each] for each in self._by(inner, schema)}
        by = f" by ({', '.join(labels.values())}) " if labels else ""
        top = "" if self.top is None else f"{self.top}, "
        text = f"{self.operator}{by}({top}{inner.text})"
        return Rendered(text, labels if self.top is None else inner.labels, inner.sources)

    def _by(self, inner: Rendered, schema: LabelSchema) -> tuple[str, ...]:
        """The labels, with that of the cluster where the schema keeps clusters apart."""
        if schema.cluster is None or CLUSTER not in inner.labels or (self.top and not self.by):
            return self.by
        return (CLUSTER, *self.by) if schema.cluster.separates(self.by) else self.by


@dataclass(frozen=True, slots=True)
class Binary(Expr):
    """An operation on two expressions, matched by the labels `on` or by all that both have."""

    operator: str
    left: Expr
    right: Expr
    on: tuple[str, ...] | None = None
    group_left: bool = False

    def render(self, schema: LabelSchema) -> Rendered | None:
        left, right = self.left.render(schema), self.right.render(schema)
        if left is None or right is None:
            return self._remaining(left, right)
        common = left.labels.keys() & right.labels.keys()
        on = self.on if self.on is None or CLUSTER not in common else (CLUSTER, *self.on)
        matched = common if on is None else set(on)
        if left.sources and right.sources:
            alike = {each for each in common if left.labels[each] == right.labels[each]}
            if not matched <= alike:
                return None
        precedence = _PRECEDENCE[self.operator]
        parts = (
            left.operand(precedence),
            self.operator,
            *self._modifiers(on, left.labels),
            right.operand(precedence + 1),
        )
        labels = self._labels(on, left, right)
        return Rendered(" ".join(parts), labels, left.sources | right.sources, precedence)

    def _modifiers(self, on: tuple[str, ...] | None, here: Labels) -> tuple[str, ...]:
        if on is None:
            return ()
        modifier = f"on ({', '.join(here.get(each, each) for each in on)})"
        return (modifier, "group_left ()") if self.group_left else (modifier,)

    def _labels(self, on: tuple[str, ...] | None, left: Rendered, right: Rendered) -> Labels:
        if self.operator in ("and", "unless") or self.group_left:
            return left.labels
        if self.operator == "or" or not (left.sources and right.sources):
            return {**right.labels, **left.labels}
        kept = right.labels if on is None else on
        return {each: here for each, here in left.labels.items() if each in kept}

    def _remaining(self, left: Rendered | None, right: Rendered | None) -> Rendered | None:
        """What remains of the operation when one of its operands cannot be rendered."""
        if self.operator == "unless":
            return left
        if self.operator != "or" or self._is_zero(self.right if left is None else self.left):
            return None
        kept = left or right
        return kept if kept and kept.sources else None

    @staticmethod
    def _is_zero(operand: Expr) -> bool:
        """Whether it only fills in 0 for what the other operand lacks."""
        return isinstance(operand, Binary) and operand.operator == "*" and operand.left == Number(0)
