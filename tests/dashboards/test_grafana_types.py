"""The boards are what Grafana's own types and lists of names say that boards are."""

import copy
import os
from collections.abc import Callable
from typing import Any

import pytest

from dashboards import BOARDS, Board
from dashboards.palette import COLOURS
from dashboards.render import dashboard
from tests.dashboards.board_lint import Json, panel_of
from tests.dashboards.every_board import EVERY_BOARD
from tests.dashboards.grafana_types import Grafana, own

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def grafana() -> Grafana:
    return own(os.environ)


@pytest.mark.parametrize("board", EVERY_BOARD.values(), ids=EVERY_BOARD)
def test_a_board_has_grafanas_types_and_names(grafana: Grafana, board: Board) -> None:
    assert grafana.complaints(dashboard(board)) == []
    assert grafana.unknown(dashboard(board)) == []


def test_grafana_knows_every_colour_of_the_palette(grafana: Grafana) -> None:
    assert grafana.names["colour"] >= set(COLOURS.values())


def field(board: Json, kind: str, *path: str) -> Any:
    """A setting of the fields of the first panel of a type."""
    found = panel_of(board, kind)["fieldConfig"]["defaults"]
    for each in path:
        found = found[each]
    return found


def override(board: Json, id: str, value: object) -> None:
    panel_of(board, "table")["fieldConfig"]["overrides"].append(
        {"matcher": {"id": "byName", "options": "x"}, "properties": [{"id": id, "value": value}]}
    )


Defect = Callable[[Json], object]
OF_OTHER_TYPES: dict[str, Defect] = {
    "('vis' was unexpected)": (
        lambda board: field(board, "timeseries", "custom").update(hideFrom={"vis": False})
    ),
    "'lines' is not one of": (
        lambda board: field(board, "timeseries", "custom").update(drawStyle="lines")
    ),
    "'percents' is not one of": (
        lambda board: field(board, "timeseries", "custom", "stacking").update(mode="percents")
    ),
    "'null' is not of type": (
        lambda board: field(board, "stat", "thresholds", "steps")[0].update(value="null")
    ),
    "('sharedCrosshair' was unexpected)": lambda board: board.update(sharedCrosshair=True),
    "'${datasource}' is not of type 'object'": (
        lambda board: panel_of(board, "stat").update(datasource="${datasource}")
    ),
    "'showLegend' is a required property": (
        lambda board: panel_of(board, "timeseries")["options"]["legend"].pop("showLegend")
    ),
    "no schema of its options": lambda board: panel_of(board, "stat").update(type="singlestat"),
    "unknown override property custom.cellOption": (
        lambda board: override(board, "custom.cellOption", {"type": "auto"})
    ),
    "override custom.cellOptions": (
        lambda board: override(board, "custom.cellOptions", {"type": "colour"})
    ),
    "override unit: $: 5 is not of type 'string'": lambda board: override(board, "unit", 5),
    'row "': lambda board: board["panels"][0].update(panels=None),
}
UNKNOWN: dict[str, Defect] = {
    "unknown unit reqsps": lambda board: field(board, "stat").update(unit="reqsps"),
    "unknown unit secs": lambda board: override(board, "unit", "secs"),
    "unknown reducer p95th": (
        lambda board: panel_of(board, "timeseries")["options"]["legend"]["calcs"].append("p95th")
    ),
    "unknown reducer latest": (
        lambda board: panel_of(board, "stat")["options"]["reduceOptions"].update(calcs=["latest"])
    ),
    "unknown transformation marge": (
        lambda board: panel_of(board, "table")["transformations"].append({"id": "marge"})
    ),
    "unknown matcher byname": (
        lambda board: panel_of(board, "table")["fieldConfig"]["overrides"][0]["matcher"].update(
            id="byname"
        )
    ),
    "unknown colour mode threshold": (
        lambda board: field(board, "stat", "color").update(mode="threshold")
    ),
    "unknown colour grren": (
        lambda board: field(board, "stat", "thresholds", "steps")[0].update(color="grren")
    ),
}


@pytest.mark.parametrize("complaint", [*OF_OTHER_TYPES, *UNKNOWN])
def test_what_grafana_does_not_know_is_found(grafana: Grafana, complaint: str) -> None:
    fleet = next(board for board in BOARDS if board.uid == "mcp-fleet")
    broken = copy.deepcopy(dashboard(fleet))

    (OF_OTHER_TYPES | UNKNOWN)[complaint](broken)

    check = grafana.unknown if complaint in UNKNOWN else grafana.complaints
    assert [line for line in check(broken) if complaint in line]
