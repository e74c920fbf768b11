"""What a painter gets: a panel, its answer, and a canvas of the panel's body."""

from collections.abc import Callable
from dataclasses import dataclass

from lab.preview.asking import Answer, Series
from lab.preview.canvas import Canvas, Ink
from lab.preview.fields import Field
from lab.preview.links import NOWHERE, Guide, Labels, Way
from lab.preview.model import Panel
from lab.preview.reducers import reduced


@dataclass(frozen=True, slots=True)
class Scene:
    """One panel with its data, where to paint it, and where its links lead."""

    panel: Panel
    answer: Answer
    canvas: Canvas
    guide: Guide = NOWHERE

    def field(self, series: Series) -> Field:
        """How the values of a series look."""
        return self.panel.fields.of(series.name)

    def ways(self, field: Field, labels: Labels) -> tuple[Way, ...]:
        """Where a click on a series or row with these labels may lead."""
        return self.guide.ways(field.config.get("links", ()), labels)

    def say_nothing(self) -> None:
        """Write what the panel shows when there is no data."""
        canvas = self.canvas
        canvas.text(
            (canvas.width / 2, canvas.height / 2),
            self.panel.fields.of("").nothing,
            Ink(size=14, colour=canvas.theme.faint, align="center"),
        )


@dataclass(frozen=True, slots=True)
class Value:
    """A series come down to one value, in the colour and the words of its field."""

    name: str
    value: float
    text: str
    colour: str
    series: Series
    field: Field


def values(scene: Scene) -> tuple[Value, ...]:
    """The panel's series, each reduced as its options say; those without a value are left out."""
    calculation = scene.panel.options["reduceOptions"]["calcs"][0]
    found = []
    for number, series in enumerate(scene.answer.series):
        value = reduced(calculation, series.values)
        if value is not None:
            field = scene.field(series)
            colour = field.colour(value, number, scene.canvas.theme)
            found.append(Value(series.name, value, field.text(value), colour, series, field))
    return tuple(found)


Painter = Callable[[Scene], None]
