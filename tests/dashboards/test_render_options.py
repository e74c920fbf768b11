"""Boards are bound to one data source where one is given."""

import json

import pytest

from dashboards import BOARDS, Board
from dashboards.log_lines import LOG_STORES
from dashboards.render_options import RenderOptions


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_a_data_source_replaces_the_viewers_choice(board: Board) -> None:
    text = RenderOptions(datasource="prom-1").board_text(board)
    variables = json.loads(text)["templating"]["list"]

    assert "datasource}" not in text
    assert "datasource:" not in text
    assert '"uid": "prom-1"' in text
    assert "datasource" not in [each["name"] for each in variables]


def test_data_sources_of_traces_and_logs_are_still_the_viewers_choice() -> None:
    options = RenderOptions(datasource="prom-1", logs=LOG_STORES["loki"])
    for uid, name in (("mcp-latency", "jaeger"), ("mcp-server", "logs")):
        [board] = [each for each in BOARDS if each.uid == uid]
        variables = json.loads(options.board_text(board))["templating"]["list"]
        assert name in [each["name"] for each in variables]


def test_with_a_store_of_logs_boards_show_their_lines() -> None:
    [board] = [each for each in BOARDS if each.uid == "mcp-tools"]
    shown = RenderOptions(logs=LOG_STORES["loki"]).board_text(board)
    assert shown != RenderOptions().board_text(board)
    assert "k8s_namespace_name" in shown
