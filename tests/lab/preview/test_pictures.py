"""A picture of a page shows all of it; without a browser the error says what to install."""

from pathlib import Path

import pytest

from lab.preview.errors import PreviewError
from lab.preview.pictures import SCALE, WIDTH, picture
from tests.browser import program
from tests.lab.preview.made import board, page, panel_json


@pytest.mark.slow
def test_a_picture_is_as_large_as_the_board(tmp_path: Path) -> None:
    assert program("chromium")
    shown = board(panel_json("stat", gridPos={"w": 24, "h": 40, "x": 0, "y": 0}))
    file = tmp_path / "made.html"
    file.write_text(page(shown, {}))
    header = picture(file, shown).read_bytes()[:24]
    assert header.startswith(b"\x89PNG")
    width, height = int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:], "big")
    assert width == WIDTH * SCALE
    assert height > 40 * 38 * SCALE


def test_a_missing_browser_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PreviewError, match="chromium is not on PATH; install it"):
        picture(Path("made.html"), board())
