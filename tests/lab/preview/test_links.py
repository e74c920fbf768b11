"""The links of the boards' JSON lead to pages of the preview, and carry on what was chosen."""

import json
import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from dashboards import BOARDS
from dashboards.links import TO_FLEET, TO_SERVER, TO_TOOL, TO_TRACES, Link
from dashboards.render import board_json
from lab.preview import model
from lab.preview.events import Exemplar
from lab.preview.links import Guide, guide
from lab.preview.page import html
from tests.lab.preview.made import END, answer, board, everywhere, panel_json, series, sheet

PAGES = frozenset(each.uid for each in BOARDS)
ASKED = {"namespace": "shop", "server": "echo 1", "from": "1h", "theme": "light"}
LIVE = Guide(PAGES, ASKED, live=True, jaeger="http://127.0.0.1:1")
FILES = Guide(PAGES, {"server": "echo 1"})
LABELS = {"namespace": "ns", "server": "a&b", "tool": "fetch=1"}


@pytest.mark.parametrize(
    ("link", "address"),
    [
        (TO_FLEET, "mcp-fleet.html?namespace=shop&server=echo+1&from=1h&theme=light"),
        (TO_SERVER, "mcp-server.html?namespace=ns&server=a%26b&from=1h&theme=light"),
        (TO_TOOL, "mcp-tools.html?namespace=ns&server=a%26b&tool=fetch%3D1&from=1h&theme=light"),
        (
            TO_TRACES,
            "mcp-latency.html?namespace=ns&server=a%26b"
            "&tags=gen_ai.tool.name%3Dfetch%3D1&from=1h&theme=light",
        ),
    ],
    ids=["what the page shows", "a server", "a tool", "traces of a tool"],
)
def test_a_live_page_is_asked_for_what_the_link_carries(link: Link, address: str) -> None:
    assert LIVE.address(link.from_series(), LABELS) == address
    assert LIVE.address(link.from_row(), LABELS) == address


def test_a_link_carries_no_variable_that_its_series_does_not_have() -> None:
    assert LIVE.address(TO_SERVER.from_series(), {"server": "a"}) == (
        "mcp-server.html?server=a&from=1h&theme=light"
    )


def test_a_file_cannot_be_asked() -> None:
    assert FILES.address(TO_SERVER.from_series(), LABELS) == "mcp-server.html"


def test_a_link_to_a_board_without_a_page_is_none() -> None:
    assert FILES.address("/d/elsewhere?x=1", {}) is None
    assert FILES.address("https://example.org/${server}", {}) is None
    assert FILES.address("https://example.org/runbook", {}) == "https://example.org/runbook"


@pytest.mark.parametrize("uid", sorted(PAGES))
def test_every_link_of_every_board_leads_to_a_page(uid: str) -> None:
    text = next(board_json(each) for each in BOARDS if each.uid == uid)
    for url in {each["url"] for each in _links(json.loads(text)["panels"])}:
        address = LIVE.address(url, LABELS)
        assert address is not None
        assert address.partition(".html")[0] in PAGES
        assert "$" not in address


def _links(written: Any) -> list[dict[str, str]]:
    """All links that have an address, however deep."""
    if isinstance(written, dict):
        here = [written] if "url" in written and "title" in written else []
        return here + [one for each in written.values() for one in _links(each)]
    if isinstance(written, list):
        return [one for each in written for one in _links(each)]
    return []


def addresses(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'<a href="([^"]+)"', page)]


@pytest.mark.parametrize("kind", ["stat", "timeseries", "bargauge"])
def test_a_series_can_be_clicked(kind: str) -> None:
    links = [{"title": each.title, "url": each.from_series()} for each in (TO_SERVER, TO_TOOL)]
    shown = board(panel_json(kind, fieldConfig={"defaults": {"links": links}, "overrides": []}))
    page = html(sheet(shown, {1: answer(series(1.0, server="a", tool="b"))}, guide=LIVE))
    first, second = (LIVE.address(each["url"], {"server": "a", "tool": "b"}) for each in links)
    assert addresses(page)[-3:] == [first, first, second]
    assert f">{TO_TOOL.title}</a>" in page


def test_a_row_of_a_table_can_be_clicked_though_its_columns_are_renamed() -> None:
    rename = {"id": "organize", "options": {"renameByName": {"server": "Server"}}}
    links = [{"title": TO_SERVER.title, "url": TO_SERVER.from_row()}]
    override = {
        "matcher": {"id": "byName", "options": "Server"},
        "properties": [{"id": "links", "value": links}],
    }
    shown = board(
        panel_json(
            "table",
            transformations=[rename],
            fieldConfig={"defaults": {}, "overrides": [override]},
        )
    )
    page = html(sheet(shown, {1: answer(series(1.0, server="a"))}, guide=LIVE))
    assert "mcp-server.html?server=a&from=1h&theme=light" in addresses(page)


@pytest.mark.parametrize(
    ("uid", "leads"),
    [
        ("mcp-fleet", "mcp-server.html?server=one"),
        ("mcp-server", "mcp-tools.html?server=one"),
        ("mcp-tools", "mcp-latency.html?server=one"),
    ],
)
def test_the_boards_lead_from_the_fleet_to_a_server_its_tools_and_their_traces(
    uid: str, leads: str
) -> None:
    shown = model.parse(next(board_json(each) for each in BOARDS if each.uid == uid), uid)
    page = html(sheet(shown, everywhere(shown), guide=LIVE))
    assert any(each.startswith(leads) for each in addresses(page))


def test_a_single_call_leads_to_its_trace_where_jaeger_is_known() -> None:
    call = Exemplar(END - 60, 0.5, "c0ffee")
    found = replace(answer(series(0.5, 1.0)), exemplars=(call,))
    shown = board(panel_json("timeseries"))
    pages = [html(sheet(shown, {1: found}, guide=each)) for each in (LIVE, FILES)]
    traces = ["http://127.0.0.1:1/api/traces/c0ffee" in addresses(each) for each in pages]
    assert traces == [True, False]


def test_a_live_page_shows_the_trace_span_by_span_with_all_else_as_it_was() -> None:
    latency = [model.parse(board_json(each), each.uid) for each in BOARDS if each.traces]
    ways = guide(tuple(latency), {"server": "echo"}, "http://j", live=True).trace("c0ffee")
    assert [each.address for each in ways] == [
        "mcp-latency.html?server=echo&trace=c0ffee#panel-51",
        "http://j/api/traces/c0ffee",
    ]
