"""The boards are what Grafana's own types and lists of names say that boards are."""

import copy
import os
from collections.abc import Callable

import pytest

from dashboards.palette import COLOURS
from tests.dashboards.every_board import EVERY_BOARD, Json, drawn, panel_of
from tests.dashboards.grafana_types import Grafana, own

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def grafana() -> Grafana:
    return own(os.environ)


@pytest.mark.parametrize("name", EVERY_BOARD)
def test_a_board_has_grafanas_types_and_names(grafana: Grafana, name: str) -> None:
    assert grafana.complaints(drawn(name)) == []
    assert grafana.unknown(drawn(name)) == []


def test_grafana_knows_every_colour_of_the_palette(grafana: Grafana) -> None:
    assert grafana.names["colour"] >= set(COLOURS.values())


def override(board: Json, id: str, value: object) -> None:
    panel_of(board, "table")["fieldConfig"]["overrides"].append(
        {"matcher": {"id": "byname", "options": "x"}, "properties": [{"id": id, "value": value}]}
    )


def defaults(board: Json, kind: str) -> Json:
    found: Json = panel_of(board, kind)["fieldConfig"]["defaults"]
    return found


DEFECTS: dict[str, Callable[[Json], object]] = {
    "'lines' is not one of": lambda b: defaults(b, "timeseries")["custom"].update(
        drawStyle="lines"
    ),
    "('sharedCrosshair' was unexpected)": lambda b: b.update(sharedCrosshair=True),
    "'showLegend' is a required": lambda b: panel_of(b, "timeseries")["options"]["legend"].clear(),
    "no schema of its options": lambda b: panel_of(b, "stat").update(type="singlestat"),
    "unknown override property custom.x": lambda b: override(b, "custom.x", 1),
    "override unit: $: 5 is not of type 'string'": lambda b: override(b, "unit", 5),
    'row "': lambda b: b["panels"][0].update(panels=None),
    "unknown unit secs": lambda b: override(b, "unit", "secs"),
    "unknown matcher byname": lambda b: override(b, "unit", "s"),
    "unknown reducer latest": (
        lambda b: panel_of(b, "stat")["options"]["reduceOptions"].update(calcs=["latest"])
    ),
    "unknown transformation x": lambda b: panel_of(b, "table")["transformations"][0].update(id="x"),
    "unknown colour mode x": lambda b: defaults(b, "stat")["color"].update(mode="x"),
    "unknown colour x": lambda b: defaults(b, "stat")["thresholds"]["steps"][0].update(color="x"),
}


@pytest.mark.parametrize("complaint", DEFECTS)
def test_what_grafana_does_not_know_is_found(grafana: Grafana, complaint: str) -> None:
    broken = copy.deepcopy(drawn("mcp-fleet"))

    DEFECTS[complaint](broken)

    found = grafana.complaints(broken) + grafana.unknown(broken)
    assert [line for line in found if complaint in line]
