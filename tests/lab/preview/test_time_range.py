"""Queries take the steps that Grafana takes, through the time that was asked for."""

import pytest

from lab.preview.errors import PreviewError
from lab.preview.time_range import TimeRange, moment, seconds

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("text", "length"), [("30s", 30), ("5m", 300), ("6h", 21600), ("2d", 172800)]
)
def test_a_duration_is_one_number_with_a_unit(text: str, length: int) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["", "5", "0m", "5 m", "-5m", "1h30m", "5w"])
def test_another_text_is_no_duration(text: str) -> None:
    with pytest.raises(PreviewError, match="is not a duration"):
        seconds(text)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("now", NOW),
        ("now-15m", NOW - 900),
        ("1700000000123", 1_700_000_000.123),
        ("2023-11-14 22:13:20", 1_700_000_000),
        ("2023-11-14T23:13:20+01:00", 1_700_000_000),
    ],
)
def test_a_time_reads_as_in_grafana_s_addresses(text: str, time: float) -> None:
    assert moment(text, NOW) == time


@pytest.mark.parametrize("text", ["", "5m", "now+1h", "now-1y", "yesterday", "-5"])
def test_another_text_is_not_a_time(text: str) -> None:
    with pytest.raises(PreviewError, match="is not a time|is not a duration"):
        moment(text, NOW)


@pytest.mark.parametrize(("start", "end"), [(NOW, NOW), (NOW, NOW - 1), (-1.0, NOW)])
def test_a_range_begins_after_1970_and_before_its_end(start: float, end: float) -> None:
    with pytest.raises(PreviewError, match="must begin after 1970 and before its end"):
        TimeRange(start, end)


@pytest.mark.parametrize(
    ("length", "min_step", "step", "rate_interval"),
    [(300, "1m", 60, 240), (300, "5s", 5, 20), (86400, "1m", 300, 360), (300, "", 1, 4)],
)
def test_a_step_is_as_fine_as_the_panel_and_its_min_step_allow(
    length: int, min_step: str, step: int, rate_interval: int
) -> None:
    shown = TimeRange(1_000_000.0 - length, 1_000_000.0)
    assert shown.step(440, min_step) == step
    assert shown.rate_interval(step, min_step) == rate_interval


def test_a_min_step_of_the_user_replaces_the_board_s() -> None:
    assert TimeRange(999_700.0, 1_000_000.0, min_step=5).step(440, "1m") == 5


def test_points_stand_on_whole_steps() -> None:
    assert TimeRange(999_737.0, 1_000_037.0).grid(60) == (999_720.0, 1_000_020.0)
