"""The links of the boards' JSON lead to pages of the preview, and carry on what was chosen."""

import json
from typing import Any

import pytest

from dashboards import BOARDS
from dashboards.links import TO_FLEET, TO_SERVER, TO_TOOL, TO_TRACES, Link
from dashboards.render import board_json
from lab.preview import model
from lab.preview.links import Links, links

PAGES = frozenset(each.uid for each in BOARDS)
ASKED = {"var-namespace": "shop", "var-server": "echo 1", "from": "now-1h", "theme": "light"}
LIVE = Links(PAGES, ASKED, live=True, jaeger="http://127.0.0.1:1", spans=("mcp-latency", 51))
FILES = Links(PAGES, jaeger="http://127.0.0.1:1", spans=("mcp-latency", 51))
LABELS = {"namespace": "ns", "server": 'a"}&b', "tool": "fetch=1"}
KEPT = "&from=now-1h&theme=light"


@pytest.mark.parametrize(
    ("link", "address"),
    [
        (TO_FLEET, f"/d/mcp-fleet?var-namespace=shop&var-server=echo+1{KEPT}"),
        (TO_SERVER, f"/d/mcp-server?var-namespace=ns&var-server=a%22%7D%26b{KEPT}"),
        (
            TO_TOOL,
            f"/d/mcp-tools?var-namespace=ns&var-server=a%22%7D%26b&var-tool=fetch%3D1{KEPT}",
        ),
        (
            TO_TRACES,
            "/d/mcp-latency?var-namespace=ns&var-server=a%22%7D%26b"
            f"&var-tags=gen_ai.tool.name%3D%22fetch%3D1%22{KEPT}",
        ),
    ],
    ids=["what the page shows", "a server", "a tool", "traces of a tool"],
)
def test_a_live_page_is_asked_for_what_the_link_carries(link: Link, address: str) -> None:
    assert LIVE.address(link.from_series(), LABELS) == address
    assert LIVE.address(link.from_row(), LABELS) == address


def test_a_link_carries_no_variable_that_its_series_does_not_have() -> None:
    address = LIVE.address(TO_SERVER.from_series(), {"server": "a"})
    assert address == f"/d/mcp-server?var-server=a{KEPT}"


def test_a_file_leads_to_the_other_files() -> None:
    assert FILES.address(TO_SERVER.from_series(), LABELS) == "mcp-server.html"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("/d/elsewhere?x=1", None),
        ("https://example.org/${server}", None),
        ("javascript:alert(1)", None),
        ("https://example.org/runbook", "https://example.org/runbook"),
    ],
)
def test_a_link_leads_to_a_page_that_exists_or_to_another_site(
    url: str, address: str | None
) -> None:
    assert FILES.address(url, {}) == address


@pytest.mark.parametrize("uid", sorted(PAGES))
def test_every_link_of_every_board_leads_to_a_page(uid: str) -> None:
    text = next(board_json(each) for each in BOARDS if each.uid == uid)
    for url in {each["url"] for each in _links(json.loads(text)["panels"])}:
        address = LIVE.address(url, LABELS)
        assert address is not None
        assert address.removeprefix("/d/").partition("?")[0] in PAGES
        assert "$" not in address


def _links(written: Any) -> list[dict[str, str]]:
    """All links that have an address, however deep."""
    if isinstance(written, dict):
        here = [written] if "url" in written and "title" in written else []
        return here + [one for each in written.values() for one in _links(each)]
    if isinstance(written, list):
        return [one for each in written for one in _links(each)]
    return []


def test_a_trace_is_shown_span_by_span_with_all_else_as_it_was_or_by_jaeger() -> None:
    variables = "var-namespace=shop&var-server=echo+1"
    shown = f"/d/mcp-latency?{variables}&var-trace=c0%2Ffee{KEPT}#panel-51"
    assert LIVE.trace("c0/fee") == shown
    assert FILES.trace("c0/fee") == "http://127.0.0.1:1/api/traces/c0%2Ffee"
    assert Links(PAGES, ASKED, live=True).trace("c0ffee") is None
    assert LIVE.trace("") is None


def test_the_panel_that_shows_a_trace_is_found_on_the_boards() -> None:
    boards = tuple(model.parse(board_json(each), each.uid) for each in BOARDS)
    assert links(boards, {}, None, live=True).spans == ("mcp-latency", 51)
