"""MCP / Home lists the other boards of its variant, each with the question that it answers."""

import re

import pytest

from dashboards import BOARDS
from tests.dashboards.every_board import EVERY_BUNDLE, drawn


@pytest.mark.parametrize("bundle", EVERY_BUNDLE)
def test_home_links_to_every_other_board(bundle: str) -> None:
    boards = {board.uid: board for board in EVERY_BUNDLE[bundle].boards}
    home = next(uid for uid in boards if uid.endswith("home"))
    panels = drawn(home if bundle == "unified" else f"{home}-{bundle}")["panels"]
    text = "\n".join(each["options"]["content"] for each in panels if each["type"] == "text")

    assert set(re.findall(r"\(d/([a-z-]+)\?", text)) == boards.keys() - {home}
    if bundle == "unified":
        for board in BOARDS:
            assert board.uid == home or f"[{board.title}](d/{board.uid}?" in text
            assert board.uid == home or f": {board.question}" in text
