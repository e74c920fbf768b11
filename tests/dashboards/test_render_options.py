"""Boards are bound to one data source where one is given."""

import json

import pytest

from dashboards import BOARDS, Board
from dashboards.render_options import RenderOptions


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_a_data_source_replaces_the_viewers_choice(board: Board) -> None:
    text = RenderOptions(datasource="prom-1").board_text(board)
    variables = json.loads(text)["templating"]["list"]

    assert "datasource}" not in text
    assert "datasource:" not in text
    assert '"uid": "prom-1"' in text
    assert "datasource" not in [each["type"] for each in variables]
