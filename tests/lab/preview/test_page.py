"""A page shows what the JSON says, where it says it, without anything from elsewhere."""

import json
import re
from dataclasses import replace
from functools import lru_cache
from html import unescape
from html.parser import HTMLParser

import pytest

from dashboards import BOARDS
from dashboards.render import board_json
from lab.preview import model
from lab.preview.colours import Mode
from lab.preview.geometry import PAGE_WIDTH, pixels
from lab.preview.links import Guide
from lab.preview.model import Board
from lab.preview.page import html
from lab.preview.painting import refuse_unknown
from lab.preview.picture import SCALE, png
from tests.lab.preview.made import answer, board, everywhere, panel_json, series, sheet

JSON = {each.uid: board_json(each) for each in BOARDS}


class Styles(HTMLParser):
    """The style of every panel and heading, by its id."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag in ("section", "h2"):
            self.found[str(known["id"])] = str(known["style"])


@lru_cache
def drawn(uid: str) -> Board:
    return model.parse(JSON[uid], uid)


@lru_cache
def empty_page(uid: str) -> str:
    return html(sheet(drawn(uid), {}))


@pytest.mark.parametrize("uid", JSON)
def test_every_panel_of_every_board_stands_where_the_json_says(uid: str) -> None:
    wanted = {
        f"panel-{panel['id']}": "grid-area: {} / {} / span {h} / span {w}".format(
            panel["gridPos"]["y"] + 1, panel["gridPos"]["x"] + 1, **panel["gridPos"]
        )
        for panel in json.loads(JSON[uid])["panels"]
    }
    assert Styles(empty_page(uid)).found == wanted


@pytest.mark.parametrize("uid", JSON)
def test_every_title_and_description_is_on_the_page(uid: str) -> None:
    text = unescape(empty_page(uid))
    written = json.loads(JSON[uid])
    words = [written["title"], written["description"]]
    for panel in written["panels"]:
        words += [panel["title"], panel.get("description", "")]
    assert [each for each in words if each not in text] == []


@pytest.mark.slow
@pytest.mark.parametrize("uid", JSON)
def test_every_panel_of_every_board_can_be_drawn_with_data(uid: str) -> None:
    refuse_unknown(drawn(uid))
    page = html(sheet(drawn(uid), everywhere(drawn(uid))))
    assert page.count("<svg") == sum(panel.kind != "row" for panel in drawn(uid).panels)


def test_a_page_needs_nothing_from_elsewhere_and_no_script() -> None:
    shown = board(*(panel_json(kind, id=number) for number, kind in enumerate(("stat", "table"))))
    page = html(sheet(shown, everywhere(shown)))
    without_namespaces = re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)
    assert "://" not in without_namespaces
    assert not re.search(r"<script|<link|@import|url\((?!#)|\bsrc=", page)


def test_equal_data_give_equal_bytes() -> None:
    shown = board(panel_json("timeseries"), panel_json("stat", id=2))
    one, two = (sheet(shown, everywhere(shown)) for _ in range(2))
    assert html(one) == html(two)
    assert png(one) == png(two)


def test_titles_are_text_not_markup() -> None:
    page = html(sheet(board(panel_json("stat", title="<b>&")), {}))
    assert "&lt;b&gt;&amp;" in page
    assert "<b>" not in page


@pytest.mark.parametrize("kind", ["stat", "timeseries", "table", "bargauge"])
def test_a_panel_without_data_shows_its_text_for_nothing(kind: str) -> None:
    quiet = {"defaults": {"noValue": "no calls"}, "overrides": []}
    shown = board(panel_json(kind, fieldConfig=quiet), panel_json(kind, id=2))
    page = html(sheet(shown, {}))
    assert re.findall(r">(no calls|No data)</text>", page) == ["no calls", "No data"]


def test_a_panel_of_another_data_source_says_where_it_is_read() -> None:
    tempo = {"type": "tempo", "uid": "${tempo}"}
    page = html(sheet(board(panel_json("table", datasource=tempo)), {}))
    assert "read from Tempo; the preview asks Prometheus and Jaeger only" in page


def test_a_link_to_a_board_leads_to_the_preview_s_page_of_it() -> None:
    guide = Guide(frozenset({"made", "mcp-fleet"}))
    page = html(sheet(board(panel_json("text", targets=[])), {}, guide=guide))
    assert 'xlink:href="mcp-fleet.html"' in page


def test_a_picture_is_as_large_as_the_board() -> None:
    shown = board(panel_json("stat"))
    header = png(sheet(shown, {}))[16:24]
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:], "big")
    assert (width, height) == (int((PAGE_WIDTH + 30) * SCALE), int((64 + 296 + 15) * SCALE))


def test_a_drawing_has_the_size_of_its_panel_s_body_in_pixels() -> None:
    page = html(sheet(board(panel_json("stat")), {}))
    assert re.search(r'<svg[^>]* width="648" height="256"', page)


def test_twenty_four_columns_fill_the_page() -> None:
    shown = board(panel_json("stat", gridPos={"w": 24, "h": 4, "x": 0, "y": 9}))
    box = pixels(shown.panels[0].place)
    assert (box.left, box.width, box.top, box.height) == (0, PAGE_WIDTH, 342, 144)


@pytest.mark.parametrize(("mode", "green"), [(Mode.DARK, "#73bf69"), (Mode.LIGHT, "#56a64b")])
def test_a_stat_is_in_the_colour_of_its_threshold_in_both_themes(mode: Mode, green: str) -> None:
    steps = [{"color": "green", "value": None}, {"color": "red", "value": 5}]
    limited = {"unit": "s", "thresholds": {"mode": "absolute", "steps": steps}}
    shown = board(panel_json("stat", fieldConfig={"defaults": limited, "overrides": []}))
    page = html(sheet(shown, {1: answer(series(9.0, 1.5))}, mode))
    assert re.search(rf"fill: {green}[^>]*>1\.50 s</text>", page, re.IGNORECASE)


def test_the_menu_links_every_board_without_the_words_they_share() -> None:
    shown = board(panel_json("stat"))
    menu = (("MCP / Fleet", "f.html"), ("MCP / Flow", "w.html"), (shown.title, "made.html"))
    page = html(replace(sheet(shown, {}), menu=menu[:2]))
    assert '<a href="f.html">Fleet</a> <a href="w.html">Flow</a>' in page
    assert '<a href="made.html" aria-current="page">Made by hand</a>' in html(sheet(shown, {}))
    assert ">MCP / Fleet</a>" in html(replace(sheet(shown, {}), menu=menu))
