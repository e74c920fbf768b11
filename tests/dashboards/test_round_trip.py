"""Grafana's own SDK reads and writes a board without losing anything of it."""

import copy
from collections.abc import Callable

import pytest

from dashboards import BOARDS, Board
from dashboards.render import dashboard
from tests.dashboards.board_lint import Json, panels
from tests.dashboards.every_board import EVERY_BOARD
from tests.dashboards.round_trip import lost


@pytest.mark.parametrize("board", EVERY_BOARD.values(), ids=EVERY_BOARD)
def test_a_board_survives_the_round_trip(board: Board) -> None:
    assert lost(dashboard(board)) == []


def of_type(board: Json, kind: str) -> Json:
    return next(panel for panel in panels(board) if panel["type"] == kind)


STRAYS: dict[str, Callable[[Json], object]] = {
    ".sharedCrosshair is lost": lambda board: board.update(sharedCrosshair=True),
    ".fieldConfig.defaults.custom.hideFrom.vis is lost": (
        lambda board: of_type(board, "timeseries")["fieldConfig"]["defaults"]["custom"].update(
            hideFrom={"legend": False, "tooltip": False, "vis": False}
        )
    ),
    ".options.legend.show is lost": (
        lambda board: of_type(board, "timeseries")["options"]["legend"].update(show=True)
    ),
    ".targets[0].metric is lost": (
        lambda board: of_type(board, "stat")["targets"][0].update(metric="up")
    ),
}


@pytest.mark.parametrize("line", STRAYS)
def test_a_key_that_grafana_does_not_model_is_found(line: str) -> None:
    server = next(board for board in BOARDS if board.uid == "mcp-server")
    broken = copy.deepcopy(dashboard(server))

    STRAYS[line](broken)

    assert [each for each in lost(broken) if each.endswith(line)]
