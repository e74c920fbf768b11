"""A board's JSON is the same bytes every time and says what its signals say."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dashboards import BOARDS, Board
from dashboards.limits import Limit
from dashboards.palette import named, steps
from dashboards.panels import Form
from dashboards.render import board_json, dashboard

ROOT = Path(__file__).parents[2]
UIDS = [board.uid for board in BOARDS]
ALL_BYTES = (
    "import dashboards, dashboards.render as r; print([*map(r.board_json, dashboards.BOARDS)])"
)


def rendered(seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    return subprocess.run(
        [sys.executable, "-c", ALL_BYTES],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def test_two_processes_with_other_hash_seeds_render_the_same_bytes() -> None:
    assert rendered("1") == rendered("2")


@pytest.mark.parametrize("board", BOARDS, ids=UIDS)
def test_a_board_is_json_with_sorted_keys_and_a_newline_at_the_end(board: Board) -> None:
    text = board_json(board)

    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"
    assert json.loads(text)["uid"] == board.uid


@pytest.mark.parametrize("board", BOARDS, ids=UIDS)
def test_every_panel_is_drawn_once_with_its_signal(board: Board) -> None:
    drawn = {each["id"]: each for each in dashboard(board)["panels"]}

    assert len(drawn) == sum(1 + len(row.panels) for row in board.rows)
    for panel in board.panels:
        written = drawn[panel.id]
        assert written["title"] == panel.signal.title
        assert written["description"] == panel.signal.help
        assert [t["expr"] for t in written["targets"]] == [a.expr for a in panel.signal.answers]


@pytest.mark.parametrize("board", BOARDS, ids=UIDS)
def test_a_limit_is_explained_in_the_panel_that_shows_it(board: Board) -> None:
    unexplained = [
        panel.signal.title
        for panel in board.panels
        if panel.signal.limit and panel.signal.limit.reason not in panel.signal.help
    ]

    assert unexplained == []


def test_a_limit_becomes_green_orange_and_red() -> None:
    colours = [(step.color, step.value) for step in steps(Limit("why", critical=2, warning=1))]

    assert colours == [("green", None), ("orange", 1), ("red", 2)]


def test_a_floor_is_red_below_and_green_above() -> None:
    colours = [(s.color, s.value) for s in steps(Limit("why", critical=1, floor=True))]

    assert colours == [("red", None), ("green", 1)]


def test_a_legend_by_outcome_gets_the_colour_of_every_outcome() -> None:
    assert named(("{{outcome}}",))["ok"] == "green"
    assert named(("p50", "{{tool}}")) == {"p50": "light-blue"}


def test_a_table_has_one_named_column_per_answer() -> None:
    board = next(b for b in BOARDS if any(p.form is Form.TABLE for p in b.panels))
    table = next(panel for panel in dashboard(board)["panels"] if panel["type"] == "table")

    columns = table["transformations"][1]["options"]["renameByName"]

    assert columns == {
        "Value #A": "Calls",
        "Value #B": "Errors",
        "Value #C": "Error ratio",
        "Value #D": "p50",
        "Value #E": "p95",
    }
    assert [target["format"] for target in table["targets"]] == ["table"] * 5
