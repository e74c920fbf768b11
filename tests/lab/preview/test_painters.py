"""What painters decide before they draw: rows, bands, ticks, gaps, words, and what they refuse."""

import math
import re
from typing import Any

import pytest

from lab.preview.asking import Series
from lab.preview.errors import Undrawable
from lab.preview.fields import Field
from lab.preview.page import html
from lab.preview.painters.bargauge import share
from lab.preview.painters.heatmap import bands
from lab.preview.painters.legend import Entry
from lab.preview.painters.plot import polyline, ticks, time_ticks, value_range
from lab.preview.painters.scene import Value
from lab.preview.painters.table import Grid, Row, merged, organized, sorted_by
from lab.preview.painters.text import words
from lab.preview.painters.timeseries import stacked
from lab.preview.painting import refuse_unknown
from lab.preview.reducers import reduced
from lab.preview.window import Window
from tests.lab.preview.made import LEGEND, OPTIONS, STEP, answer, board, panel_json, series, sheet


def page(kind: str, *found: Any, **more: Any) -> str:
    return html(sheet(board(panel_json(kind, **more)), {1: answer(*found)}))


def fields(**defaults: Any) -> dict[str, Any]:
    return {"defaults": defaults, "overrides": []}


def test_an_unknown_panel_type_is_refused_naming_board_and_panel() -> None:
    told = 'board made, panel "A geomap": panel type "geomap" is not drawn; known: bargauge,'
    with pytest.raises(Undrawable, match=told):
        refuse_unknown(board(panel_json("geomap")))


@pytest.mark.parametrize(
    ("kind", "more", "told"),
    [
        ("timeseries", {"fieldConfig": fields(unit="furlongs")}, 'unit "furlongs"'),
        ("timeseries", {"fieldConfig": fields(custom={"drawStyle": "bars"})}, 'draw style "bars"'),
        ("timeseries", {"options": {"legend": LEGEND | {"calcs": ["p99"]}}}, 'calculation "p99"'),
        ("table", {"transformations": [{"id": "pivot"}]}, 'transformation "pivot"'),
        ("bargauge", {"options": OPTIONS["bargauge"] | {"orientation": "vertical"}}, "vertical"),
    ],
)
def test_what_is_not_drawn_is_refused_naming_board_and_panel(
    kind: str, more: dict[str, Any], told: str
) -> None:
    with pytest.raises(Undrawable, match=f'board made, panel "A {kind}": .*({told})'):
        page(kind, series(1.0, 2.0), **more)


def test_a_legend_that_does_not_fit_says_how_many_more_there_are() -> None:
    many = [series(1.0, name=f"s{number}") for number in range(20)]
    drawn = page("timeseries", *many)
    shown = re.findall(r">s\d+</text>", drawn)
    assert f">and {20 - len(shown)} more</text>" in drawn
    assert 0 < len(shown) < 20


def test_a_legend_calculates_in_the_unit_of_the_panel() -> None:
    drawn = page("timeseries", series(0.5, 0.25), fieldConfig=fields(unit="s"))
    assert [
        each for each in ("Last *", "Max", "250 ms", "500 ms") if f">{each}<" not in drawn
    ] == []


def test_thresholds_are_lines_in_their_colours() -> None:
    steps = [{"color": "green", "value": None}, {"color": "red", "value": 2}]
    limited = {
        "min": 0,
        "thresholds": {"mode": "absolute", "steps": steps},
        "custom": {"thresholdsStyle": {"mode": "dashed"}},
    }
    dashed = re.compile(r"stroke-dasharray[^>]*stroke: #f2495c", re.IGNORECASE)
    assert (
        len(dashed.findall(page("timeseries", series(1.0, 3.0), fieldConfig=fields(**limited))))
        == 1
    )
    assert not dashed.search(page("timeseries", series(1.0, 1.5), fieldConfig=fields(**limited)))


def test_a_stat_of_several_series_names_each() -> None:
    drawn = page("stat", series(1.0, name="first"), series(2.0, name="second"))
    assert all(f">{each}</text>" in drawn for each in ("first", "1", "second", "2"))


def entries(*found: Series, mode: str) -> tuple[Entry, ...]:
    field = Field({"custom": {"stacking": {"mode": mode, "group": "A"}}})
    return tuple(Entry(each, "#000000", field) for each in found)


def test_a_stack_stands_on_the_series_before_it() -> None:
    first, second = stacked(entries(series(1.0, 2.0), series(3.0, 4.0), mode="normal"), STEP)
    assert (first.below, first.values) == ([0.0, 0.0], [1.0, 2.0])
    assert (second.below, second.values) == ([1.0, 2.0], [4.0, 6.0])


def test_without_stacking_all_stand_on_zero() -> None:
    _, second = stacked(entries(series(1.0, 2.0), series(3.0, 4.0), mode="none"), STEP)
    assert (second.below, second.values) == ([0.0, 0.0], [3.0, 4.0])


@pytest.mark.parametrize(
    ("bounds", "shares"),
    [({"min": 0}, [0.5, 1.0]), ({"min": 0, "max": 8}, [0.25, 0.5]), ({}, [0, 1])],
)
def test_a_bar_is_full_at_the_field_s_maximum_or_the_largest_value(
    bounds: dict[str, float], shares: list[float]
) -> None:
    field = Field(bounds)
    shown = tuple(Value("a", each, "", "", series(each), field) for each in (2.0, 4.0))
    assert [share(each, shown) for each in shown] == shares


