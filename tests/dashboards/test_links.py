"""A link opens the board of the cause on what the click was on, at the same time and data."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from dashboards import BOARDS
from dashboards.links import TO_FLEET, TO_TOOL, TO_TRACES
from tests.dashboards.every_board import drawn, links

BY_UID = {board.uid: board for board in BOARDS}
WITH_TRACES = {board.uid for board in BOARDS if board.traces}
KEPT = "${datasource:queryparam}&${__url_time_range}"


def test_a_link_opens_a_board_for_the_labels_of_what_was_clicked() -> None:
    series = "${{__field.labels.{}:percentencode}}".format
    assert TO_TOOL.from_series() == (
        f"/d/mcp-tools?var-namespace={series('namespace')}&var-server={series('server')}"
        f"&var-tool={series('tool')}&{KEPT}"
    )
    assert TO_TOOL.from_row() == TO_TOOL.from_series().replace("__field.labels", "__data.fields")


def test_a_link_that_sets_no_server_keeps_the_selected_ones() -> None:
    assert TO_FLEET.from_series() == (
        f"/d/mcp-fleet?${{namespace:queryparam}}&${{server:queryparam}}&{KEPT}"
    )


def test_a_link_to_traces_searches_by_the_attribute_of_the_span() -> None:
    tags = "&var-tags=gen_ai.tool.name%3D%22${__data.fields.tool:percentencode}%22&"

    assert tags in TO_TRACES.from_row()


@pytest.mark.parametrize("uid", BY_UID)
def test_links_set_variables_of_the_board_that_they_open(uid: str) -> None:
    urls = [url for panel in drawn(uid)["panels"] for url in links(panel)]

    assert [url for url in urls if url.startswith(f"/d/{uid}?$")] == []
    for url in urls:
        opened = BY_UID[urlsplit(url).path.removeprefix("/d/")]
        given = {name for name, _ in parse_qsl(urlsplit(url).query) if name.startswith("var-")}
        known = {f"var-{each.name}" for each in opened.variables}
        assert given <= (known | {"var-tags"} if opened.traces else known), url


@pytest.mark.parametrize("uid", BY_UID)
def test_a_label_that_a_link_reads_is_one_of_its_series(uid: str) -> None:
    for signal in (panel.signal for panel in BY_UID[uid].panels):
        labels = signal.queries[0].expr.in_contract().labels
        for link in signal.links:
            assert {*link.variables, *(link.tag or ())[1:]} <= labels.keys(), signal.title


def reached(start: str) -> set[str]:
    found, ahead = {start}, [start]
    while ahead:
        panels = BY_UID[ahead.pop()].panels
        opened = {link.board for panel in panels for link in panel.signal.links}
        ahead += sorted(opened - found)
        found |= opened
    return found


def test_clicks_alone_lead_from_the_fleet_to_a_server_its_tools_and_a_trace() -> None:
    assert {"mcp-server", "mcp-tools", *WITH_TRACES} <= reached("mcp-fleet")
