"""Boards and answers made by hand, in the form that Grafana stores."""

import json
from collections.abc import Mapping
from typing import Any

from lab.preview import model
from lab.preview.charts import Look
from lab.preview.links import Links
from lab.preview.model import Board, Panel
from lab.preview.page import html
from lab.preview.queries import Answer, Answers, Series, View
from lab.preview.theme import THEMES, Mode
from lab.preview.time_range import TimeRange

END = 1_700_000_100.0
TIME = TimeRange(END - 300, END)
STEP = 10
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
REDUCED = {"calcs": ["lastNotNull"], "fields": "", "values": False}
LEGEND = {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]}
DARK = Look(THEMES[Mode.DARK])

OPTIONS: dict[str, dict[str, Any]] = {
    "stat": {"reduceOptions": REDUCED},
    "timeseries": {"legend": LEGEND},
    "table": {"sortBy": []},
    "bargauge": {"reduceOptions": REDUCED},
    "heatmap": {
        "calculate": False,
        "color": {"mode": "scheme", "scheme": "Blues", "exponent": 0.5},
        "cellValues": {"unit": "short"},
        "exemplars": {"color": "rgba(255,120,10,0.8)"},
        "filterValues": {"le": 1e-9},
        "yAxis": {"unit": "s"},
    },
    "text": {
        "mode": "markdown",
        "content": "# Where to go\n- [Fleet](d/mcp-fleet): **all** of `it`",
    },
}


def panel_json(kind: str, **more: Any) -> dict[str, Any]:
    """One panel; `more` replaces what it has by default."""
    target = {
        "refId": "A",
        "expr": "up",
        "legendFormat": "{{server}}",
        "interval": "1m",
        "datasource": SOURCE,
    }
    written: dict[str, Any] = {
        "id": 1,
        "type": kind,
        "title": f"A {kind}",
        "gridPos": {"w": 12, "h": 8, "x": 0, "y": 0},
        "datasource": SOURCE,
        "targets": [target],
        "fieldConfig": {"defaults": {}, "overrides": []},
        "options": OPTIONS.get(kind, {}),
    }
    return written | more


def board_text(*panels: Mapping[str, Any]) -> str:
    variable = {
        "name": "server",
        "label": "Server",
        "type": "query",
        "definition": "label_values(up, server)",
        "allValue": ".+",
        "includeAll": True,
    }
    written = {
        "uid": "made",
        "title": "Made by hand",
        "description": "For tests.",
        "panels": list(panels),
        "templating": {"list": [variable, {"name": "tags", "type": "textbox"}]},
    }
    return json.dumps(written)


def board(*panels: Mapping[str, Any]) -> Board:
    return model.parse(board_text(*panels), "made")


def panel(kind: str, **more: Any) -> Panel:
    return board(panel_json(kind, **more)).panels[0]


def fields(**defaults: Any) -> dict[str, Any]:
    return {"defaults": defaults, "overrides": []}


def series(*values: float, name: str = "a", letter: str = "A", **labels: str) -> Series:
    """Points up to the range's end, STEP seconds apart."""
    times = tuple(END - STEP * (len(values) - 1 - number) for number in range(len(values)))
    return Series(letter, name, labels, times, values)


def answer(*found: Series) -> Answer:
    return Answer(found, TIME, STEP)


def page(drawn: Board, answers: Answers, look: Look = DARK) -> str:
    """The file of a board."""
    return html(drawn, answers, View(TIME, {}), look, {drawn.uid: drawn.title})


def linked(links: Links) -> Look:
    return Look(THEMES[Mode.DARK], links)


def everywhere(drawn: Board) -> Answers:
    """Two series for every query of every panel."""
    return {
        panel.id: answer(*(each for target in panel.targets for each in _two(panel, target.letter)))
        for panel in drawn.panels
    }


def _two(panel: Panel, letter: str) -> tuple[Series, Series]:
    bounds = ("0.1", "+Inf") if panel.kind == "heatmap" else ("", "")
    return tuple(  # type: ignore[return-value]
        series(0.5, 1.0, 3.0, name=name, letter=letter, server=name, le=bound)
        for name, bound in zip(("one", "two"), bounds, strict=True)
    )
