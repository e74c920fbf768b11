"""Colours: one for each meaning, and each of something that a board shows."""

from dashboards import BOARDS, palette
from dashboards.limits import Limit
from dashboards.palette import named, steps
from proxy.telemetry.catalogue import Fault, Outcome

SIGNALS = [panel.signal for board in BOARDS for panel in board.panels]
LEGENDS = {query.name for signal in SIGNALS for query in signal.queries}


def test_every_coloured_name_is_shown() -> None:
    endings = {legend.partition("}} ")[2] for legend in LEGENDS}

    assert set(palette.COLOURS) - LEGENDS - set(Outcome) - set(Fault) == set()
    assert set(palette._BY_LABEL) - LEGENDS == set()
    assert set(palette._LOSSES) - endings == set()


def test_a_limit_becomes_green_orange_and_red() -> None:
    colours = [(step.color, step.value) for step in steps(Limit("why", critical=2, warning=1))]

    assert colours == [("green", None), ("orange", 1), ("red", 2)]


def test_a_floor_is_red_below_and_green_above() -> None:
    colours = [(s.color, s.value) for s in steps(Limit("why", critical=1, floor=True))]

    assert colours == [("red", None), ("green", 1)]


def test_a_legend_by_outcome_gets_the_colour_of_every_outcome() -> None:
    assert named(("{{outcome}}",))["ok"] == "green"
    assert named(("p50", "{{tool}}")) == {"p50": "light-blue"}
