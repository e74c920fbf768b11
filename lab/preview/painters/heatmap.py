"""Heat map: how many observations fell into each bucket at each time, darker for more."""

import math
from bisect import bisect_left
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.colors import Colormap, PowerNorm

from lab.preview.asking import Series
from lab.preview.canvas import Canvas, Ink, width_of
from lab.preview.colours import Mode, Theme, css_colour
from lab.preview.errors import Undrawable
from lab.preview.fields import Field
from lab.preview.geometry import Box
from lab.preview.painters.plot import TICK_SIZE, mark_events, time_labels
from lab.preview.painters.scene import Scene
from lab.preview.plane import Plane
from lab.preview.units import formatter

_SCALE_HEIGHT, _TIME_HEIGHT = 24, 20
_TICK_PIXELS = 16


@dataclass(frozen=True, slots=True)
class Bands:
    """Observations per bucket: `counts[row][column]` fell into the bucket up to `bounds[row]`."""

    bounds: tuple[float, ...]
    times: tuple[float, ...]
    counts: tuple[tuple[float, ...], ...]


def bands(series: tuple[Series, ...]) -> Bands:
    """Cumulative buckets by `le` -> what each bucket holds by itself; NaN where none was."""
    ordered = sorted(series, key=lambda each: float(each.labels["le"]))
    times = tuple(sorted({time for each in ordered for time in each.times}))
    below = dict.fromkeys(times, 0.0)
    counts = []
    for each in ordered:
        total = dict(zip(each.times, each.values, strict=True))
        counts.append(
            tuple(
                max(total[time] - below[time], 0.0) if time in total else math.nan for time in times
            )
        )
        below |= total
    return Bands(tuple(float(each.labels["le"]) for each in ordered), times, tuple(counts))


def paint(scene: Scene) -> None:
    options = scene.panel.options
    if options.get("calculate") or options["color"]["mode"] != "scheme":
        raise Undrawable("only heat maps of buckets in a colour scheme are drawn")
    found = bands(scene.answer.series)
    largest = max((each for row in found.counts for each in row if each == each), default=0.0)
    if largest <= options["filterValues"]["le"]:
        scene.say_nothing()
        return
    canvas = scene.canvas
    colours = _scheme(options["color"]["scheme"], canvas.theme)
    norm = PowerNorm(options["color"]["exponent"], 0, largest)
    field = Field({"unit": options["yAxis"]["unit"]})
    texts = [_bound(each, field) for each in found.bounds]
    left = max(width_of(each, TICK_SIZE) for each in texts) + 8
    height = canvas.height - _SCALE_HEIGHT - _TIME_HEIGHT
    plot = canvas.part(left, TICK_SIZE, canvas.width - left - 4, height - TICK_SIZE)
    _cells(plot, scene, found, (colours, norm))
    _labels(plot, texts)
    time_labels(plot, scene.answer.window)
    scale = canvas.part(left, canvas.height - 16, min(240.0, plot.width), 16)
    _scale(scale, colours, largest, options["cellValues"]["unit"])


def _cells(plot: Canvas, scene: Scene, found: Bands, colour: tuple[Colormap, PowerNorm]) -> None:
    window, step = scene.answer.window, scene.answer.step
    plane = Plane(plot, (window.start, window.end), (0, len(found.bounds)))
    least = scene.panel.options["filterValues"]["le"]
    colours, norm = colour
    lit = [
        (time, row, each)
        for row, counts in enumerate(found.counts)
        for time, each in zip(found.times, counts, strict=True)
        if each > least
    ]
    plane.boxes(
        [((time - step, row + 0.04), (time, row + 0.96)) for time, row, _ in lit],
        [colours(norm(each)) for *_, each in lit],
    )
    mark_events(plane, scene.answer.events)
    dots = [
        ((each.time, height(each.value, found.bounds)), scene.guide.trace(each.trace))
        for each in scene.answer.exemplars
    ]
    plane.dots(dots, css_colour(scene.panel.options["exemplars"]["color"]), size=5)


def height(value: float, bounds: tuple[float, ...]) -> float:
    """Where a value lies among buckets of equal height, by its part of the bucket."""
    row = min(bisect_left(bounds, value), len(bounds) - 1)
    low, high = bounds[row - 1] if row else 0.0, bounds[row]
    part = (value - low) / (high - low) if math.isfinite(high) and high > low else 0.5
    return row + min(max(part, 0.0), 1.0)


def _labels(plot: Canvas, texts: list[str]) -> None:
    """The buckets' upper bounds, as many as are legible."""
    height = plot.height / len(texts)
    every = math.ceil(_TICK_PIXELS / height)
    for row in range(0, len(texts), every):
        y = plot.height - (row + 1) * height
        plot.rectangle(Box(0, y, plot.width, 0.7), plot.theme.grid)
        plot.text((-6, y), texts[row], Ink(size=TICK_SIZE, colour=plot.theme.faint, align="right"))


def _bound(bound: float, field: Field) -> str:
    return "∞" if math.isinf(bound) else field.text(bound)


def _scheme(name: str, theme: Theme) -> Colormap:
    """Grafana's scheme of that name, from the panel's background to the strongest colour."""
    known = {each.lower(): each for each in mpl.colormaps}
    if name.lower() not in known:
        raise Undrawable(f'colour scheme "{name}" is not drawn')
    colours = mpl.colormaps[known[name.lower()]]
    return colours.reversed() if theme.mode is Mode.DARK else colours


def _scale(canvas: Canvas, colours: Colormap, largest: float, unit: str) -> None:
    """What the colours mean, from nothing to the largest count."""
    pieces = 40
    text = formatter(unit)(largest, None)
    bar = canvas.part(14, 4, canvas.width - 24 - width_of(text, TICK_SIZE), 8)
    for piece in range(pieces):
        box = Box(piece * bar.width / pieces, 0, bar.width / pieces + 0.5, bar.height)
        bar.rectangle(box, mpl.colors.to_hex(colours((piece + 0.5) / pieces)))
    faint = canvas.theme.faint
    canvas.text((0, 8), "0", Ink(size=TICK_SIZE, colour=faint))
    canvas.text((canvas.width, 8), text, Ink(size=TICK_SIZE, colour=faint, align="right"))
