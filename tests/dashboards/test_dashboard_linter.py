"""grafana/dashboard-linter itself, on every board."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from dashboards import BOARDS, Board
from dashboards.render import board_json, dashboard
from lab.binaries.find import ensure
from tests.dashboards.every_board import EVERY_BOARD

pytestmark = pytest.mark.slow

EXCLUSIONS = Path(__file__).with_name("dashboard-linter.yaml")


@pytest.fixture(scope="module")
def linter() -> Path:
    return ensure(["dashboard-linter"], environ=os.environ)["dashboard-linter"]


def lint(linter: Path, board: str, config: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (linter, "lint", "--strict", "--stdin", "--config", config),
        input=board,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("board", EVERY_BOARD.values(), ids=EVERY_BOARD)
def test_the_linter_has_nothing_against_a_board(linter: Path, board: Board) -> None:
    done = lint(linter, board_json(board), EXCLUSIONS)

    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_a_board_with_a_defect_is_refused(linter: Path) -> None:
    broken = dashboard(BOARDS[0]) | {"editable": True}

    done = lint(linter, json.dumps(broken), EXCLUSIONS)

    assert done.returncode == 1
    assert "is editable" in done.stdout


@pytest.mark.parametrize("rule", yaml.safe_load(EXCLUSIONS.read_text())["exclusions"])
def test_an_exclusion_is_needed(linter: Path, tmp_path: Path, rule: str) -> None:
    kept = yaml.safe_load(EXCLUSIONS.read_text())
    del kept["exclusions"][rule]
    without = tmp_path / ".lint"
    without.write_text(yaml.safe_dump(kept))

    assert any(lint(linter, board_json(board), without).returncode for board in BOARDS)


def test_a_board_in_the_v2_schema_is_refused_not_judged(linter: Path) -> None:
    board = {"apiVersion": "dashboard.grafana.app/v2", "kind": "Dashboard", "spec": {"title": "x"}}

    done = lint(linter, json.dumps(board), EXCLUSIONS)

    assert done.returncode == 1
    assert "knows no boards in the v2 schema" in done.stderr
