"""What only Grafana shows: panels of a data source that is no Prometheus, with the way to it."""

from lab.preview.canvas import Ink, width_of
from lab.preview.geometry import Box
from lab.preview.painters.scene import Scene

_SIZE, _LINE = 13, 22


def paint(scene: Scene) -> None:
    canvas = scene.canvas
    source = scene.panel.source.capitalize()
    middle = (canvas.width / 2, canvas.height / 2)
    ways = scene.guide.traces()
    said = "here:" if ways else "the preview asks Prometheus only."
    faint = Ink(size=_SIZE, colour=canvas.theme.faint, align="center")
    canvas.text(middle, f"In Grafana, read from {source}; {said}", faint)
    for number, way in enumerate(ways, start=1):
        y = middle[1] + number * _LINE
        canvas.text(
            (middle[0], y),
            way.title,
            Ink(size=_SIZE, colour=canvas.theme.colour("blue"), align="center"),
        )
        width = width_of(way.title, _SIZE)
        canvas.leads(Box(middle[0] - width / 2, y - _LINE / 2, width, _LINE), (way,))
