"""The boards are what Grafana's own types and lists of names say that boards are."""

import copy
import os
from collections.abc import Callable

import pytest

from dashboards import BOARDS, Board
from dashboards.palette import COLOURS
from dashboards.render import dashboard
from tests.dashboards import board_lint as lint
from tests.dashboards.board_lint import Json, panels
from tests.dashboards.every_board import EVERY_BOARD
from tests.dashboards.grafana_types import Grafana, own

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def grafana() -> Grafana:
    return own(os.environ)


@pytest.mark.parametrize("board", EVERY_BOARD.values(), ids=EVERY_BOARD)
def test_a_board_is_of_grafanas_types(grafana: Grafana, board: Board) -> None:
    assert grafana.complaints(dashboard(board)) == []


@pytest.mark.parametrize("board", EVERY_BOARD.values(), ids=EVERY_BOARD)
def test_a_board_has_no_name_that_grafana_does_not_know(grafana: Grafana, board: Board) -> None:
    assert grafana.unknown(dashboard(board)) == []


def test_what_our_linter_allows_grafana_knows(grafana: Grafana) -> None:
    names = grafana.names

    assert names["reducer"] >= lint.REDUCERS
    assert names["transformation"] >= lint.TRANSFORMATIONS
    assert names["colour"] >= set(COLOURS.values())


def of_type(board: Json, kind: str) -> Json:
    return next(panel for panel in panels(board) if panel["type"] == kind)


def custom(board: Json) -> Json:
    settings: Json = of_type(board, "timeseries")["fieldConfig"]["defaults"]["custom"]
    return settings


def override(board: Json, id: str, value: object) -> None:
    of_type(board, "table")["fieldConfig"]["overrides"].append(
        {"matcher": {"id": "byName", "options": "x"}, "properties": [{"id": id, "value": value}]}
    )


WRONG: dict[str, Callable[[Json], object]] = {
    "('vis' was unexpected)": lambda board: custom(board).update(hideFrom={"vis": False}),
    "'lines' is not one of": lambda board: custom(board).update(drawStyle="lines"),
    "'percents' is not one of": lambda board: custom(board)["stacking"].update(mode="percents"),
    "'null' is not of type": (
        lambda board: of_type(board, "stat")["fieldConfig"]["defaults"]["thresholds"]["steps"][
            0
        ].update(value="null")
    ),
    "('sharedCrosshair' was unexpected)": lambda board: board.update(sharedCrosshair=True),
    "'${datasource}' is not of type 'object'": (
        lambda board: of_type(board, "stat").update(datasource="${datasource}")
    ),
    "'showLegend' is a required property": (
        lambda board: of_type(board, "timeseries")["options"]["legend"].pop("showLegend")
    ),
    "no schema of its options": lambda board: of_type(board, "stat").update(type="singlestat"),
    "unknown override property custom.cellOption": (
        lambda board: override(board, "custom.cellOption", {"type": "auto"})
    ),
    "override custom.cellOptions": (
        lambda board: override(board, "custom.cellOptions", {"type": "colour"})
    ),
    "override unit: $: 5 is not of type 'string'": lambda board: override(board, "unit", 5),
    'row "': lambda board: board["panels"][0].update(panels=None),
}


@pytest.mark.parametrize("complaint", WRONG)
def test_a_key_or_value_that_is_not_of_the_types_is_found(grafana: Grafana, complaint: str) -> None:
    broken = copy.deepcopy(dashboard(board_with_tables()))

    WRONG[complaint](broken)

    assert [line for line in grafana.complaints(broken) if complaint in line]


def board_with_tables() -> Board:
    return next(board for board in BOARDS if board.uid == "mcp-fleet")


MISSPELT: dict[str, Callable[[Json], object]] = {
    "unknown unit reqsps": (
        lambda board: of_type(board, "stat")["fieldConfig"]["defaults"].update(unit="reqsps")
    ),
    "unknown unit secs": lambda board: override(board, "unit", "secs"),
    "unknown reducer p95th": (
        lambda board: of_type(board, "timeseries")["options"]["legend"]["calcs"].append("p95th")
    ),
    "unknown reducer latest": (
        lambda board: of_type(board, "stat")["options"]["reduceOptions"].update(calcs=["latest"])
    ),
    "unknown transformation marge": (
        lambda board: of_type(board, "table")["transformations"].append({"id": "marge"})
    ),
    "unknown matcher byname": (
        lambda board: of_type(board, "table")["fieldConfig"]["overrides"][0]["matcher"].update(
            id="byname"
        )
    ),
    "unknown colour mode threshold": (
        lambda board: of_type(board, "stat")["fieldConfig"]["defaults"]["color"].update(
            mode="threshold"
        )
    ),
    "unknown colour grren": (
        lambda board: of_type(board, "stat")["fieldConfig"]["defaults"]["thresholds"]["steps"][
            0
        ].update(color="grren")
    ),
}


@pytest.mark.parametrize("line", MISSPELT)
def test_a_misspelt_name_is_found(grafana: Grafana, line: str) -> None:
    broken = copy.deepcopy(dashboard(board_with_tables()))

    MISSPELT[line](broken)

    assert line in grafana.unknown(broken)
