"""A page shows what the JSON says, where it says it, without anything from elsewhere."""

import json
import re
from dataclasses import replace
from functools import lru_cache
from html import unescape
from typing import Any

import pytest

from dashboards import BOARDS
from dashboards.render import board_json
from lab.preview import model
from lab.preview.charts import Look
from lab.preview.errors import Unsupported
from lab.preview.links import Links
from lab.preview.model import Board
from lab.preview.page import asset, check_supported, html
from lab.preview.queries import View
from lab.preview.theme import THEMES, Mode
from tests.lab.preview.made import (
    DARK,
    TIME,
    answer,
    board,
    everywhere,
    fields,
    linked,
    page,
    panel_json,
    series,
)

JSON = {each.uid: board_json(each) for each in BOARDS}
SCRIPTS = re.compile("<script>.*?</script>", re.DOTALL)


@lru_cache
def parsed(uid: str) -> Board:
    return model.parse(JSON[uid], uid)


def without_scripts(drawn: str) -> str:
    return SCRIPTS.sub("", drawn)


@pytest.mark.parametrize("uid", JSON)
def test_every_panel_of_every_board_stands_where_the_json_says_with_its_texts(uid: str) -> None:
    drawn = without_scripts(page(parsed(uid), everywhere(parsed(uid))))
    written = json.loads(JSON[uid])
    places = re.findall('<(?:section|h2) id="([^"]+)"[^>]* style="([^"]+)"', drawn)
    assert dict(places) == {
        f"panel-{each['id']}": "grid-area:{}/{}/span {h}/span {w}".format(
            each["gridPos"]["y"] + 1, each["gridPos"]["x"] + 1, **each["gridPos"]
        )
        for each in written["panels"]
    }
    words = [written["title"], written["description"]]
    for each in written["panels"]:
        words += [each["title"], each.get("description", "")]
    assert [each for each in words if each not in unescape(drawn)] == []
    plots = sum(each["type"] in ("timeseries", "heatmap") for each in written["panels"])
    assert drawn.count('<div class="plot">') == plots


def test_a_file_needs_nothing_from_elsewhere_and_allows_its_own_scripts_only() -> None:
    shown = board(*(panel_json(kind, id=number) for number, kind in enumerate(("stat", "table"))))
    drawn = page(shown, everywhere(shown))
    assert not re.search(r"<link|@import|url\(|\bsrc=|://", without_scripts(drawn))
    assert "default-src &#x27;none&#x27;" in drawn
    assert drawn.count("sha256-") == drawn.count("<script>") == 2


def test_equal_data_give_equal_pages() -> None:
    shown = board(panel_json("timeseries"), panel_json("stat", id=2))
    assert page(shown, everywhere(shown)) == page(shown, everywhere(shown))


def test_no_script_can_end_where_its_text_does_not() -> None:
    assert [each for each in ("plotly.js", "page.js") if "</script" in asset(each).lower()] == []
    hostile = "</script><script>alert(1)</script><!--"
    drawn = page(board(panel_json("timeseries")), {1: answer(series(1.0, 2.0, name=hostile))})
    [figure] = re.findall(r'<script type="application/json">(.*?)</script>', drawn)
    assert "<" not in figure
    assert json.loads(figure)["data"][0]["name"].startswith("&lt;/script&gt;")


def test_titles_are_text_not_markup() -> None:
    shown = board(panel_json("stat", title="<b>&", description="<i>"))
    drawn = without_scripts(page(replace(shown, title="<u>", description="<s>"), {}))
    assert "&lt;b&gt;&amp;" in drawn
    assert not re.search("<[bius]>", drawn.partition("<body>")[2].replace('"0">i<', ""))


@pytest.mark.parametrize("kind", ["timeseries", "heatmap"])
def test_a_chart_without_data_shows_its_text_for_that(kind: str) -> None:
    quiet = fields(noValue="no <calls>")
    drawn = page(board(panel_json(kind, fieldConfig=quiet), panel_json(kind, id=2)), {})
    assert re.findall('class="empty">([^<]+)<', drawn) == ["no &lt;calls&gt;", "No data"]


