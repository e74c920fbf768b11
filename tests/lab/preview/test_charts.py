"""A panel's answer becomes a figure that plotly accepts, in the colours and words of the panel."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from plotly import graph_objects

from dashboards import BOARDS
from dashboards.render import board_json
from lab.preview import model
from lab.preview.charts import Figure, axis, buckets, heatmap, row_of, timeseries, value_range
from lab.preview.events import Event, Exemplar
from lab.preview.fields import Field
from lab.preview.links import Links
from tests.lab.preview.made import (
    DARK,
    END,
    TIME,
    answer,
    everywhere,
    fields,
    linked,
    panel,
    series,
)

JAEGER = linked(Links(jaeger="http://j"))
STEPS = [{"color": "green", "value": None}, {"color": "red", "value": 2}]
THRESHOLDS = {"mode": "absolute", "steps": STEPS}


def drawn(kind: str, *found: Any, look: Any = DARK, **more: Any) -> Figure:
    shown = panel(kind, **more)
    one = found[0] if found and not hasattr(found[0], "letter") else answer(*found)
    figure = (timeseries if kind == "timeseries" else heatmap)(shown, one, look)
    assert figure is not None
    return figure


@pytest.mark.parametrize("uid", [each.uid for each in BOARDS])
def test_plotly_accepts_the_figure_of_every_chart_of_every_board(uid: str) -> None:
    board = model.parse(next(board_json(each) for each in BOARDS if each.uid == uid), uid)
    answers = everywhere(board)
    charts = {"timeseries": timeseries, "heatmap": heatmap}
    for each in board.panels:
        if each.kind in charts:
            graph_objects.Figure(charts[each.kind](each, answers[each.id], DARK))


def test_a_missing_step_is_a_gap_and_every_point_has_its_value_in_words() -> None:
    shown = series(0.5, 0.25, math.nan, 2.0)
    times = (END - 40, *shown.times[1:])
    line = drawn("timeseries", replace(shown, times=times), fieldConfig=fields(unit="s"))["data"][0]
    assert line["y"][-5:] == [0.5, None, 0.25, None, 2.0]
    assert line["text"][-5:] == ["500 ms", "", "250 ms", "", "2 s"]
    assert (line["x0"], line["dx"]) == ((END - 300) * 1000, 10_000)


def test_a_single_point_is_a_mark_that_can_be_seen() -> None:
    modes = [
        drawn("timeseries", series(*values))["data"][0]["mode"] for values in ([1.0], [1.0, 2.0])
    ]
    assert modes == ["markers", "lines"]


def test_names_from_data_are_no_markup_to_plotly() -> None:
    shown = drawn("timeseries", series(1.0, 2.0, name='<a href="javascript:x">&'))
    assert shown["data"][0]["name"] == '&lt;a href="javascript:x"&gt;&amp;'


def test_a_stack_s_axis_reaches_the_sum() -> None:
    custom = {"stacking": {"mode": "normal"}, "fillOpacity": 70, "lineWidth": 0}
    config = fields(min=0, custom=custom)
    found = (series(1.0, 2.0), series(3.0, 8.0, name="b"))
    stack = drawn("timeseries", *found, fieldConfig=config)
    assert stack["layout"]["yaxis"]["range"] == [0, 11]
    assert [each["stackgroup"] for each in stack["data"][:2]] == ["all", "all"]
    alone = stack["data"][0]["meta"]["axis"]
    assert alone["range"] == pytest.approx([0, 2.2])


def test_thresholds_within_the_axis_are_lines_in_their_colours() -> None:
    config = fields(min=0, thresholds=THRESHOLDS, custom={"thresholdsStyle": {"mode": "dashed"}})
    lines = [
        [(each["y0"], each["line"]) for each in figure["layout"]["shapes"]]
        for values in ((1.0, 3.0), (1.0, 1.5))
        for figure in (drawn("timeseries", series(*values), fieldConfig=config),)
    ]
    assert lines == [[(2, {"color": "#F2495C", "width": 1, "dash": "dash"})], []]


def test_an_event_is_a_line_and_shade_while_it_lasts_and_a_mark_prints_its_title() -> None:
    moment = Event(TIME.start + 60, TIME.start + 60, "a <b> restarted", "blue")
    lasting = Event(TIME.start + 60, TIME.start + 120, "fires", "red")
    found = replace(answer(series(1.0, 2.0)), events=(moment, lasting))
    figure = drawn("timeseries", found)
    assert [each["type"] for each in figure["layout"]["shapes"]] == ["line", "rect"]
    assert figure["data"][1]["text"] == ["a &lt;b&gt; restarted", "fires"]


@pytest.mark.parametrize(("kind", "height"), [("timeseries", 1.5), ("heatmap", 1.5)])
def test_a_single_call_is_a_point_that_leads_to_its_trace(kind: str, height: float) -> None:
    found = answer(series(1.0, 2.0, le="0.1"), series(1.0, 3.0, name="b", le="+Inf"))
    figure = drawn(kind, replace(found, exemplars=(Exemplar(END - 5, 1.5, "ab"),)), look=JAEGER)
    calls = figure["data"][2 if kind == "heatmap" else 3]
    assert (calls["x"], calls["y"]) == ([(END - 5) * 1000], [height])
    assert calls["customdata"] == ["http://j/api/traces/ab"]


def test_cumulative_buckets_become_what_each_holds() -> None:
    found = (series(5.0, 9.0, le="+Inf"), series(2.0, 4.0, le="0.1"), series(5.0, 6.0, le="1"))
    bounds, counts = buckets(found, found[0].times)
    assert bounds == (0.1, 1.0, math.inf)
    assert counts == [[2.0, 4.0], [3.0, 2.0], [0.0, 3.0]]


def test_a_heat_map_names_its_buckets_and_what_its_colours_mean() -> None:
    found = (series(1.0, 3.0, le="0.1"), series(1.0, 12.5, le="1"), series(1.0, 12.5, le="+Inf"))
    figure = drawn("heatmap", *found)
    cells, layout = figure["data"][0], figure["layout"]
    assert layout["yaxis"]["ticktext"] == ["100 ms", "1 s", "∞"]
    assert cells["text"][1][-2:] == ["", "up to 1 s: 9.50"]
    assert cells["colorbar"]["ticktext"] == ["0", "9.50"]
    assert heatmap(panel("heatmap"), answer(series(0.0, le="1")), DARK) is None


def test_a_single_call_stands_in_its_bucket_by_its_part_of_it() -> None:
    bounds = (0.1, 0.3, math.inf)
    assert [row_of(each, bounds) for each in (0.0, 0.05, 0.1, 0.2, 5)] == pytest.approx(
        [0.0, 0.5, 1.0, 1.5, 2.5]
    )


@pytest.mark.parametrize(
    ("high", "config", "texts"),
    [
        (0.65, {"unit": "s"}, ["0 s", "200 ms", "400 ms", "600 ms"]),
        (1.1, {"unit": "reqps"}, ["0 req/s", "0.5 req/s", "1 req/s"]),
        (1700, {"unit": "short"}, ["0", "500", "1 K", "1.5 K"]),
        (55 * 2**20, {"unit": "bytes"}, ["0 B", "20 MiB", "40 MiB"]),
        (400, {"unit": "s"}, ["0 s", "2 mins", "4 mins", "6 mins"]),
        (100, {"unit": "percent", "decimals": 0}, ["0%", "50%", "100%"]),
        (0.0005, {"unit": "none"}, ["0", "0.0002", "0.0004"]),
    ],
)
def test_an_axis_has_round_values(high: float, config: dict[str, Any], texts: list[str]) -> None:
    assert axis(0, high, Field(config))["ticktext"] == texts


def test_an_axis_leaves_a_tenth_above_the_data_and_keeps_fixed_bounds() -> None:
    assert value_range([5.0, 10.0], Field({"min": 0})) == (0.0, 11.0)
    assert value_range([0.0], Field({"min": 0})) == (0.0, 1.0)
    assert value_range([5.0], Field({"min": 0, "max": 1})) == (0.0, 1.0)
    assert value_range([], Field({"min": 0})) == (0.0, 1.0)
    assert value_range([1.0, 2.0], Field({}))[0] == pytest.approx(0.9)


def test_a_figure_is_json_without_nan() -> None:
    figure = drawn("timeseries", series(math.inf, math.nan, 1.0))
    assert json.dumps(figure, allow_nan=False)
