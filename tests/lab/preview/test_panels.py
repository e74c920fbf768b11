"""Panels that are HTML show what their JSON says, and text from data never becomes markup."""

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from dashboards.links import TO_SERVER, TO_TOOL
from lab.jaeger_api import Span
from lab.preview.links import Links
from lab.preview.panels import HTML, Row, Table, legend, merged, organized, share, sorted_by, traces
from lab.preview.traces import Trace
from tests.lab.preview.made import DARK, LEGEND, answer, fields, linked, panel, series
from tests.lab.preview.test_traces import span

LIVE = linked(
    Links(frozenset({"mcp-server", "mcp-tools", "mcp-fleet"}), {"from": "now-1h"}, live=True)
)
HOSTILE = '<img src=x onerror="alert(1)">&\''


def drawn(kind: str, *found: Any, look: Any = DARK, **more: Any) -> str:
    return HTML[kind](panel(kind, **more), answer(*found), look)


def texts(drawn: str) -> list[str]:
    return [unescape(each) for each in re.findall(r">([^<>]+)<", drawn)]


def addresses(drawn: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'href="([^"]+)"', drawn)]


@pytest.mark.parametrize("kind", ["stat", "bargauge", "table"])
def test_a_panel_without_data_shows_its_text_for_that(kind: str) -> None:
    assert texts(drawn(kind, fieldConfig=fields(noValue="no <calls>"))) == ["no <calls>"]
    assert texts(drawn(kind)) == ["No data"]


@pytest.mark.parametrize("kind", ["stat", "bargauge", "table"])
def test_names_from_data_are_text(kind: str) -> None:
    found = (series(1.0, name=HOSTILE, server=HOSTILE), series(2.0, name="b", server="b"))
    links = {"links": [{"title": HOSTILE, "url": TO_SERVER.from_series()}]}
    page = drawn(kind, *found, look=LIVE, fieldConfig=fields(**links))
    assert HOSTILE in texts(page)
    assert "<img" not in page
    assert not re.search(r'="[^"]*[<>]', page)


def test_a_stat_is_in_the_colour_of_its_threshold_and_names_each_of_several() -> None:
    steps = [{"color": "green", "value": None}, {"color": "red", "value": 5}]
    config = fields(unit="s", thresholds={"mode": "absolute", "steps": steps})
    page = drawn("stat", series(9.0, 1.5, name="x"), series(7.5, name="y"), fieldConfig=config)
    assert texts(page) == ["x", "1.50 s", "y", "7.50 s"]
    assert re.findall("color:(#[0-9A-F]+)", page) == ["#73BF69", "#F2495C"]


@pytest.mark.parametrize("kind", ["stat", "bargauge"])
def test_a_series_leads_on_and_a_menu_offers_all_its_links(kind: str) -> None:
    links = [{"title": each.title, "url": each.from_series()} for each in (TO_SERVER, TO_TOOL)]
    found = series(1.0, server="a", tool="b")
    page = drawn(kind, found, look=LIVE, fieldConfig=fields(links=links))
    first, second = "/d/mcp-server?var-server=a", "/d/mcp-tools?var-server=a&var-tool=b"
    assert addresses(page) == [f"{each}&from=now-1h" for each in (first, first, second)]


def test_a_row_of_a_table_leads_on_though_its_columns_are_renamed() -> None:
    rename = {"id": "organize", "options": {"renameByName": {"server": "Server"}}}
    links = [{"title": TO_SERVER.title, "url": TO_SERVER.from_row()}]
    override = {
        "matcher": {"id": "byName", "options": "Server"},
        "properties": [{"id": "links", "value": links}],
    }
    config = {"defaults": {}, "overrides": [override]}
    found = series(1.0, server='a"}&b')
    page = drawn("table", found, look=LIVE, transformations=[rename], fieldConfig=config)
    assert addresses(page) == ["/d/mcp-server?var-server=a%22%7D%26b&from=now-1h"]


@pytest.mark.parametrize(
    ("bounds", "shares"),
    [({"min": 0}, [0.5, 1.0]), ({"min": 0, "max": 8}, [0.25, 0.5]), ({}, [0, 1])],
)
def test_a_bar_is_full_at_the_field_s_maximum_or_the_largest_value(
    bounds: dict[str, float], shares: list[float]
) -> None:
    config = panel("bargauge", fieldConfig=fields(**bounds)).fields.of("a")
    assert [share(each, config, [2.0, 4.0]) for each in (2.0, 4.0)] == shares


