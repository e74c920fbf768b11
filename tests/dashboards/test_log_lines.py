"""Boards show log lines of failed calls where a store of logs is given; else they are unchanged."""

import json
import os
import re

import pytest

from dashboards import BOARDS, Board
from dashboards.layout import place
from dashboards.log_lines import LOG_STORES, LogStore, with_log_lines
from dashboards.render import board_json
from tests.dashboards.every_board import Json, panel_of
from tests.dashboards.grafana_types import own

BY_UID = {board.uid: board for board in BOARDS}
SHOWING = ("mcp-server", "mcp-tools", "mcp-clients")
STORES = pytest.mark.parametrize("store", LOG_STORES.values(), ids=lambda store: store.name)


def drawn(uid: str, store: LogStore) -> Json:
    board: Json = json.loads(board_json(with_log_lines(BY_UID[uid], store)))
    return board


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_without_a_store_a_board_is_the_same_bytes(board: Board) -> None:
    assert board_json(with_log_lines(board, None)) == board_json(board)


@STORES
def test_boards_about_failed_calls_show_them(store: LogStore) -> None:
    showing = [each.uid for each in BOARDS if with_log_lines(each, store) != each]
    assert showing == [each.uid for each in BOARDS if each.uid in SHOWING]


@STORES
@pytest.mark.parametrize("uid", SHOWING)
def test_the_viewer_selects_the_data_source_of_the_panel(uid: str, store: LogStore) -> None:
    board = drawn(uid, store)
    source = {"type": store.plugin, "uid": "${logs}"}
    panel = panel_of(board, "logs")
    assert (panel["datasource"], panel["targets"][0]["datasource"]) == (source, source)
    [variable] = [each for each in board["templating"]["list"] if each["name"] == "logs"]
    assert (variable["type"], variable["query"]) == ("datasource", store.plugin)


@STORES
@pytest.mark.parametrize("uid", SHOWING)
def test_the_query_follows_the_variables_of_the_board(uid: str, store: LogStore) -> None:
    board = drawn(uid, store)
    query = panel_of(board, "logs")["targets"][0]["expr"]
    named = {each["name"] for each in board["templating"]["list"] if each["type"] == "query"}
    assert set(re.findall(r"\$\{(\w+):regex\}", query)) == named


@STORES
@pytest.mark.parametrize("uid", SHOWING)
def test_panels_and_rows_keep_their_ids_and_none_is_given_twice(uid: str, store: LogStore) -> None:
    before, after = (
        [item.id for item, _ in place(board.rows)]
        for board in (BY_UID[uid], with_log_lines(BY_UID[uid], store))
    )
    added = [each for each in after if each not in before]
    assert [each for each in after if each in before] == before
    assert len(added) == 2
    assert len(set(after)) == len(after)


@pytest.mark.slow
@STORES
@pytest.mark.parametrize("uid", SHOWING)
def test_the_panel_has_grafanas_types_and_names(uid: str, store: LogStore) -> None:
    grafana = own(os.environ)
    assert grafana.complaints(drawn(uid, store)) == []
    assert grafana.unknown(drawn(uid, store)) == []
