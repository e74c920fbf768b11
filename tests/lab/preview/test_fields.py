"""Values look as `fieldConfig` says: thresholds, words, overrides, colours of both themes."""

import math

import pytest

from lab.preview.fields import Field, Fields, reduced
from lab.preview.theme import THEMES, Mode

DARK, LIGHT = THEMES[Mode.DARK], THEMES[Mode.LIGHT]
STEPS = [
    {"color": "green", "value": None},
    {"color": "orange", "value": 0.5},
    {"color": "red", "value": 2},
]
LIMITED = {"color": {"mode": "thresholds"}, "thresholds": {"mode": "absolute", "steps": STEPS}}


@pytest.mark.parametrize(
    ("value", "colour"),
    [(-1, "#73BF69"), (0.49, "#73BF69"), (0.5, "#FF9830"), (1.99, "#FF9830"), (2, "#F2495C")],
)
def test_a_value_takes_the_colour_of_the_highest_step_it_reaches(value: float, colour: str) -> None:
    assert Fields(LIMITED, ()).of("a").colour(value, 0, DARK) == colour


def test_the_light_theme_has_darker_shades_of_the_same_names() -> None:
    assert Fields(LIMITED, ()).of("a").colour(0, 0, LIGHT) == "#56A64B"


def test_series_take_the_classic_palette_in_turn() -> None:
    field = Fields({"color": {"mode": "palette-classic"}}, ()).of("a")
    assert [field.colour(0, number, DARK) for number in (0, 1, 18)] == [
        "#73BF69",
        "#FADE2A",
        "#73BF69",
    ]


def test_an_override_changes_the_field_of_that_name_only() -> None:
    override = {
        "matcher": {"id": "byName", "options": "p95"},
        "properties": [
            {"id": "unit", "value": "s"},
            {"id": "color", "value": {"mode": "fixed", "fixedColor": "blue"}},
            {"id": "custom.lineWidth", "value": 3},
        ],
    }
    fields = Fields({"unit": "short", "custom": {"lineWidth": 1}}, (override,))
    p95, other = fields.of("p95"), fields.of("p50")
    assert (p95.text(0.25), p95.custom("lineWidth", 0)) == ("250 ms", 3)
    assert p95.colour(0, 0, DARK) == "#5794F2"
    assert (other.text(0.25), other.custom("lineWidth", 0)) == ("0.250", 1)


def test_a_value_mapping_puts_a_word_in_the_value_s_place() -> None:
    mapping = {"type": "value", "options": {"0": {"text": "down"}, "1": {"text": "up"}}}
    field = Fields({"unit": "none", "mappings": [mapping]}, ()).of("a")
    assert [field.text(value) for value in (0, 1, 2)] == ["down", "up", "2"]


def test_a_text_may_have_a_colour_of_its_own_and_numbers_keep_their_words() -> None:
    options = {"critical": {"text": "critical", "color": "red"}, "0": {"text": "down"}}
    field = Field({"mappings": [{"type": "value", "options": options}]})

    assert field.colour_of_text("critical", DARK) == DARK.colour("red")
    assert (field.colour_of_text("warning", DARK), field.colour_of_text("0", DARK)) == (None, None)
    assert (field.text(0), field.text(1)) == ("down", "1")


def test_decimals_of_the_field_win() -> None:
    assert Fields({"unit": "s", "decimals": 2}, ()).of("a").text(1.23456) == "1.23 s"


@pytest.mark.parametrize(
    ("calculation", "value"), [("lastNotNull", 2.0), ("max", 3.0), ("min", 1.0), ("mean", 2.0)]
)
def test_a_calculation_leaves_nan_out(calculation: str, value: float) -> None:
    assert reduced(calculation, (1.0, 3.0, 2.0, math.nan)) == value
    assert reduced(calculation, (math.nan,)) is None
