"""Bar gauge: one horizontal bar per series, its name before it and its value behind."""

from lab.preview.canvas import Canvas, Ink, fitted, width_of
from lab.preview.errors import Undrawable
from lab.preview.geometry import Box
from lab.preview.painters.scene import Scene, Value, values

_SIZE = 12
_GAP = 6
_NAME_SHARE = 0.4


def paint(scene: Scene) -> None:
    shown = values(scene)
    if not shown:
        scene.say_nothing()
        return
    options, canvas = scene.panel.options, scene.canvas
    if options.get("orientation") != "horizontal":
        raise Undrawable(f'bars that stand "{options.get("orientation")}" are not drawn')
    lines = int((canvas.height + _GAP) / (options["minVizHeight"] + _GAP))
    bars = shown if len(shown) <= lines else shown[: lines - 1]
    line = min(options["maxVizHeight"], canvas.height / min(len(shown), lines) - _GAP)
    columns = _columns(bars, canvas.width)
    for number, value in enumerate(bars):
        part = canvas.part(0, number * (line + _GAP), canvas.width, line)
        _bar(part, value, columns, share(value, shown))
        part.leads(Box(0, 0, part.width, line), scene.ways(value.field, value.series.labels))
    if len(bars) < len(shown):
        y = len(bars) * (line + _GAP) + line / 2
        more = f"and {len(shown) - len(bars)} more"
        canvas.text((0, y), more, Ink(size=_SIZE, colour=canvas.theme.faint))


def share(value: Value, shown: tuple[Value, ...]) -> float:
    """How full the bar is: from the field's minimum to its maximum, or the largest value."""
    low = float(value.field.config.get("min", min(each.value for each in shown)))
    high = float(value.field.config.get("max", max(each.value for each in shown)))
    return min(max((value.value - low) / (high - low), 0.0), 1.0) if high > low else 0.0


def _columns(shown: tuple[Value, ...], width: float) -> tuple[float, float]:
    """The widths of the names and of the values."""
    names = max(width_of(each.name, _SIZE) for each in shown) + 10
    texts = max(width_of(each.text, _SIZE, "bold") for each in shown) + 10
    return min(names, width * _NAME_SHARE), texts


def _bar(canvas: Canvas, value: Value, columns: tuple[float, float], full: float) -> None:
    left, right = columns
    middle, length = canvas.height / 2, canvas.width - left - right
    canvas.text((0, middle), fitted(value.name, left - 8, _SIZE), Ink(size=_SIZE))
    canvas.rectangle(Box(left, 0, length, canvas.height), canvas.theme.grid)
    canvas.rectangle(Box(left, 0, length * full, canvas.height), value.colour, opacity=0.45)
    canvas.rectangle(Box(left + length * full - 2, 0, 2, canvas.height), value.colour)
    canvas.text(
        (canvas.width, middle),
        value.text,
        Ink(size=_SIZE, colour=value.colour, align="right", weight="bold"),
    )