def test_a_legend_calculates_in_words_and_has_the_largest_first_where_asked_to() -> None:
    found = answer(series(1.0, 2.0, name="low"), series(9.0, 8.0, name="<high>"), series(name="no"))
    config = fields(unit="s", color={"mode": "palette-classic"})
    ordered = {"legend": LEGEND | {"sortBy": "Last *", "sortDesc": True}}
    first = texts(legend(panel("timeseries", fieldConfig=config, options=ordered), found, DARK))
    assert first == ["Name", "Last *", "Max", "<high>", "8 s", "9 s", "low", "2 s", "2 s", "no"]
    unordered = legend(panel("timeseries", fieldConfig=config), found, DARK)
    assert re.findall('data-trace="([0-9])"', unordered) == ["0", "1", "2"]


def test_equal_labels_share_a_row_and_each_query_has_its_column() -> None:
    found = (
        series(3.0, letter="A", tool="echo"),
        series(1.0, letter="A", tool="fail"),
        series(0.5, letter="B", tool="fail"),
    )
    table = merged(found, alone=False)
    assert list(table.headings) == ["tool", "Value #A", "Value #B"]
    assert table.rows == (
        {"tool": "echo", "Value #A": 3.0},
        {"tool": "fail", "Value #A": 1.0, "Value #B": 0.5},
    )
    assert list(merged(found[:1], alone=True).headings) == ["tool", "Value"]


def test_columns_are_dropped_ordered_and_renamed() -> None:
    options = {
        "excludeByName": {"Time": True},
        "indexByName": {"Value": 0, "tool": 1},
        "renameByName": {"Value": "Calls"},
    }
    names = ("Time", "tool", "Value")
    found = organized(options, Table(dict(zip(names, names, strict=True)), ()))
    assert list(found.headings.items()) == [("Value", "Calls"), ("tool", "tool")]


def test_rows_are_sorted_by_a_heading_and_empty_cells_come_last() -> None:
    rows: tuple[Row, ...] = ({"a": "x", "v": 1.0}, {"a": "y"}, {"a": "z", "v": 2.0})
    wanted = ({"displayName": "Calls", "desc": True},)
    found = sorted_by(wanted, Table({"a": "a", "v": "Calls"}, rows))
    assert [row["a"] for row in found.rows] == ["z", "x", "y"]


def test_markdown_becomes_headings_items_words_and_links() -> None:
    page = drawn("text", look=LIVE)
    assert "<h4>Where to go</h4><li>" in page
    assert "<b>all</b> of <code>it</code></li>" in page
    assert addresses(page) == ["/d/mcp-fleet?from=now-1h"]


JAEGER = linked(Links(frozenset({"l"}), {"var-server": "echo"}, True, "http://j", ("l", 51)))


def of_jaeger(kind: str, *spans: Span) -> str:
    found = replace(answer(), traces=(Trace(spans),))
    return traces(panel(kind), found, JAEGER)


def test_a_list_of_traces_leads_to_each_of_them() -> None:
    page = of_jaeger("table", span("a", seconds=0.25), span("b", "a"))
    assert {"c0ffee", "service-a: call a", "1 s", "2"} <= set(texts(page))
    assert addresses(page) == ["/d/l?var-server=echo&var-trace=c0ffee#panel-51"]


def test_a_trace_has_its_spans_below_each_other_with_tags_and_failures_marked() -> None:
    spans = (span("b", "a", 0.1, 0.5, error="true", x=HOSTILE), span("a", seconds=1.0))
    page = of_jaeger("traces", *spans)
    assert [each for each in texts(page) if each.startswith("service")] == [
        "service-a: call a",
        "service-b: call b",
    ]
    assert re.findall('class="span( failed)?"', page) == ["", " failed"]
    assert "left:10.00%;width:50.00%" in page
    assert len(set(re.findall('background:(#[0-9A-F]+)"', page))) == 2
    assert HOSTILE in texts(page)
    assert addresses(page) == ["http://j/api/traces/c0ffee"]
