"""Boards of the series contract -> boards of a dialect, without what it cannot tell.

A table may lose columns; any other panel needs all of its queries, or shows its `fallback`. The
panels that remain of a row share its width. A board remains while half of its first row does, the
one that answers its question.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from dashboards.annotations import Annotation
from dashboards.board import Board, Variable
from dashboards.layout import COLUMNS, Item, Row
from dashboards.limits import Limit
from dashboards.links import Link
from dashboards.panels import PanelKind, StaticPanel
from dashboards.signal import Query, Signal
from dashboards.variants.expression import Part, translated
from dashboards.variants.label_schema import LabelSchema

_ALERT = re.compile(r"MCP[A-Z]\w+")
_ENTRY = re.compile(r"\(d/([a-z0-9-]+)\?")
_LEGEND = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True)
class VariantContext:
    """A dialect, with the alerts and boards that it has, by their names in the contract."""

    dialect: LabelSchema
    alerts: frozenset[str]
    boards: frozenset[str] = frozenset()


def boards(every: Iterable[Board], edition: VariantContext) -> tuple[Board, ...]:
    """The boards that the dialect can fill, linked to each other only."""
    original = tuple(every)
    kept = frozenset(each.uid for each in original if _stays(each, _board(each, edition)))
    complete = replace(edition, boards=kept)
    return tuple(_board(each, complete) for each in original if each.uid in kept)


def _stays(before: Board, after: Board) -> bool:
    answered = after.rows[0] if after.rows and after.rows[0].id == before.rows[0].id else None
    return answered is not None and 2 * len(answered.panels) >= len(before.rows[0].panels)


def _board(board: Board, edition: VariantContext) -> Board:
    dialect = edition.dialect
    rows = (_row(row, edition) for row in board.rows)
    annotations = (_annotation(each, dialect) for each in board.annotations)
    return replace(
        board,
        uid=dialect.names.uid(board.uid),
        title=dialect.names.title(board.title),
        rows=tuple(each for each in rows if each.panels),
        variables=tuple(_variable(each, dialect) for each in board.variables),
        traces=board.traces and dialect.traces,
        tag=f"{board.tag}-{dialect.names.set}",
        annotations=tuple(each for each in annotations if each),
    )


def _row(row: Row, edition: VariantContext) -> Row:
    items = tuple(each for each in (_item(item, edition) for item in row.panels) if each)
    return replace(row, panels=items if len(items) == len(row.panels) else _spread(row, items))


def _spread(row: Row, items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The items in as few full lines as the row had at most on each, all lines about equal."""
    widest = max(COLUMNS // item.width for item in row.panels)
    spread: list[Item] = []
    for line in _lines(items, widest):
        widths = [COLUMNS // len(line)] * len(line)
        widths[-1] += COLUMNS - sum(widths)
        spread += [replace(item, width=width) for item, width in zip(line, widths, strict=True)]
    return tuple(spread)


def _lines(items: tuple[Item, ...], widest: int) -> list[tuple[Item, ...]]:
    """Lines of items of equal height, in reading order."""
    lines: list[tuple[Item, ...]] = []
    for height in dict.fromkeys(each.height for each in items):
        lines += _even(tuple(each for each in items if each.height == height), widest)
    return lines


def _even(items: tuple[Item, ...], widest: int) -> list[tuple[Item, ...]]:
    number = -(-len(items) // widest)
    bounds = [line * len(items) // number for line in range(number + 1)]
    return [items[start:end] for start, end in pairwise(bounds)]


def _item(item: Item, edition: VariantContext) -> Item | None:
    if isinstance(item, StaticPanel):
        return _aside(item, edition)
    told = _signal(item.signal, edition)
    return replace(item, signal=told) if told else None


def _aside(aside: StaticPanel, edition: VariantContext) -> StaticPanel | None:
    if aside.kind is not PanelKind.TEXT:
        told = replace(aside, description=_worded(aside.description, edition.dialect))
        return told if edition.dialect.traces else None
    uid = edition.dialect.names.uid
    kept = [line for line in aside.body.split("\n") if _leads_on(line, edition)]
    text = "\n".join(_ENTRY.sub(lambda found: f"(d/{uid(found[1])}?", line) for line in kept)
    return replace(aside, body=_titled(text, edition.dialect))


def _titled(text: str, dialect: LabelSchema) -> str:
    return re.sub(r"\[(MCP / [^]]+)\]", lambda found: f"[{dialect.names.title(found[1])}]", text)


def _leads_on(line: str, edition: VariantContext) -> bool:
    """Whether a line of text leads nowhere, or to a board that there is."""
    return all(uid in edition.boards for uid in _ENTRY.findall(line))


def _signal(signal: Signal, edition: VariantContext) -> Signal | None:
    parts = [translated(each.expr, edition.dialect) for each in signal.queries]
    told = [(each, part) for each, part in zip(signal.queries, parts, strict=True) if part]
    if not told or (len(told) < len(parts) and not signal.keys):
        return signal.fallback and _signal(signal.fallback, edition)
    return replace(
        signal,
        description=_worded(signal.description, edition.dialect),
        queries=tuple(_answer(query, part, edition) for query, part in told),
        limit=signal.limit and _limit(signal.limit, edition),
        keys=tuple(told[0][1].labels[each] for each in signal.keys),
        links=tuple(link for each in signal.links for link in _links(each, edition)),
        exemplars=signal.exemplars and edition.dialect.exemplars,
    )


def _worded(text: str, dialect: LabelSchema) -> str:
    for sentence, true in dialect.words.items():
        text = text.replace(sentence, true)
    return " ".join(text.split())


def _answer(query: Query, part: Part, edition: VariantContext) -> Query:
    return replace(
        query,
        expr=part.text,
        name=_LEGEND.sub(
            lambda found: f"{{{{{part.labels.get(found[1], found[1])}}}}}", query.name
        ),
        limit=query.limit and _limit(query.limit, edition),
    )


def _limit(limit: Limit, edition: VariantContext) -> Limit | None:
    """The limit, unless it stands where an alert fires that there is not."""
    named = _ALERT.findall(limit.text)
    if not all(any(each.startswith(name) for each in edition.alerts) for name in named):
        return None
    renamed = edition.dialect.names.alert
    return limit.with_reason(_ALERT.sub(lambda found: renamed(found[0]), limit.text))


def _links(link: Link, edition: VariantContext) -> tuple[Link, ...]:
    dialect = edition.dialect
    if link.board not in edition.boards or (link.tag and not dialect.traces):
        return ()
    return (
        replace(link, board=dialect.names.uid(link.board), label_aliases=label_aliases(dialect)),
    )


def label_aliases(dialect: LabelSchema) -> Mapping[str, str]:
    """The variables whose label is called otherwise."""
    return {} if dialect.namespace == "namespace" else {"namespace": dialect.namespace}


def _variable(variable: Variable, dialect: LabelSchema) -> Variable:
    part = translated(variable.among, dialect)
    if part is None:
        raise ValueError(f"no series tells the choices of ${variable.name}: {variable.among}")
    label = part.labels[variable.name]
    shown = variable.label if label == variable.name else label.replace("_", " ").capitalize()
    return replace(variable, among=part.text, label=shown, of=label)


def _annotation(annotation: Annotation, dialect: LabelSchema) -> Annotation | None:
    part = translated(annotation.expr, dialect)
    return replace(annotation, expr=part.text) if part else None
