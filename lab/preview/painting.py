"""Which panel types can be drawn, and the drawing of one panel's body."""

from lab.preview.errors import Undrawable
from lab.preview.model import JAEGER, PROMETHEUS, Board, Panel
from lab.preview.painters import bargauge, elsewhere, heatmap, stat, table, text, timeseries, traces
from lab.preview.painters.scene import Painter, Scene

ROW = "row"

PAINTERS: dict[str, Painter] = {
    "bargauge": bargauge.paint,
    "heatmap": heatmap.paint,
    "stat": stat.paint,
    "table": table.paint,
    "text": text.paint,
    "timeseries": timeseries.paint,
    "traces": traces.paint,
}
"""Grafana's panel type -> who paints it; a row is a heading and needs nobody."""

_SOURCES = {JAEGER: traces.paint}
"""The data source of a panel -> who paints it, whatever its type."""


def refuse_unknown(board: Board) -> None:
    """Raise Undrawable if the board has a panel of a type that nobody paints."""
    for panel in board.panels:
        if panel.kind != ROW and panel.kind not in PAINTERS:
            known = ", ".join(sorted(PAINTERS))
            raise Undrawable(
                f'{_who(board, panel)}: panel type "{panel.kind}" is not drawn; known: {known}'
            )


def paint(board: Board, scene: Scene) -> None:
    """Paint the body of a panel of the board; raises Undrawable, naming board and panel."""
    panel = scene.panel
    try:
        if panel.source in ("", PROMETHEUS):
            PAINTERS[panel.kind](scene)
        else:
            _SOURCES.get(panel.source, elsewhere.paint)(scene)
    except Undrawable as wrong:
        raise Undrawable(f"{_who(board, panel)}: {wrong}") from wrong


def _who(board: Board, panel: Panel) -> str:
    return f'board {board.uid}, panel "{panel.title}"'
