"""A link opens the board of the cause on what the click was on, at the same time and data."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import promql_parser as promql
import pytest

from dashboards import BOARDS
from dashboards.links import TO_FLEET, TO_TOOL, TO_TRACES, Link
from dashboards.render import dashboard
from tests.dashboards.parsed_promql import children, parse

VARIABLES = {board.uid: {each.name for each in board.variables} for board in BOARDS}
WITH_TRACES = {board.uid for board in BOARDS if board.traces}
UIDS = [board.uid for board in BOARDS]

Json = dict[str, Any]


def test_a_series_hands_its_labels_over() -> None:
    url = TO_TOOL.from_series()

    assert url.startswith("/d/mcp-tools?var-namespace=${__field.labels.namespace:percentencode}&")
    assert "&var-tool=${__field.labels.tool:percentencode}&" in url


def test_a_row_of_a_table_hands_its_fields_over() -> None:
    assert "var-server=${__data.fields.server:percentencode}" in TO_TOOL.from_row()


@pytest.mark.parametrize("link", [TO_FLEET, TO_TOOL, TO_TRACES], ids=lambda each: each.board)
def test_a_link_keeps_the_time_and_the_data_source(link: Link) -> None:
    assert link.from_series().endswith("&${datasource:queryparam}&${__url_time_range}")


def test_a_link_that_sets_no_server_keeps_the_chosen_ones() -> None:
    assert "?${namespace:queryparam}&${server:queryparam}&" in TO_FLEET.from_series()


def test_a_link_sets_each_variable_once() -> None:
    assert ":queryparam}&${datasource" not in TO_TOOL.from_series()


def test_a_link_to_traces_searches_by_the_attribute_of_the_span() -> None:
    tags = "var-tags=gen_ai.tool.name%3D${__data.fields.tool:percentencode}"

    assert tags in TO_TRACES.from_row()


def links(panel: Json) -> list[str]:
    config = panel.get("fieldConfig", {"defaults": {}, "overrides": []})
    columns = [p for each in config["overrides"] for p in each["properties"] if p["id"] == "links"]
    found = config["defaults"].get("links", []) + [link for p in columns for link in p["value"]]
    return [link["url"] for link in found]


@pytest.mark.parametrize("uid", UIDS)
def test_every_variable_that_a_link_sets_is_one_of_the_board_it_opens(uid: str) -> None:
    board = next(each for each in BOARDS if each.uid == uid)
    for panel in dashboard(board)["panels"]:
        for url in links(panel):
            opened = urlsplit(url).path.removeprefix("/d/")
            given = [name for name, _ in parse_qsl(urlsplit(url).query) if name.startswith("var-")]
            known = VARIABLES[opened] | ({"tags"} if opened in WITH_TRACES else set())
            assert {name.removeprefix("var-") for name in given} <= known, url


def kept(node: promql.Expr) -> frozenset[str] | None:
    """The labels that an expression leaves on its series; None for all."""
    if isinstance(node, promql.AggregateExpr) and str(node.op) != "topk":
        return frozenset(node.modifier.labels if node.modifier else ())
    if isinstance(node, promql.VectorSelector):
        return None
    vectors = [each for each in children(node) if not is_number(each)]
    return kept(vectors[0])


def is_number(node: promql.Expr) -> bool:
    bare = isinstance(node, promql.NumberLiteral | promql.StringLiteral)
    return bare or (isinstance(node, promql.Call) and not node.args)


@pytest.mark.parametrize("uid", UIDS)
def test_a_label_that_a_link_hands_over_is_on_the_first_answer_of_its_panel(uid: str) -> None:
    board = next(each for each in BOARDS if each.uid == uid)
    for panel in board.panels:
        left = kept(parse(str(panel.signal.queries[0].expr)))
        for link in panel.signal.links:
            needed = {*link.variables, *(link.tag or ("", ""))[1:]} - {""}
            assert left is None or needed <= left, panel.signal.title


@pytest.mark.parametrize("uid", UIDS)
def test_no_click_opens_what_is_open_already(uid: str) -> None:
    board = next(each for each in BOARDS if each.uid == uid)
    urls = [url for panel in dashboard(board)["panels"] for url in links(panel)]

    assert [url for url in urls if url.startswith(f"/d/{uid}?$")] == []


def reached(start: str) -> set[str]:
    found, ahead = {start}, [start]
    by_uid = {board.uid: board for board in BOARDS}
    while ahead:
        board = by_uid[ahead.pop()]
        opened = {link.board for panel in board.panels for link in panel.signal.links}
        ahead += sorted(opened - found)
        found |= opened
    return found


def test_clicks_alone_lead_from_the_fleet_to_a_server_its_tools_and_a_trace() -> None:
    assert {"mcp-server", "mcp-tools", "mcp-latency"} <= reached("mcp-fleet")
    assert reached("mcp-fleet") & WITH_TRACES
