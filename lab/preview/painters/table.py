"""Table: one row per label set, one column per query, as its transformations say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lab.preview.asking import Series
from lab.preview.canvas import Canvas, Ink, fitted
from lab.preview.errors import Undrawable
from lab.preview.fields import Field
from lab.preview.geometry import Box
from lab.preview.links import Way
from lab.preview.model import Options
from lab.preview.painters.scene import Scene

_LINE = 30
_SIZE = 12

Cell = str | float
Row = dict[str, Cell]
Ways = Callable[[str, Row], tuple[Way, ...]]
"""The column and the row of a cell -> where a click on it may lead."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The columns in their order, and the rows; a row may lack a column.

    `names` are the columns of before they were renamed, and what they are called now.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    names: Mapping[str, str] = field(default_factory=dict)

    def labels(self, row: Row) -> dict[str, str]:
        """The texts of a row, by the names that the data have."""
        cells = ((name, row.get(column)) for name, column in self.names.items())
        return {name: cell for name, cell in cells if isinstance(cell, str)}


def paint(scene: Scene) -> None:
    grid = sorted_by(scene.panel.options.get("sortBy", ()), _transformed(scene))
    if not grid.rows:
        scene.say_nothing()
        return
    fields = {each: scene.panel.fields.of(each) for each in grid.columns}
    draw(scene.canvas, grid, fields, lambda at, row: scene.ways(fields[at], grid.labels(row)))


def draw(canvas: Canvas, grid: Grid, fields: Mapping[str, Field], ways: Ways) -> None:
    """Draw as many rows as there is room for, each cell with the ways that lead on from it."""
    lines = int(canvas.height / _LINE) - 1
    shown = grid.rows if len(grid.rows) <= lines else grid.rows[: lines - 1]
    for number in range(len(shown) + 1):
        canvas.rectangle(Box(0, _LINE * (number + 1) - 1, canvas.width, 1), canvas.theme.grid)
    left = 0.0
    for column, width in widths(fields, canvas.width).items():
        part = canvas.part(left, 0, width, canvas.height)
        _column(part, column, shown, fields[column])
        for number, row in enumerate(shown, start=1):
            part.leads(Box(0, _LINE * number, width, _LINE - 1), ways(column, row))
        left += width
    if len(shown) < len(grid.rows):
        more = f"and {len(grid.rows) - len(shown)} more rows"
        y = _LINE * (len(shown) + 1.5)
        canvas.text((8, y), more, Ink(size=_SIZE, colour=canvas.theme.faint))


def widths(fields: Mapping[str, Field], available: float) -> dict[str, float]:
    """How wide each column is: as its field says, else an even part of what the others leave."""
    fixed = {name: field.custom("width", None) for name, field in fields.items()}
    left = available - sum(each for each in fixed.values() if each)
    even = left / max(sum(1 for each in fixed.values() if not each), 1)
    return {name: float(each or even) for name, each in fixed.items()}


def merged(series: tuple[Series, ...], *, alone: bool) -> Grid:
    """One row for equal labels, the value of each query in its own column.

    `alone` says that the panel has one query only: then its column needs no letter.
    """
    rows: dict[frozenset[tuple[str, str]], Row] = {}
    columns: dict[str, None] = {}
    for each in series:
        column = "Value" if alone else f"Value #{each.letter}"
        columns[column] = None
        row = rows.setdefault(frozenset(each.labels.items()), dict(each.labels))
        row[column] = each.values[-1]
    labels = sorted({label for each in series for label in each.labels})
    return Grid(("Time", *labels, *columns), tuple(rows.values()))


def organized(options: Options, grid: Grid) -> Grid:
    """The grid without excluded columns, in the order asked for, columns renamed."""
    excluded: Mapping[str, bool] = options.get("excludeByName", {})
    order: Mapping[str, int] = options.get("indexByName", {})
    renamed: Mapping[str, str] = options.get("renameByName", {})
    kept = [each for each in grid.columns if not excluded.get(each)]
    if order:
        kept.sort(key=lambda each: order.get(each, len(order)))
    names = {each: renamed.get(each) or each for each in kept}
    rows = tuple(
        {names[column]: cell for column, cell in row.items() if column in names}
        for row in grid.rows
    )
    return Grid(tuple(names.values()), rows, names)


def sorted_by(wanted: tuple[Options, ...], grid: Grid) -> Grid:
    """The rows by their labels, then by the columns asked for; empty cells last."""
    rows = sorted(grid.rows, key=lambda row: [str(row.get(each, "")) for each in grid.columns])
    for each in reversed(wanted):
        rows = _by_column(rows, each["displayName"], down=each.get("desc", False))
    return Grid(grid.columns, tuple(rows), grid.names)


def _by_column(rows: list[Row], column: str, *, down: bool) -> list[Row]:
    there = [row for row in rows if column in row]
    there.sort(key=lambda row: _rank(row[column]), reverse=down)
    return there + [row for row in rows if column not in row]


def _rank(cell: Cell) -> tuple[float, str]:
    return (0.0, cell) if isinstance(cell, str) else (cell, "")


def _transformed(scene: Scene) -> Grid:
    grid = merged(scene.answer.series, alone=len(scene.panel.targets) == 1)
    for each in scene.panel.transformations:
        if each["id"] == "organize":
            grid = organized(each["options"], grid)
        elif each["id"] != "merge":
            raise Undrawable(f'transformation "{each["id"]}" is not drawn; known: merge, organize')
    return grid


def _column(canvas: Canvas, name: str, rows: tuple[Row, ...], field: Field) -> None:
    numeric = any(isinstance(row.get(name), float) for row in rows)
    align, x = ("right", canvas.width - 12) if numeric else ("left", 8.0)
    heading = fitted(field.config.get("displayName", name), canvas.width - 16, _SIZE)
    canvas.text((x, _LINE / 2), heading, Ink(size=_SIZE, align=align, weight="bold"))
    for number, row in enumerate(rows, start=1):
        cell = row.get(name, "")
        text = cell if isinstance(cell, str) else field.text(cell)
        canvas.text(
            (x, _LINE * (number + 0.5)),
            fitted(text, canvas.width - 16, _SIZE),
            Ink(size=_SIZE, colour=_cell_colour(cell, field, canvas), align=align),
        )


def _cell_colour(cell: Cell, field: Field, canvas: Canvas) -> str | None:
    kind = field.custom("cellOptions", {"type": "auto"})["type"]
    if kind not in ("auto", "color-text"):
        raise Undrawable(f'table cells of type "{kind}" are not drawn; known: auto, color-text')
    if field.config.get("links"):
        return canvas.theme.colour("blue")
    if kind == "auto":
        return None
    if isinstance(cell, str):
        return field.colour_of(cell, canvas.theme)
    return field.by_threshold(cell, canvas.theme)