def test_bars_carry_names_and_values_and_say_how_many_more_there_are() -> None:
    drawn = page("bargauge", *(series(float(each), name=f"s{each}") for each in range(30)))
    shown = re.findall(r">s\d+</text>", drawn)
    assert len(shown) == len(re.findall(r">\d+</text>", drawn))
    assert f">and {30 - len(shown)} more</text>" in drawn


def test_a_heat_map_names_its_buckets_and_scales_its_colours() -> None:
    found = (series(1.0, 3.0, le="0.1"), series(1.0, 12.5, le="1"), series(1.0, 12.5, le="+Inf"))
    drawn = page("heatmap", *found)
    texts = re.findall(r">([^<>]+)</text>", drawn)
    assert [each for each in ("100 ms", "1 s", "∞", "9.50") if each not in texts] == []
    assert ">No data</text>" in page("heatmap", series(0.0, le="1"))


def test_a_missing_step_is_a_gap() -> None:
    whole = series(1.0, 2.0, 3.0, 4.0)
    gap = type(whole)("A", "a", {}, (0.0, 10.0, 30.0), (1.0, 2.0, 4.0))
    times, values = polyline(gap, STEP)
    assert times == [0.0, 10.0, 20.0, 30.0]
    assert math.isnan(values[2])
    assert polyline(whole, STEP)[1] == [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("within", "config", "texts"),
    [
        ((0, 0.65), {"unit": "s"}, ["0 s", "200 ms", "400 ms", "600 ms"]),
        ((0, 1.1), {"unit": "reqps"}, ["0.0 req/s", "0.5 req/s", "1.0 req/s"]),
        ((0, 1700), {"unit": "short"}, ["0", "500", "1.0 K", "1.5 K"]),
        ((0, 55 * 2**20), {"unit": "bytes"}, ["0 B", "20 MiB", "40 MiB"]),
        ((0, 400), {"unit": "s"}, ["0 s", "2 mins", "4 mins", "6 mins"]),
    ],
)
def test_ticks_are_even_and_exact(
    within: tuple[float, float], config: dict[str, Any], texts: list[str]
) -> None:
    assert ticks(within, 150, Field(config))[1] == texts


def test_an_axis_leaves_a_tenth_above_the_data_and_keeps_fixed_bounds() -> None:
    assert value_range([5.0, 10.0], Field({"min": 0})) == (0.0, 11.0)
    assert value_range([0.0], Field({"min": 0})) == (0.0, 1.0)
    assert value_range([5.0], Field({"min": 0, "max": 1})) == (0.0, 1.0)
    assert value_range([math.nan], Field({"min": 0})) == (0.0, 1.0)


def test_times_are_round_and_in_utc() -> None:
    moments, texts = time_ticks(Window(1_700_000_100.0, 300), 400)
    assert texts == ["22:10", "22:11", "22:12", "22:13", "22:14", "22:15"]
    assert [each % 60 for each in moments] == [0.0] * 6


def test_equal_labels_share_a_row_and_each_query_has_its_column() -> None:
    found = (
        series(3.0, letter="A", tool="echo"),
        series(1.0, letter="A", tool="fail"),
        series(0.5, letter="B", tool="fail"),
    )
    grid = merged(found, alone=False)
    assert grid.columns == ("Time", "tool", "Value #A", "Value #B")
    assert grid.rows == (
        {"tool": "echo", "Value #A": 3.0},
        {"tool": "fail", "Value #A": 1.0, "Value #B": 0.5},
    )
    assert merged(found[:1], alone=True).columns == ("Time", "tool", "Value")


def test_columns_are_dropped_ordered_and_renamed() -> None:
    grid = Grid(("Time", "tool", "Value"), ({"tool": "echo", "Value": 1.0},))
    options = {
        "excludeByName": {"Time": True},
        "indexByName": {"Value": 0, "tool": 1},
        "renameByName": {"Value": "Calls"},
    }
    assert organized(options, grid) == Grid(("Calls", "tool"), ({"Calls": 1.0, "tool": "echo"},))


def test_rows_are_sorted_and_empty_cells_come_last() -> None:
    rows: tuple[Row, ...] = ({"a": "x", "v": 1.0}, {"a": "y"}, {"a": "z", "v": 2.0})
    wanted = ({"displayName": "v", "desc": True},)
    assert [row["a"] for row in sorted_by(wanted, Grid(("a", "v"), rows)).rows] == ["z", "x", "y"]


def test_cumulative_buckets_become_what_each_holds() -> None:
    found = bands(
        (series(5.0, 9.0, le="+Inf"), series(2.0, 4.0, le="0.1"), series(5.0, 6.0, le="1"))
    )
    assert found.bounds == (0.1, 1.0, math.inf)
    assert found.counts == ((2.0, 4.0), (3.0, 2.0), (0.0, 3.0))


def test_markdown_becomes_words_with_weight_and_address() -> None:
    found = list(words("see **the** [Fleet board](/d/mcp-fleet?x=1): `all`"))
    assert [each.text for each in found] == ["see", "the", "Fleet", "board", ":", "all"]
    assert [each.weight for each in found][:2] == ["normal", "bold"]
    assert [each.address for each in found][2:5] == ["mcp-fleet.html", "mcp-fleet.html", None]
    assert [each.joined for each in found] == [False, False, False, False, True, False]


@pytest.mark.parametrize(
    ("calculation", "value"), [("lastNotNull", 2.0), ("max", 3.0), ("min", 1.0), ("mean", 2.0)]
)
def test_nan_is_no_value_to_a_calculation(calculation: str, value: float) -> None:
    assert reduced(calculation, (1.0, 3.0, 2.0, math.nan)) == value
    assert reduced(calculation, (math.nan,)) is None
