"""Boards about one server offer one, all others any number."""

from dashboards import BOARDS
from tests.dashboards.every_board import drawn


def test_a_board_about_one_server_offers_one_and_the_others_all() -> None:
    offered = {
        board.uid: next(
            (each["includeAll"], each["multi"])
            for each in drawn(board.uid)["templating"]["list"]
            if each["name"] == "server"
        )
        for board in BOARDS
    }

    assert offered.pop("mcp-server") == offered.pop("mcp-load") == (False, False)
    assert set(offered.values()) == {(True, True)}
