"""Panels that plotly draws: a figure is data and layout as plotly's JSON schema names them."""

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from lab.preview.errors import supported
from lab.preview.events import Event, Exemplar
from lab.preview.fields import Field, reduced
from lab.preview.links import Link, Links
from lab.preview.model import Panel
from lab.preview.queries import Answer, Series
from lab.preview.theme import BLUES, Mode, Theme, translucent
from lab.preview.units import formatter

Figure = dict[str, Any]

_TICKS = 4
"""About how many there are on an axis of values."""

_CHARACTER = 6.5
"""Width of a tick's text in pixels, by its characters."""


_TIME_FORMATS = [
    {"dtickrange": [None, 59_999], "value": "%H:%M:%S"},
    {"dtickrange": [60_000, 86_399_999], "value": "%H:%M"},
    {"dtickrange": [86_400_000, None], "value": "%m-%d"},
]
"""How times are written below a chart, by the milliseconds between them."""


@dataclass(frozen=True, slots=True)
class Look:
    """What all panels of a page share: its colours, and where its links lead."""

    theme: Theme
    links: Links = Links()


@dataclass(frozen=True, slots=True)
class Entry:
    """One series in its colour, with the links that lead on from it."""

    series: Series
    field: Field
    colour: str
    links: tuple[Link, ...]


def entries(panel: Panel, answer: Answer, look: Look) -> tuple[Entry, ...]:
    """The series of a panel; raises Unsupported."""
    return tuple(_entry(panel, series, n, look) for n, series in enumerate(answer.series))


def _entry(panel: Panel, series: Series, number: int, look: Look) -> Entry:
    field = panel.fields.of(series.name)
    last = reduced("lastNotNull", series.values)
    colour = field.colour(math.nan if last is None else last, number, look.theme)
    links = look.links.of(field.config.get("links", ()), series.labels)
    return Entry(series, field, colour, links)


def timeseries(panel: Panel, answer: Answer, look: Look) -> Figure | None:
    """Lines or a stack over time, with thresholds, events and single calls; None without data.

    The name and the axis of each trace alone are in its `meta`, for the page's legend.
    """
    shown = entries(panel, answer, look)
    if not shown:
        return None
    rows = [_on_grid(each.series, answer.moments) for each in shown]
    field = shown[0].field
    low, high = value_range(_tops(rows, _stacked(field)), field)
    data = [_line(*each, answer) for each in zip(shown, rows, strict=True)]
    data.append(_events(answer.events, low, look.theme))
    inside = [each for each in answer.exemplars if low <= each.value <= high]
    calls = [(each.time, each.value, field.text(each.value), each) for each in inside]
    data.append(_calls(calls, look.theme.colour("super-light-blue"), look.links))
    layout = _layout(answer, look.theme, axis(low, high, field))
    layout["hovermode"] = "x unified"
    layout["shapes"] += _threshold_lines(field, (low, high), look.theme)
    return {"data": data, "layout": layout}


def heatmap(panel: Panel, answer: Answer, look: Look) -> Figure | None:
    """How many observations each bucket held at each time; None without any."""
    options = panel.options
    buckets_are = "calculated" if options.get("calculate") else "recorded"
    supported("heat map of buckets that are", buckets_are, "recorded")
    supported("colour scheme", options["color"]["scheme"], "Blues")
    bounds, counts = buckets(answer.series, answer.moments)
    least = options["filterValues"]["le"]
    shown = [
        [each if each is not None and each > least else None for each in row] for row in counts
    ]
    largest = max((each for row in shown for each in row if each is not None), default=None)
    if largest is None:
        return None
    count, duration = formatter(options["cellValues"]["unit"]), formatter(options["yAxis"]["unit"])
    names = ["∞" if math.isinf(each) else duration(each, None) for each in bounds]
    every = math.ceil(len(names) / 8)
    ticks = list(range(len(names)))[::every]
    calls = [
        (each.time, row_of(each.value, bounds), duration(each.value, None), each)
        for each in answer.exemplars
    ]
    marks = _calls(calls, look.theme.colour(options["exemplars"]["color"]), look.links)
    cells = _cells(shown, options["color"]["exponent"], look.theme) | {
        "x0": (answer.moments[0] - answer.step / 2) * 1000,
        "dx": answer.step * 1000,
        "text": [
            [f"up to {name}: {count(each, None)}" if each is not None else "" for each in row]
            for name, row in zip(names, shown, strict=True)
        ],
        "colorbar": _scale(largest, count(largest, None), options["color"]["exponent"]),
    }
    layout = _layout(
        answer,
        look.theme,
        {
            "range": [0, len(names)],
            "tickvals": [each + 1 for each in ticks],
            "ticktext": [names[each] for each in ticks],
        },
    )
    layout["margin"]["b"] = 46
    layout["hovermode"] = "closest"
    return {"data": [cells, _events(answer.events, 0, look.theme), marks], "layout": layout}


