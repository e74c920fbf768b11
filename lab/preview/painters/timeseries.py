"""Time series: lines or a stack over time, thresholds across, a legend below."""

import math
from dataclasses import dataclass

from lab.preview.errors import Undrawable
from lab.preview.fields import Field
from lab.preview.painters import legend
from lab.preview.painters.legend import Entry
from lab.preview.painters.plot import mark_events, plane_over_time, polyline, value_range
from lab.preview.painters.scene import Scene
from lab.preview.plane import Plane
from lab.preview.reducers import reduced

_DASHES = {"off": None, "line": "solid", "dashed": (0, (6, 4))}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A series as lines: its points, and in a stack what lies below each of them."""

    entry: Entry
    times: list[float]
    values: list[float]
    below: list[float]


def paint(scene: Scene) -> None:
    entries = tuple(_entry(scene, number) for number in range(len(scene.answer.series)))
    if not entries:
        scene.say_nothing()
        return
    canvas, options = scene.canvas, scene.panel.options["legend"]
    legend_height = legend.height(options, entries, canvas.height)
    drawn = stacked(entries, scene.answer.step)
    field = entries[0].field
    within = value_range([value for each in drawn for value in each.values], field)
    plot = canvas.part(0, 0, canvas.width, canvas.height - legend_height - 4)
    plane = plane_over_time(plot, scene.answer.window, within, field)
    for each in drawn:
        _draw(plane, each)
    _thresholds(plane, field, scene)
    mark_events(plane, scene.answer.events)
    _exemplars(plane, scene)
    if legend_height:
        place = canvas.part(0, canvas.height - legend_height, canvas.width, legend_height)
        legend.paint(options, entries, place)


def _entry(scene: Scene, number: int) -> Entry:
    series = scene.answer.series[number]
    field = scene.field(series)
    last = reduced("lastNotNull", series.values)
    colour = field.colour(math.nan if last is None else last, number, scene.canvas.theme)
    return Entry(series, colour, field, scene.ways(field, series.labels))


def stacked(entries: tuple[Entry, ...], step: int) -> list[Drawn]:
    """Each series with what it stands on: zero, or the sum of those before it in its stack."""
    floor: dict[float, float] = {}
    return [
        _on(floor, entry, step) if _stacks(entry.field) else _alone(entry, step)
        for entry in entries
    ]


def _stacks(field: Field) -> bool:
    mode = field.custom("stacking", {"mode": "none"})["mode"]
    if mode not in ("none", "normal"):
        raise Undrawable(f'stacking of mode "{mode}" is not drawn; known: none, normal')
    return bool(mode == "normal")


def _alone(entry: Entry, step: int) -> Drawn:
    times, values = polyline(entry.series, step)
    return Drawn(entry, times, values, [0.0] * len(times))


def _on(floor: dict[float, float], entry: Entry, step: int) -> Drawn:
    times, values = polyline(entry.series, step)
    below = [floor.get(time, 0.0) for time in times]
    tops = [under + value for under, value in zip(below, values, strict=True)]
    floor.update((t, top) for t, top in zip(times, tops, strict=True) if not math.isnan(top))
    return Drawn(entry, times, tops, below)


def _draw(plane: Plane, drawn: Drawn) -> None:
    field, colour = drawn.entry.field, drawn.entry.colour
    style = field.custom("drawStyle", "line")
    if style != "line":
        raise Undrawable(f'draw style "{style}" is not drawn; only "line"')
    if width := field.custom("lineWidth", 1):
        plane.line(drawn.times, drawn.values, colour, width=width * 1.3)
    opacity = field.custom("fillOpacity", 0) / 100
    if opacity:
        plane.band(drawn.times, (drawn.below, drawn.values), colour, opacity=opacity)


def _exemplars(plane: Plane, scene: Scene) -> None:
    """A dot for each single call that lies within the plane."""
    low, high = plane.ys
    points = [
        ((each.time, each.value), scene.guide.trace(each.trace))
        for each in scene.answer.exemplars
        if low <= each.value <= high
    ]
    plane.dots(points, scene.canvas.theme.colour("super-light-blue"), size=4)


def _thresholds(plane: Plane, field: Field, scene: Scene) -> None:
    mode = field.custom("thresholdsStyle", {"mode": "off"})["mode"]
    if mode not in _DASHES:
        known = ", ".join(_DASHES)
        raise Undrawable(f'thresholds drawn as "{mode}" are not drawn; known: {known}')
    if mode == "off":
        return
    low, high = plane.ys
    for step in field.steps:
        if low <= step.value <= high:
            colour = scene.canvas.theme.colour(step.colour)
            plane.rules(colour, level=[step.value], width=1, dash=_DASHES[mode])
