"""The legend under a plot: a table of names and calculations, or a list of names."""

from dataclasses import dataclass

from lab.preview.asking import Series
from lab.preview.canvas import Canvas, Ink, fitted, width_of
from lab.preview.errors import Undrawable
from lab.preview.fields import Field
from lab.preview.geometry import Box
from lab.preview.links import Way
from lab.preview.model import Options
from lab.preview.reducers import heading, reduced

LINE = 18
_SIZE = 11
_SHARE = 0.45
"""Of a panel's height, at most; Grafana's own legend scrolls beyond its share."""

_SWATCH = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One series in the legend."""

    series: Series
    colour: str
    field: Field
    ways: tuple[Way, ...] = ()


def height(options: Options, entries: tuple[Entry, ...], available: float) -> float:
    """How many pixels the legend takes of those available."""
    if not options.get("showLegend", True) or options["displayMode"] == "hidden":
        return 0
    if options["displayMode"] == "list":
        return LINE
    return min(LINE * (len(entries) + 1), LINE * int(available * _SHARE / LINE))


def paint(options: Options, entries: tuple[Entry, ...], canvas: Canvas) -> None:
    """Draw the legend into a canvas of the height that `height` told."""
    if options["placement"] != "bottom":
        raise Undrawable(f'a legend at the "{options["placement"]}" is not drawn; only "bottom"')
    if options["displayMode"] == "list":
        _list(entries, canvas)
    else:
        _table(tuple(options["calcs"]), ordered(options, entries), canvas)


def ordered(options: Options, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The entries as the table sorts them: by a calculation's heading, those without it last."""
    by = next((each for each in options["calcs"] if heading(each) == options.get("sortBy")), None)
    if by is None:
        return entries
    values = [reduced(by, each.series.values) for each in entries]
    sign = -1 if options.get("sortDesc") else 1
    ranks = [(value is None, 0.0 if value is None else sign * value) for value in values]
    return tuple(entries[number] for number in sorted(range(len(ranks)), key=ranks.__getitem__))


def _swatch(canvas: Canvas, x: float, y: float, colour: str) -> None:
    canvas.rectangle(Box(x, y - 2, 14, 4), colour)


def _list(entries: tuple[Entry, ...], canvas: Canvas) -> None:
    x = 4.0
    for entry in entries:
        width = width_of(entry.series.name, _SIZE)
        if x + _SWATCH + width > canvas.width:
            canvas.text((x, LINE / 2), "…", Ink(size=_SIZE, colour=canvas.theme.faint))
            return
        _swatch(canvas, x, LINE / 2, entry.colour)
        canvas.text((x + _SWATCH, LINE / 2), entry.series.name, Ink(size=_SIZE))
        canvas.leads(Box(x, 0, _SWATCH + width, LINE), entry.ways)
        x += _SWATCH + width + 16


def _table(calculations: tuple[str, ...], entries: tuple[Entry, ...], canvas: Canvas) -> None:
    lines = int(canvas.height / LINE) - 1
    shown = entries if len(entries) <= lines else entries[: lines - 1]
    columns = [_column(each, shown) for each in calculations]
    ends = _ends(columns, canvas.width)
    name_width = ends[0] - _width(columns[0]) - 2 * _SWATCH if columns else canvas.width - _SWATCH
    canvas.text((4, LINE / 2), "Name", Ink(size=_SIZE, colour=canvas.theme.faint))
    for number, entry in enumerate(shown, start=1):
        y = LINE * (number + 0.5)
        _swatch(canvas, 4, y, entry.colour)
        name = fitted(entry.series.name, name_width, _SIZE)
        canvas.text((4 + _SWATCH, y), name, Ink(size=_SIZE))
        canvas.leads(Box(0, LINE * number, canvas.width, LINE), entry.ways)
    for end, column in zip(ends, columns, strict=True):
        for number, text in enumerate(column):
            colour = canvas.theme.text if number else canvas.theme.faint
            y = LINE * (number + 0.5)
            canvas.text((end, y), text, Ink(size=_SIZE, colour=colour, align="right"))
    if len(shown) < len(entries):
        more = f"and {len(entries) - len(shown)} more"
        y = LINE * (len(shown) + 1.5)
        canvas.text((4 + _SWATCH, y), more, Ink(size=_SIZE, colour=canvas.theme.faint))


def _column(calculation: str, entries: tuple[Entry, ...]) -> list[str]:
    values = [(each.field, reduced(calculation, each.series.values)) for each in entries]
    texts = ["" if value is None else field.text(value) for field, value in values]
    return [heading(calculation), *texts]


def _width(column: list[str]) -> float:
    return max(60.0, *(width_of(each, _SIZE) for each in column))


def _ends(columns: list[list[str]], width: float) -> list[float]:
    """Where each column ends, the last at the right edge."""
    ends = []
    x = width - 4
    for column in reversed(columns):
        ends.append(x)
        x -= _width(column) + 16
    return ends[::-1]