def buckets(
    series: tuple[Series, ...], grid: Sequence[float]
) -> tuple[tuple[float, ...], list[list[float | None]]]:
    """Cumulative buckets by `le` -> their bounds, and what each holds by itself at each time."""
    ordered = sorted(series, key=lambda each: float(each.labels["le"]))
    below: list[float | None] = [0.0] * len(grid)
    rows = []
    for each in ordered:
        totals = _on_grid(each, grid)
        pairs = zip(totals, below, strict=True)
        rows.append(
            [None if total is None else max(total - (low or 0), 0.0) for total, low in pairs]
        )
        below = [low if total is None else total for total, low in zip(totals, below, strict=True)]
    return tuple(float(each.labels["le"]) for each in ordered), rows


def row_of(value: float, bounds: Sequence[float]) -> float:
    """Where a value lies among buckets of equal height, by its part of the bucket."""
    row = min(bisect_left(bounds, value), len(bounds) - 1)
    low, high = bounds[row - 1] if row else 0.0, bounds[row]
    part = (value - low) / (high - low) if math.isfinite(high) and high > low else 0.5
    return row + min(max(part, 0.0), 1.0)


def value_range(values: Iterable[float], field: Field) -> tuple[float, float]:
    """From where to where the axis goes: the field's bounds, else the data and a tenth more."""
    finite = [each for each in values if math.isfinite(each)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    margin = (high - low) * 0.1 or abs(high) * 0.1 or 1.0
    bottom = float(field.config.get("min", low - margin))
    top = float(field.config.get("max", high + ((high - bottom) * 0.1 or 1.0)))
    return bottom, top if top > bottom else bottom + 1.0


def axis(low: float, high: float, field: Field) -> Figure:
    """A range with round values on it, as the field writes them with no needless zeros."""
    scale = _scale_of(high, field.config.get("unit", "none"))
    rough = (high - low) / scale / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each for each in (1, 2, 5, 10) if each * power >= rough) * power * scale
    first = math.ceil(low / step)
    marks = [n * step for n in range(first, math.floor(high / step * (1 + 1e-9)) + 1)]
    texts = [_short(field.text(each, 6)) for each in marks]
    return {"range": [low, high], "tickvals": marks, "ticktext": texts}


def _short(text: str) -> str:
    """A number's text without zeros at its end that say nothing."""
    return re.sub(r"\.(\d*?)0+(?=\D|$)", lambda found: f".{found[1]}" if found[1] else "", text)


def _scale_of(high: float, unit: str) -> float:
    """What an axis is even in: powers of 1024 for bytes, minutes and hours for time."""
    if unit == "bytes" and high >= 1:
        return float(1024 ** int(math.log(high, 1024)))
    if unit == "s" and high >= 120:
        return 60.0 if high < 7200 else 3600.0
    return 1.0


def _on_grid(series: Series, grid: Sequence[float]) -> list[float | None]:
    """A value for every moment of the grid, None where it is missing."""
    points = dict(zip(series.times, series.values, strict=True))
    values = (points.get(each, math.nan) for each in grid)
    return [float(f"{each:.6g}") if math.isfinite(each) else None for each in values]


def _stacked(field: Field) -> bool:
    return bool(field.custom("stacking", {"mode": "none"})["mode"] == "normal")


def _tops(rows: list[list[float | None]], stacked: bool) -> list[float]:
    if stacked:
        return [math.fsum(each or 0.0 for each in column) for column in zip(*rows, strict=True)]
    return [each for row in rows for each in row if each is not None]


def _line(entry: Entry, values: list[float | None], answer: Answer) -> Figure:
    field, colour = entry.field, entry.colour
    present = [each for each in values if each is not None]
    opacity = field.custom("fillOpacity", 0) / 100
    stack = {"stackgroup": "all"} if _stacked(field) else {}
    return stack | {
        "type": "scatter",
        "mode": "lines" if len(present) > 1 else "markers",
        "name": escape(entry.series.name, quote=False),
        "x0": answer.moments[0] * 1000,
        "dx": answer.step * 1000,
        "y": values,
        "text": ["" if each is None else field.text(each) for each in values],
        "hovertemplate": "%{text}",
        "line": {"color": colour, "width": field.custom("lineWidth", 1) * 1.3},
        "marker": {"color": colour, "size": 5},
        "fill": ("tonexty" if stack else "tozeroy") if opacity else "none",
        "fillcolor": translucent(colour, opacity),
        "meta": {
            "links": [[each.title, each.address] for each in entry.links],
            "axis": axis(*value_range(present, field), field),
        },
    }


