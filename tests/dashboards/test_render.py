"""A board's JSON is the same bytes every time and contains what its signals say."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dashboards import BOARDS, Board
from dashboards.render import board_json, dashboard

ROOT = Path(__file__).parents[2]
EVERY_BYTE = (
    "import dashboards, dashboards.render as r; print([*map(r.board_json, dashboards.BOARDS)])"
)

every_board = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)


def rendered(seed: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", EVERY_BYTE],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def test_two_processes_with_other_hash_seeds_render_the_same_bytes() -> None:
    assert rendered("1") == rendered("2")


@every_board
def test_a_board_is_json_with_sorted_keys_and_a_newline_at_the_end(board: Board) -> None:
    text = board_json(board)

    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"
    assert json.loads(text)["uid"] == board.uid


@every_board
def test_every_panel_is_drawn_once_with_its_signal(board: Board) -> None:
    drawn = {each["id"]: each for each in dashboard(board)["panels"]}

    assert len(drawn) == sum(1 + len(row.panels) for row in board.rows)
    for panel in board.panels:
        signal, written = panel.signal, drawn[panel.id]
        assert (written["title"], written["description"]) == (signal.title, signal.help)
        assert [t["expr"] for t in written["targets"]] == [str(q.expr) for q in signal.queries]
        assert signal.limit is None or signal.limit.reason in signal.help


def test_a_dashboard_has_the_settings_that_all_boards_share() -> None:
    written = dashboard(BOARDS[0])

    assert {key: written[key] for key in ("graphTooltip", "id", "refresh", "timezone")} == {
        "graphTooltip": 1,
        "id": None,
        "refresh": "30s",
        "timezone": "browser",
    }
    assert [each["name"] for each in written["annotations"]["list"]][1:] == [
        "Proxy restarts",
        "Alerts that begin to fire",
        "Changed tools",
        "Injected faults",
    ]
