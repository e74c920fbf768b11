"""A panel as text has the values that its picture has."""

from dataclasses import replace

import pytest

from lab.preview.as_text import lines
from lab.preview.errors import Unsupported
from lab.preview.model import JAEGER
from lab.preview.traces import Trace
from tests.lab.preview.made import answer, fields, panel, series
from tests.lab.preview.test_traces import span


@pytest.mark.parametrize("kind", ["stat", "bargauge", "timeseries"])
def test_each_series_is_a_line_with_its_last_value(kind: str) -> None:
    found = answer(series(1.0, 0.25, name="echo"), series(0.5, float("nan"), name="a tool"))
    shown = lines(panel(kind, fieldConfig=fields(unit="percentunit")), found)
    assert [each.split("  ")[0] for each in shown] == ["echo", "a tool"]
    assert [each.split()[-1].rstrip("%") for each in shown] == ["25", "50"]


def test_a_table_has_a_heading_and_a_line_for_each_row() -> None:
    shown = lines(panel("table"), answer(series(7.0, tool="echo"), series(9.0, tool="fail")))
    assert [each.split() for each in shown] == [["tool", "Value"], ["echo", "7"], ["fail", "9"]]


@pytest.mark.parametrize("kind", ["stat", "bargauge", "timeseries", "table"])
def test_a_panel_without_data_shows_its_text_for_that(kind: str) -> None:
    assert lines(panel(kind, fieldConfig=fields(noValue="no calls")), answer()) == ["no calls"]


def test_a_trace_is_a_line_for_each_span_below_its_parent() -> None:
    trace = Trace((span("a", seconds=2.0), span("b", "a", seconds=0.5)))
    waterfall = panel("traces", datasource={"type": JAEGER}, targets=[{}])
    shown = lines(waterfall, replace(answer(), traces=(trace,)))
    assert len(shown) == 2
    assert shown[0].endswith("  2 s")
    assert shown[1].startswith("  ")
    assert shown[1].endswith("500 ms")


def test_a_list_of_traces_says_why_it_is_empty() -> None:
    listed = panel("table", datasource={"type": JAEGER}, targets=[{}])
    assert lines(listed, replace(answer(), note="choose a server")) == ["choose a server"]


def test_a_heat_map_has_no_values_to_print() -> None:
    with pytest.raises(Unsupported, match='"heatmap" is not drawn'):
        lines(panel("heatmap"), answer())