def _events(events: tuple[Event, ...], low: float, theme: Theme) -> Figure:
    """A marker at the foot of each event's line; hovering shows its title."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [each.start * 1000 for each in events],
        "y": [low] * len(events),
        "text": [escape(each.title, quote=False) for each in events],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {
            "symbol": "triangle-up",
            "size": 9,
            "color": [theme.colour(each.colour) for each in events],
        },
        "cliponaxis": False,
    }


def _calls(calls: list[tuple[float, float, str, Exemplar]], colour: str, links: Links) -> Figure:
    """Single calls at a time and a height, each with its value in words."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [round(time * 1000) for time, *_ in calls],
        "y": [height for _, height, *_ in calls],
        "text": [f"one call: {text}" for *_, text, _ in calls],
        "customdata": [links.trace(each.trace) for *_, each in calls],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"symbol": "diamond", "size": 7, "color": colour},
    }


def _cells(shown: list[list[float | None]], exponent: float, theme: Theme) -> Figure:
    colours = BLUES[::-1] if theme.mode is Mode.DARK else BLUES
    return {
        "type": "heatmap",
        "y0": 0.5,
        "dy": 1,
        "z": [[None if each is None else each**exponent for each in row] for row in shown],
        "zmin": 0,
        "colorscale": [[n / (len(colours) - 1), each] for n, each in enumerate(colours)],
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": "%{text}<extra></extra>",
    }


def _scale(largest: float, text: str, exponent: float) -> Figure:
    """What the colours mean, from nothing to the largest count."""
    place = {"orientation": "h", "x": 0, "xanchor": "left", "y": -0.12, "yanchor": "top"}
    ends = {"tickvals": [0, largest**exponent], "ticktext": ["0", text]}
    return place | ends | {"thickness": 8, "len": 0.5, "ypad": 0, "outlinewidth": 0}


def _layout(answer: Answer, theme: Theme, values: Figure) -> Figure:
    line = {"gridcolor": theme.grid, "zeroline": False, "tickfont": {"color": theme.faint}}
    gap = {"ticks": "outside", "ticklen": 5, "tickcolor": "rgba(0,0,0,0)"}
    left = max((len(each) for each in values["ticktext"]), default=0) * _CHARACTER + 10
    return {
        "margin": {"l": left, "r": 12, "t": 10, "b": 22},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": theme.text, "size": 11},
        "hoverlabel": {"bgcolor": theme.canvas, "bordercolor": theme.border, "namelength": -1},
        "showlegend": False,
        "dragmode": "zoom",
        "xaxis": line
        | {
            "type": "date",
            "range": [answer.time.start * 1000, answer.time.end * 1000],
            "tickformatstops": _TIME_FORMATS,
            "hoverformat": "%Y-%m-%d %H:%M:%S",
            "spikecolor": theme.faint,
            "spikedash": "solid",
            "spikethickness": -1,
        },
        "yaxis": line | gap | values | {"fixedrange": True},
        "shapes": [_event_line(each, theme) for each in answer.events],
    }


def _event_line(event: Event, theme: Theme) -> Figure:
    """A dashed line where an event began, its time shaded, as Grafana draws annotations."""
    colour = theme.colour(event.colour)
    return {
        "type": "rect" if event.end > event.start else "line",
        "xref": "x",
        "yref": "paper",
        "x0": event.start * 1000,
        "x1": event.end * 1000,
        "y0": 0,
        "y1": 1,
        "line": {"color": colour, "width": 1, "dash": "dash"},
        "fillcolor": translucent(colour, 0.1),
        "layer": "below",
    }


def _threshold_lines(field: Field, within: tuple[float, float], theme: Theme) -> list[Figure]:
    dash = {"off": None, "line": "solid", "dashed": "dash"}
    mode = field.custom("thresholdsStyle", {"mode": "off"})["mode"]
    supported("thresholds of style", mode, *dash)
    return [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": value,
            "y1": value,
            "line": {"color": theme.colour(colour), "width": 1, "dash": dash[mode]},
        }
        for value, colour in field.thresholds
        if dash[mode] and within[0] <= value <= within[1]
    ]
