"""Stat: the present value, large, its recent past behind it."""

from dataclasses import replace

from lab.preview.canvas import Ink, fitted, width_of
from lab.preview.geometry import Box
from lab.preview.painters.plot import polyline
from lab.preview.painters.scene import Scene, Value, values
from lab.preview.plane import Plane

_LARGEST, _SMALLEST = 34, 12


def paint(scene: Scene) -> None:
    shown = values(scene)
    if not shown:
        scene.say_nothing()
        return
    canvas = scene.canvas
    width = canvas.width / len(shown)
    for number, value in enumerate(shown):
        part = canvas.part(number * width, 0, width, canvas.height)
        _one(replace(scene, canvas=part), value, named=len(shown) > 1)
        part.leads(Box(0, 0, part.width, part.height), scene.ways(value.field, value.series.labels))


def _one(scene: Scene, value: Value, *, named: bool) -> None:
    canvas = scene.canvas
    if scene.panel.options.get("graphMode") == "area":
        _past(scene, value)
    if named:
        name = fitted(value.name, canvas.width - 8, 12)
        canvas.text((canvas.width / 2, 8), name, Ink(colour=canvas.theme.faint, align="center"))
    size = _size(value.text, canvas.width - 16, canvas.height - (24 if named else 16))
    canvas.text(
        (canvas.width / 2, canvas.height / 2 - (0 if named else 6)),
        value.text,
        Ink(size=size, colour=value.colour, align="center", weight="bold"),
    )


def _size(text: str, width: float, height: float) -> float:
    fitting = width / max(width_of(text, 1, "bold"), 1e-9)
    return float(max(_SMALLEST, min(_LARGEST, fitting, height * 0.7)))


def _past(scene: Scene, value: Value) -> None:
    canvas = scene.canvas
    lower = canvas.part(0, canvas.height * 0.6, canvas.width, canvas.height * 0.4)
    times, points = polyline(value.series, scene.answer.step)
    present = [each for each in points if each == each]
    low, high = min(present), max(present)
    spread = (high - low) or abs(high) or 1.0
    floor = low - 0.15 * spread
    window = scene.answer.window
    plane = Plane(lower, (window.start, window.end), (floor, high + 0.15 * spread))
    plane.line(times, points, value.colour, width=1)
    plane.band(times, ([floor] * len(times), points), value.colour, opacity=0.15)
