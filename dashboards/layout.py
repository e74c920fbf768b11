"""Rows of panels placed on Grafana's grid; uneven rows are refused."""

from dataclasses import dataclass

from dashboards.panels import LogPanel, Panel, StaticPanel

Item = Panel | StaticPanel | LogPanel

COLUMNS = 24


class UnevenRow(ValueError):
    """A line of panels that is too narrow, too wide, or of different heights."""


@dataclass(frozen=True, slots=True)
class Row:
    """A heading, and the panels under it in reading order."""

    id: int
    title: str
    panels: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Width, height, and the upper left corner."""

    w: int
    h: int
    x: int
    y: int


def lines_of(row: Row) -> tuple[tuple[Item, ...], ...]:
    """The row's panels, broken into full lines of equal height."""
    lines: list[tuple[Item, ...]] = []
    line: tuple[Item, ...] = ()
    for panel in row.panels:
        line = (*line, panel)
        if sum(each.width for each in line) >= COLUMNS:
            lines.append(_even(row, line))
            line = ()
    if line:
        lines.append(_even(row, line))
    return tuple(lines)


def place(rows: tuple[Row, ...]) -> tuple[tuple[Row | Item, Place], ...]:
    """Every heading and panel with its place, from the top down."""
    placed: list[tuple[Row | Item, Place]] = []
    y = 0
    for row in rows:
        placed.append((row, Place(COLUMNS, 1, 0, y)))
        y += 1
        for line in lines_of(row):
            x = 0
            for panel in line:
                placed.append((panel, Place(panel.width, panel.height, x, y)))
                x += panel.width
            y += line[0].height
    return tuple(placed)


def _even(row: Row, line: tuple[Item, ...]) -> tuple[Item, ...]:
    width = sum(panel.width for panel in line)
    if width != COLUMNS:
        raise UnevenRow(f'row "{row.title}": a line is {width} columns wide; it must be {COLUMNS}')
    if len({panel.height for panel in line}) > 1:
        raise UnevenRow(f'row "{row.title}": the panels of a line differ in height')
    return line
