"""What painters decide before they draw: rows, bands, ticks, gaps, words, and what they refuse."""

import math
import re
from dataclasses import replace
from typing import Any

import pytest

from lab.preview.asking import Series
from lab.preview.colours import css_colour
from lab.preview.errors import Undrawable
from lab.preview.events import Event, Exemplar, spans, thinned
from lab.preview.fields import Field
from lab.preview.page import html
from lab.preview.painters.bargauge import share
from lab.preview.painters.heatmap import bands, height
from lab.preview.painters.legend import Entry, ordered
from lab.preview.painters.plot import polyline, ticks, time_ticks, value_range
from lab.preview.painters.scene import Value
from lab.preview.painters.table import Grid, Row, merged, organized, sorted_by, widths
from lab.preview.painters.text import words
from lab.preview.painters.timeseries import stacked
from lab.preview.painting import refuse_unknown
from lab.preview.reducers import reduced
from lab.preview.window import Window
from tests.lab.preview.made import (
    LEGEND,
    OPTIONS,
    STEP,
    WINDOW,
    answer,
    board,
    panel_json,
    series,
    sheet,
)


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


def test_a_legend_has_the_largest_first_where_it_is_told_to() -> None:
    found = (series(1.0, 2.0, name="low"), series(9.0, 8.0, name="high"), series(name="none"))
    entries = tuple(Entry(each, "red", Field({})) for each in found)
    told = LEGEND | {"sortBy": "Last *", "sortDesc": True}

    assert [each.series.name for each in ordered(told, entries)] == ["high", "low", "none"]
    assert ordered(LEGEND, entries) == entries


def test_a_column_is_as_wide_as_its_field_says_and_the_others_share_the_rest() -> None:
    told = {"a": Field({"custom": {"width": 100}}), "b": Field({}), "c": Field({})}

    assert widths(told, 500) == {"a": 100, "b": 200, "c": 200}


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
    found = organized(options, grid)
    assert (found.columns, found.rows) == (("Calls", "tool"), ({"Calls": 1.0, "tool": "echo"},))
    assert found.labels({"Calls": 1.0, "tool": "echo"}) == {"tool": "echo"}


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
    assert [each.address for each in found][2:5] == ["/d/mcp-fleet?x=1", "/d/mcp-fleet?x=1", None]
    assert [each.joined for each in found] == [False, False, False, False, True, False]


@pytest.mark.parametrize(
    ("calculation", "value"), [("lastNotNull", 2.0), ("max", 3.0), ("min", 1.0), ("mean", 2.0)]
)
def test_nan_is_no_value_to_a_calculation(calculation: str, value: float) -> None:
    assert reduced(calculation, (1.0, 3.0, 2.0, math.nan)) == value
    assert reduced(calculation, (math.nan,)) is None


def test_events_in_a_row_are_one_span_as_grafana_joins_them() -> None:
    assert list(spans([0, 10, 20, 50, 60, 90], 10)) == [(0, 20), (50, 60), (90, 90)]
    assert list(spans([], 10)) == []


def test_an_event_is_a_dashed_line_where_it_began_and_shade_while_it_lasts() -> None:
    quiet = page("timeseries", series(1.0, 2.0))
    moment = Event(WINDOW.start + 60, WINDOW.start + 60, "restarted", "blue")
    lasting = Event(WINDOW.start + 60, WINDOW.start + 120, "fires", "red")

    def dashes(*events: Event) -> int:
        found = replace(answer(series(1.0, 2.0)), events=events)
        drawn = html(sheet(board(panel_json("timeseries")), {1: found}))
        return drawn.count("stroke-dasharray") - quiet.count("stroke-dasharray")

    assert (dashes(moment), dashes(lasting), dashes(moment, lasting)) == (1, 2, 3)


def test_an_event_outside_the_time_shown_is_not_drawn() -> None:
    gone = Event(WINDOW.start - 60, WINDOW.start - 30, "restarted", "blue")
    found = replace(answer(series(1.0, 2.0)), events=(gone,))

    drawn = html(sheet(board(panel_json("timeseries")), {1: found}))

    assert drawn == page("timeseries", series(1.0, 2.0))


@pytest.mark.parametrize("kind", ["timeseries", "heatmap"])
def test_a_single_call_is_a_dot(kind: str) -> None:
    found = answer(series(1.0, 2.0, le="0.1"), series(1.0, 3.0, name="b", le="+Inf"))
    dot = Exemplar(WINDOW.end - 5, 1.5, "ab")

    def uses(drawn: str) -> int:
        return drawn.count("<use ")

    without = html(sheet(board(panel_json(kind)), {1: found}))
    with_dots = html(sheet(board(panel_json(kind)), {1: replace(found, exemplars=(dot, dot))}))

    assert uses(with_dots) == uses(without) + 2


def test_a_single_call_stands_in_its_bucket_by_its_part_of_it() -> None:
    bounds = (0.1, 0.3, math.inf)

    assert [height(each, bounds) for each in (0.0, 0.05, 0.1, 0.2, 5)] == pytest.approx(
        [0.0, 0.5, 1.0, 1.5, 2.5]
    )


def test_a_colour_in_an_unknown_form_is_refused() -> None:
    assert css_colour("rgba(255, 0,0,0.5)") == (1.0, 0.0, 0.0, 0.5)
    with pytest.raises(Undrawable, match='colour "hsl\\(1\\)" is not drawn'):
        css_colour("hsl(1)")


def test_of_single_calls_each_step_keeps_the_slowest_and_those_far_from_it() -> None:
    usual = [Exemplar(1 + number / 100, 0.01 + number / 1000, "") for number in range(40)]
    slow = Exemplar(2, 5, "slow")
    later = Exemplar(11, 0.02, "later")

    assert thinned([*usual, slow, later], 10) == (usual[-1], slow, later)
    assert thinned([], 10) == ()
