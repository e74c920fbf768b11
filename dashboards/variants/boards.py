"""Boards adapted to a variant, without what its schema lacks.

A table may lose columns; any other panel needs all of its queries, or shows its `fallback`. The
panels that remain of a row share its width. A board remains while half of its first row does, the
one that answers its question.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from dashboards.annotations import Annotation
from dashboards.board import CLUSTER as CLUSTER_VARIABLE
from dashboards.board import Board, Variable
from dashboards.layout import COLUMNS, Item, Row
from dashboards.limits import Limit
from dashboards.links import Link
from dashboards.panels import Panel, PanelKind, StaticPanel
from dashboards.promql.expression import Rendered
from dashboards.promql.schema import Labels
from dashboards.promql.scope import CLUSTER
from dashboards.signal import Query, Signal
from dashboards.thresholds import Thresholds
from dashboards.variants.variant import Variant


@dataclass(frozen=True, slots=True)
class VariantContext:
    """A variant and thresholds, with the alerts and boards that there are, by template."""

    variant: Variant
    thresholds: Thresholds
    alerts: frozenset[str]
    boards: frozenset[str] = frozenset()


def boards(every: Iterable[Board], context: VariantContext) -> tuple[Board, ...]:
    """The boards that the variant has data for, linked to each other only."""
    templates = tuple(every)
    kept = frozenset(each.uid for each in templates if _remains(each, context))
    complete = replace(context, boards=kept)
    return tuple(_board(each, complete) for each in templates if each.uid in kept)


def _remains(template: Board, context: VariantContext) -> bool:
    """Whether the variant has data for at least half of the panels that answer its question."""
    first = template.rows[0]
    return 2 * len(_row(first, context).panels) >= len(first.panels)


def _board(board: Board, context: VariantContext) -> Board:
    variant = context.variant
    rows = (_row(row, context) for row in board.rows)
    annotations = (_annotation(each, variant) for each in board.annotations)
    return replace(
        board,
        uid=variant.uid(board.uid),
        title=variant.title(board.title),
        rows=tuple(each for each in rows if each.panels),
        variables=_variables(board, variant),
        traces=board.traces and variant.traces,
        tag=variant.uid(board.tag),
        annotations=tuple(each for each in annotations if each),
    )


def _row(row: Row, context: VariantContext) -> Row:
    items = tuple(each for each in (_item(item, context) for item in row.panels) if each)
    return replace(row, panels=items if len(items) == len(row.panels) else _spread(row, items))


def _spread(row: Row, items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The items in full lines about equal, as few as with the row's greatest number per line."""
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


def _item(item: Item, context: VariantContext) -> Item | None:
    if isinstance(item, Panel):
        signal = _signal(item.signal, context)
        return replace(item, signal=signal) if signal else None
    return _static(item, context) if isinstance(item, StaticPanel) else item


def _static(panel: StaticPanel, context: VariantContext) -> StaticPanel | None:
    variant = context.variant
    if panel.kind is not PanelKind.BOARDS and not variant.traces:
        return None
    entries = (each for each in panel.entries if each.uid in context.boards)
    return replace(
        panel,
        description=variant.text(panel.description),
        entries=tuple(
            replace(
                each,
                uid=variant.uid(each.uid),
                title=variant.title(each.title),
                kept=variant.identifying,
            )
            for each in entries
        ),
    )


def _signal(signal: Signal, context: VariantContext) -> Signal | None:
    variant = context.variant
    rendered = [(each, each.expr.render(variant.schema)) for each in signal.queries]
    there = [(each, expr) for each, expr in rendered if expr and expr.sources]
    if not there or (len(there) < len(rendered) and not signal.keys):
        return signal.fallback and _signal(signal.fallback, context)
    labels = there[0][1].labels
    keys = (CLUSTER, *signal.keys) if signal.keys and CLUSTER in labels else signal.keys
    return replace(
        signal,
        description=variant.text(signal.description),
        queries=tuple(_query(query, expr, context, named=not keys) for query, expr in there),
        limit=signal.limit and _limit(signal.limit, context),
        keys=tuple(labels[each] for each in keys),
        links=tuple(link for each in signal.links for link in _links(each, labels, context)),
        exemplars=signal.exemplars and variant.exemplars,
    )


def _query(query: Query, expr: Rendered, context: VariantContext, *, named: bool) -> Query:
    """The query, its lines with their cluster; a table's columns are not `named` by labels."""
    legend = {label: f"{{{{{here}}}}}" for label, here in expr.labels.items()}
    cluster = f"{legend[CLUSTER]}/" if named and CLUSTER in legend else ""
    return replace(
        query,
        expr=expr,
        name=cluster + query.name.format_map(legend),
        limit=query.limit and _limit(query.limit, context),
    )


def _limit(limit: Limit, context: VariantContext) -> Limit | None:
    """The limit under the thresholds, unless it is that of an alert that the variant lacks."""
    if limit.alert and limit.alert not in context.alerts:
        return None
    adapted = limit.with_thresholds(context.thresholds)
    return replace(adapted, alert=limit.alert and context.variant.alert(limit.alert))


def _links(link: Link, labels: Labels, context: VariantContext) -> tuple[Link, ...]:
    """The link, if its board is there; a click on what has a cluster selects that."""
    variant = context.variant
    if link.board not in context.boards or (link.tag and not variant.traces):
        return ()
    variables = link.variables
    if "server" in variables and CLUSTER in labels:
        variables = (CLUSTER, *variables)
    adapted = replace(
        link,
        board=variant.uid(link.board),
        variables=variables,
        label_aliases=variant.label_aliases(),
        kept=variant.identifying,
    )
    return (adapted,)


def _variables(board: Board, variant: Variant) -> tuple[Variable, ...]:
    """The board's, after that of the cluster: one, where the board is about one server."""
    variables = tuple(_variable(each, variant) for each in board.variables)
    cluster = variant.schema.cluster
    if cluster is None:
        return variables
    unselected = variant.with_schema(
        replace(variant.schema, cluster=replace(cluster, selected=False))
    )
    first = replace(CLUSTER_VARIABLE, one=any(each.one for each in variables))
    return (_variable(first, unselected), *variables)


def _variable(variable: Variable, variant: Variant) -> Variable:
    among = variable.among.render(variant.schema)
    if among is None:
        raise ValueError(f"no series has the values of ${variable.name}: {variable.among}")
    label = among.labels[variable.name]
    title = variable.label if label == variable.name else label.replace("_", " ").capitalize()
    return replace(variable, among=among, label=title, of=label)


def _annotation(annotation: Annotation, variant: Variant) -> Annotation | None:
    expr = annotation.expr.render(variant.schema)
    if expr is None:
        return None
    cluster = f"{{{{{expr.labels[CLUSTER]}}}}} " if CLUSTER in expr.labels else ""
    return replace(annotation, expr=expr, title=cluster + annotation.title)
