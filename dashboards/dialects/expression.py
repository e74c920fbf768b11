"""PromQL of the series contract -> PromQL of a dialect, or nothing where the dialect lacks series.

The translation follows the grammar's tree. A part that asks for a series or label which does not
exist has none; `or` then keeps its other side, `unless` its left one, and whatever else needs the
part goes with it; so does a constant, such as that of `or vector(0)`, that is left alone.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import promql_parser as grammar

from dashboards import promql
from dashboards.dialects.dialect import Dialect, Spelling
from dashboards.promql import Match
from dashboards.series import CHOSEN, CHOSEN_TARGETS

Labels = Mapping[str, str]
"""Labels of the contract -> labels here, of those that a part's series carry."""


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


def translated(expr: str, dialect: Dialect) -> Part | None:
    """The expression in the dialect; None where it has no answer there."""
    part = _Translator(dialect).part(_tree(expr))
    return part if part and part.told else None


@cache
def _tree(expr: str) -> grammar.Expr:
    for variable, length in _STAND_INS.items():
        for before in "[:":
            expr = expr.replace(f"{before}{variable}", f"{before}{int(length.total_seconds())}s")
    return grammar.parse(expr)


def _duration(length: timedelta) -> str:
    return _VARIABLES.get(length) or str(grammar.display_duration(length))


def _offset(node: Any) -> str:
    return f" offset {_duration(node.offset)}" if node.offset else ""


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class _Translator:
    dialect: Dialect

    def part(self, node: grammar.Expr) -> Part | None:
        return _WRITERS[type(node)](self, node)

    def number(self, node: Any) -> Part:
        return Part(f"{node.val:.12g}", {}, told=False)

    def string(self, node: Any) -> Part:
        return Part(_quoted(node.val), {}, told=False)

    def paren(self, node: Any) -> Part | None:
        inner = self.part(node.expr)
        return inner and _like(inner, f"({inner.text})")

    def unary(self, node: Any) -> Part | None:
        inner = self.part(node.expr)
        return inner and _like(inner, f"-{inner.text}")

    def selector(self, node: Any, window: str = "") -> tuple[Part, Spelling] | None:
        """The selector with its window, and the spelling of the series that it selects."""
        matches = [_match(each) for each in node.matchers.matchers]
        found = self._found(node.name, matches)
        if found is None:
            return None
        name, spelling = found
        inside = self._matches(spelling, matches)
        if inside is None:
            return None
        labels = dict(spelling.labels)
        if spelling.server:
            labels["server"] = "server"
        text = f"{promql.selector(name, *inside, *spelling.where)}{window}{_offset(node)}"
        return Part(text, labels), spelling

    def instant(self, node: Any) -> Part | None:
        selected = self.selector(node)
        return selected and _with_server(*selected)

    def _found(self, name: str | None, matches: list[Match]) -> tuple[str, Spelling] | None:
        """The name to select by, and how what has it is spelled; a pattern's name is a match."""
        if name is not None:
            spelling = self.dialect.spelling(name)
            return (spelling.name, spelling) if spelling else None
        pattern = next(each for each in matches if each.label == "__name__")
        matches.remove(pattern)
        names = [pattern.value, *pattern.value.split("|")]
        spellings = {each: self.dialect.spelling(each) for each in names}
        found = [each for each in spellings.values() if each]
        if not found:
            return None
        if found[0].pattern or len(found) > 1:
            spelled = "|".join(dict.fromkeys(each.name for each in found))
            matches.insert(0, promql.like("__name__", spelled))
            common = set.intersection(*(set(each.labels) for each in found)) | {"__name__"}
            labels = {each: found[0].labels.get(each, each) for each in common}
            return "", Spelling(spelled, labels)
        return found[0].name, found[0]

    def _matches(self, spelling: Spelling, matches: list[Match]) -> list[Match] | None:
        """The matches in the spelling's labels; None if one is on a label that is missing."""
        if CHOSEN_TARGETS.matches[0] in matches and spelling.server:
            place = matches.index(CHOSEN_TARGETS.matches[0])
            matches[place : place + 1] = CHOSEN.matches
        inside = []
        for each in matches:
            if spelling.server and each == _SERVED:
                continue
            match = self._matched(spelling, each)
            if match is None:
                return None
            inside.append(match)
        return inside

    def _matched(self, spelling: Spelling, match: Match) -> Match | None:
        if match.label == "server" and spelling.server:
            within = spelling.server
            return Match(within.label, match.operator, within.matching(match.value))
        label = spelling.labels.get(match.label)
        # The board's variable holds values of the dialect's label: no other emitter knows them.
        if label is None or ("$namespace" in match.value and label != self.dialect.namespace):
            return None
        return Match(label, match.operator, self.dialect.value(match.label, match.value))

    def subquery(self, node: Any) -> Part | None:
        inner = self.part(node.expr)
        if inner is None:
            return None
        step = _duration(node.step) if node.step else ""
        return _like(inner, f"{inner.text}[{_duration(node.range)}:{step}]{_offset(node)}")

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
        window = f"[{_duration(matrix.range)}]"
        selected = self.selector(matrix.vector_selector, window)
        if selected is None:
            return None
        part, spelling = selected
        before = "".join(f"{self.number(each).text}, " for each in numbers)
        return _with_server(_like(part, f"{node.func.name}({before}{part.text})"), spelling)

    def _label_replace(self, args: list[Any]) -> Part | None:
        inner = self.part(args[0])
        made, value, source, pattern = (each.val for each in args[1:])
        if inner is None or (source and source not in inner.labels):
            return None
        given = (made, value, inner.labels.get(source, source), pattern)
        text = f"label_replace({', '.join((inner.text, *map(_quoted, given)))})"
        return Part(text, {**inner.labels, made: made}, inner.told)

    def aggregate(self, node: Any) -> Part | None:
        inner = self.part(node.expr)
        by = tuple(node.modifier.labels) if node.modifier else ()
        if inner is None or not set(by) <= set(inner.labels):
            return None
        labels = {each: inner.labels[each] for each in by}
        operator = str(node.op)
        if operator == "topk":
            return _like(inner, f"topk({node.param.val:.12g}, {inner.text})")
        text = promql.aggregate(operator, inner.text, tuple(labels.values()))
        return Part(text, labels, inner.told)

    def binary(self, node: Any) -> Part | None:
        left, right = self.part(node.lhs), self.part(node.rhs)
        operator = str(node.op)
        if left is None or right is None:
            return _one_sided(operator, left, right)
        if isinstance(left, _Everywhere) or isinstance(right, _Everywhere):
            return right if isinstance(left, _Everywhere) else left
        return _joined(node, operator, left, right)


_SERVED = promql.ne("server", "")


def _match(found: Any) -> Match:
    return Match(found.name, _OPERATORS[str(found.op)], found.value)


_OPERATORS = {
    "MatchOp.Equal": "=",
    "MatchOp.NotEqual": "!=",
    "MatchOp.Re": "=~",
    "MatchOp.NotRe": "!~",
}


def _like(part: Part, text: str) -> Part:
    return Part(text, part.labels, part.told)


def _with_server(part: Part, spelling: Spelling) -> Part:
    """The part with the label `server`, made of the label that holds the server's name."""
    within = spelling.server
    if within is None:
        return part
    given = ", ".join(map(_quoted, ("server", "$1", within.label, within.captured)))
    return _like(part, f"label_replace({part.text}, {given})")


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
