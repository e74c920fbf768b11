"""What only Grafana shows: panels of a data source that the preview does not ask."""

from lab.preview.canvas import Ink
from lab.preview.painters.scene import Scene


def paint(scene: Scene) -> None:
    canvas = scene.canvas
    source = scene.panel.source.capitalize()
    canvas.text(
        (canvas.width / 2, canvas.height / 2),
        f"In Grafana, read from {source}; the preview asks Prometheus and Jaeger only.",
        Ink(size=13, colour=canvas.theme.faint, align="center"),
    )
