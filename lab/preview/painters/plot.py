"""What every plot over time needs: lines with gaps, even ticks, axes in the panel's units."""

import math
import re
from datetime import UTC, datetime

from matplotlib.ticker import MaxNLocator

from lab.preview.asking import Series
from lab.preview.canvas import Canvas, Ink, width_of
from lab.preview.events import Event
from lab.preview.fields import Field
from lab.preview.plane import Plane, Range
from lab.preview.window import Window

TICK_SIZE = 10
_AXIS_HEIGHT = 20
_TICK_PIXELS = 34
_LABEL_PIXELS = 80
_EXACT = 6

_TIME_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800),
    *(3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800),
)


def polyline(series: Series, step: int) -> tuple[list[float], list[float]]:
    """The points of a series, with NaN wherever a step is missing."""
    times: list[float] = []
    values: list[float] = []
    for time, value in zip(series.times, series.values, strict=True):
        if times and time - times[-1] > 1.5 * step:
            times.append(times[-1] + step)
            values.append(math.nan)
        times.append(time)
        values.append(value)
    return times, values


def value_range(values: list[float], field: Field) -> Range:
    """From where to where the axis goes: the field's bounds, else the data and a tenth more."""
    finite = [each for each in values if math.isfinite(each)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    bottom, top = field.config.get("min"), field.config.get("max")
    lowest = low - _margin(low, high) if bottom is None else float(bottom)
    if top is not None:
        return lowest, float(top)
    return lowest, high + _margin(lowest, high) if high > lowest else lowest + 1.0


def _margin(low: float, high: float) -> float:
    return (high - low) * 0.1 or abs(high) * 0.1 or 1.0


def ticks(within: Range, pixels: float, field: Field) -> tuple[list[float], list[str]]:
    """Even values within the range, and how the field writes them."""
    low, high = within
    wanted = max(2, int(pixels / _TICK_PIXELS))
    locator = MaxNLocator(nbins=wanted, steps=[1, 2, 5, 10], min_n_ticks=2)
    scale = _scale(high, field)
    found = (float(each) * scale for each in locator.tick_values(low / scale, high / scale))
    slack = (high - low) * 1e-6
    kept = [round(each, 12) for each in found if low - slack <= each <= high + slack]
    return kept, _texts(kept, field)


def _scale(high: float, field: Field) -> float:
    """What a step of the axis is even in: powers of 1024 for bytes, minutes and hours for time."""
    if field.config.get("unit") == "bytes" and high >= 1:
        return float(1024 ** int(math.log(high, 1024)))
    if field.config.get("unit") == "s" and high >= 120:
        return 60.0 if high < 7200 else 3600.0
    return 1.0


def _texts(kept: list[float], field: Field) -> list[str]:
    """Ticks of one unit with equally many decimals, as few as say each of them exactly."""
    needed = [(each, _decimals(each, field)) for each in kept]
    most: dict[str, int] = {}
    for each, decimals in needed:
        unit = _unit(field.text(each, decimals))
        most[unit] = max(decimals, most.get(unit, 0))
    return [field.text(each, most[_unit(field.text(each, decimals))]) for each, decimals in needed]


def _decimals(value: float, field: Field) -> int:
    exact = _number(field.text(value, _EXACT))
    return next((each for each in range(_EXACT) if _number(field.text(value, each)) == exact), 1)


def _unit(text: str) -> str:
    return re.sub(r"^[-.0-9]+", "", text)


def _number(text: str) -> float:
    found = re.match(r"-?[0-9]+(\.[0-9]+)?", text)
    return float(found[0]) if found else math.nan


def time_ticks(window: Window, pixels: float) -> tuple[list[float], list[str]]:
    """Round moments within the window, in UTC."""
    wanted = max(1, pixels / _LABEL_PIXELS)
    step = next((each for each in _TIME_STEPS if window.length / each <= wanted), _TIME_STEPS[-1])
    first = math.ceil(window.start / step)
    moments = [each * step for each in range(first, math.floor(window.end / step) + 1)]
    form = "%H:%M:%S" if step < 60 else "%H:%M" if step < 86400 else "%m-%d"
    return [float(each) for each in moments], [
        datetime.fromtimestamp(each, UTC).strftime(form) for each in moments
    ]


def plane_over_time(canvas: Canvas, window: Window, within: Range, field: Field) -> Plane:
    """A plane with a grid, times below and values at the left, ready to be drawn on."""
    height = canvas.height - _AXIS_HEIGHT
    marks, texts = ticks(within, height, field)
    left = max((width_of(each, TICK_SIZE) for each in texts), default=0) + 8
    plot = canvas.part(left, 4, canvas.width - left - 4, height - 4)
    plane = Plane(plot, (window.start, window.end), within)
    _values(plane, marks, texts)
    moments = time_labels(plot, window)
    plane.rules(canvas.theme.grid, level=marks, upright=moments)
    return plane


def time_labels(plot: Canvas, window: Window) -> list[float]:
    """Write the times under a plot that shows the window; the moments they stand for."""
    moments, labels = time_ticks(window, plot.width)
    for moment, label in zip(moments, labels, strict=True):
        x = (moment - window.start) / window.length * plot.width
        half = width_of(label, TICK_SIZE) / 2
        if half < x < plot.width - half + 8:
            at = (x, plot.height + 12)
            plot.text(at, label, Ink(size=TICK_SIZE, colour=plot.theme.faint, align="center"))
    return moments


def _values(plane: Plane, marks: list[float], texts: list[str]) -> None:
    """Write the ticks at the left of a plane."""
    (low, high), plot = plane.ys, plane.canvas
    for mark, text in zip(marks, texts, strict=True):
        y = (high - mark) / (high - low) * plot.height
        plot.text((-6, y), text, Ink(size=TICK_SIZE, colour=plot.theme.faint, align="right"))


def mark_events(plane: Plane, events: tuple[Event, ...]) -> None:
    """A dashed line where an event began, its time shaded, as Grafana draws annotations."""
    left, right = plane.xs
    for each in events:
        if each.end < left or each.start > right:
            continue
        colour = plane.canvas.theme.colour(each.colour)
        plane.rules(colour, upright=[each.start], width=1, dash=(0, (3, 3)))
        if each.end > each.start:
            plane.rules(colour, upright=[each.end], width=1, dash=(0, (3, 3)))
            floor, top = ([edge] * 2 for edge in plane.ys)
            plane.band([each.start, each.end], (floor, top), colour, opacity=0.1)