def test_a_panel_of_another_data_source_says_where_it_is_read() -> None:
    tempo = {"type": "tempo", "uid": "${tempo}"}
    drawn = page(board(panel_json("table", datasource=tempo)), {})
    assert "read from Tempo; the preview queries Prometheus and Jaeger only" in drawn


@pytest.mark.parametrize(("mode", "green"), [(Mode.DARK, "#73BF69"), (Mode.LIGHT, "#56A64B")])
def test_a_theme_has_its_own_shades_of_the_colours_that_a_board_names(
    mode: Mode, green: str
) -> None:
    steps = [{"color": "green", "value": None}]
    limited = fields(thresholds={"mode": "absolute", "steps": steps})
    shown = board(panel_json("stat", fieldConfig=limited))
    drawn = page(shown, {1: answer(series(1.5))}, Look(THEMES[mode]))
    assert f'class="{mode}"' in drawn
    assert f'<b style="color:{green}">1.50</b>' in drawn


def test_the_menu_links_every_board_without_the_words_they_share() -> None:
    shown = board(panel_json("stat"))
    asked = {"var-server": "a&b", "var-tool": "t", "from": "now-1h"}
    look = linked(Links(frozenset({"f", "w", "made"}), asked, live=True))
    menu = {"f": "MCP / Fleet", "w": "MCP / Flow", "made": "MCP / Made"}
    drawn = html(shown, {}, View(TIME, {}), look, menu)
    kept = "?var-server=a%26b&amp;from=now-1h"
    assert f'<a href="/d/f{kept}">Fleet</a> <a href="/d/w{kept}">Flow</a>' in drawn
    assert f'<a href="/d/made{kept}" aria-current="page">Made</a>' in drawn
    assert ">MCP / Fleet</a>" in html(shown, {}, View(TIME, {}), DARK, {"f": "MCP / Fleet"})


ODD_STYLE = fields(custom={"thresholdsStyle": {"mode": "area"}})
ODD_CELLS = fields(custom={"cellOptions": {"type": "gauge"}})
ODD_OVERRIDE = {"defaults": {}, "overrides": [{"matcher": {"id": "byType"}, "properties": []}]}


@pytest.mark.parametrize(
    ("kind", "more", "problem"),
    [
        (
            "stat",
            {"fieldConfig": fields(unit="furlongs")},
            'unit "furlongs" is not drawn; known',
        ),
        ("stat", {"fieldConfig": fields(color={"mode": "shades"})}, 'colour mode "shades"'),
        (
            "stat",
            {"fieldConfig": fields(color={"mode": "fixed", "fixedColor": "x;y"})},
            'colour "x;y"',
        ),
        ("stat", {"fieldConfig": fields(thresholds={"mode": "percentage"})}, 'mode "percentage"'),
        ("stat", {"fieldConfig": fields(mappings=[{"type": "range"}])}, 'mapping of type "range"'),
        ("stat", {"fieldConfig": ODD_OVERRIDE}, 'override matched "byType"'),
        ("stat", {"options": {"reduceOptions": {"calcs": ["p99"]}}}, 'calculation "p99"'),
        ("table", {"transformations": [{"id": "pivot"}]}, 'transformation "pivot"'),
        ("table", {"fieldConfig": ODD_CELLS}, 'table cell of type "gauge"'),
        ("text", {"options": {"mode": "html"}}, 'text in the mode "html"'),
        ("timeseries", {"fieldConfig": ODD_STYLE}, 'thresholds of style "area"'),
        ("heatmap", {"options": {"calculate": True}}, 'buckets that are "calculated"'),
    ],
)
def test_what_is_not_drawn_is_refused_naming_board_and_panel(
    kind: str, more: dict[str, Any], problem: str
) -> None:
    shown = board(panel_json(kind, **more))
    with pytest.raises(Unsupported, match=f'board made, panel "A {kind}": .*{problem}'):
        page(shown, everywhere(shown))


def test_an_unknown_panel_type_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(Unsupported, match='panel "A geomap": panel type "geomap" is not drawn'):
        check_supported(board(panel_json("geomap")))
