"""Queries take the steps that Grafana takes, through the time that was asked for."""

import pytest

from lab.preview.errors import PreviewError
from lab.preview.window import Window, seconds


@pytest.mark.parametrize(
    ("text", "length"), [("30s", 30), ("5m", 300), ("6h", 21600), ("2d", 172800)]
)
def test_a_duration_is_one_number_with_a_unit(text: str, length: int) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["", "5", "0m", "5 m", "-5m", "1h30m", "5w"])
def test_another_text_is_no_duration(text: str) -> None:
    with pytest.raises(PreviewError, match="is no duration"):
        seconds(text)


@pytest.mark.parametrize(
    ("length", "min_step", "step", "rate_interval"),
    [(300, "1m", 60, 240), (300, "5s", 5, 20), (86400, "1m", 300, 360), (300, "", 1, 4)],
)
def test_a_step_is_as_fine_as_the_panel_and_its_min_step_allow(
    length: int, min_step: str, step: int, rate_interval: int
) -> None:
    window = Window(1_000_000.0, length)
    assert window.step(440, min_step) == step
    assert window.rate_interval(step, min_step) == rate_interval


def test_a_min_step_of_the_user_replaces_the_board_s() -> None:
    assert Window(1_000_000.0, 300, min_step=5).step(440, "1m") == 5


def test_points_stand_on_whole_steps() -> None:
    assert Window(1_000_037.0, 300).grid(60) == (999_720.0, 1_000_020.0)
