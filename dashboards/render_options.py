"""Boards as a user wants them: under other thresholds, bound to one data source."""

import json
from dataclasses import dataclass, replace
from typing import Any

from dashboards.board import Board
from dashboards.bundles import MonitoringBundle, default_bundle, translated
from dashboards.layout import Row
from dashboards.manifests import FOLDER, NAMESPACE
from dashboards.panels import Panel, StaticPanel
from dashboards.render import board_json
from dashboards.thresholds import DEFAULTS, Thresholds
from dashboards.variants.label_schema import LabelSchema

VARIABLE = "${datasource}"
"""In a board, whatever data source its viewer chose."""

_CARRIED = "&${datasource:queryparam}"


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What boards and rules are made for; without `datasource` the viewer chooses one.

    Without `dialect` it is the set for the series contract.
    """

    thresholds: Thresholds = DEFAULTS
    datasource: str | None = None
    folder: str = FOLDER
    namespace: str = NAMESPACE
    dialect: LabelSchema | None = None

    def made(self) -> MonitoringBundle:
        """The boards and rules, the boards still under the default thresholds."""
        if self.dialect is None:
            return default_bundle(self.thresholds)
        return translated(self.dialect, self.thresholds)


def board_text(board: Board, choices: RenderOptions) -> str:
    """The board's JSON under the choices; the defaults give what `board_json` gives."""
    text = board_json(_under(board, choices.thresholds))
    return text if choices.datasource is None else _bound(text, choices.datasource)


def texts(made: MonitoringBundle, choices: RenderOptions) -> tuple[tuple[Board, str], ...]:
    """Every board of what was made by the choices, with its JSON."""
    return tuple((board, board_text(board, choices)) for board in made.boards)


def _under(board: Board, thresholds: Thresholds) -> Board:
    """The board whose panels turn red where these thresholds do."""
    return replace(board, rows=tuple(_row(row, thresholds) for row in board.rows))


def _row(row: Row, thresholds: Thresholds) -> Row:
    return replace(row, panels=tuple(_panel(panel, thresholds) for panel in row.panels))


def _panel(panel: Panel | StaticPanel, thresholds: Thresholds) -> Panel | StaticPanel:
    if isinstance(panel, StaticPanel) or panel.signal.limit is None:
        return panel
    limit = panel.signal.limit.with_thresholds(thresholds)
    return replace(panel, signal=replace(panel.signal, limit=limit))


def _bound(text: str, uid: str) -> str:
    """The same JSON with one data source instead of the variable."""
    written = json.loads(text.replace(_CARRIED, "").replace(VARIABLE, uid))
    variables: list[dict[str, Any]] = written["templating"]["list"]
    written["templating"]["list"] = [each for each in variables if each["type"] != "datasource"]
    return json.dumps(written, indent=2, sort_keys=True) + "\n"
