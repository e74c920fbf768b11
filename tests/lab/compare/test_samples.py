"""Increments, gaps and waits from samples."""

from math import isnan

import pytest

from lab.compare.samples import (
    Poll,
    behind,
    increments,
    last_scrape,
    longest_gap,
    metric_waits,
    percentile,
)
from lab.prometheus_api import Line, Target


def line(*values: float, outcome: str = "ok", start: float = 100.0) -> Line:
    return Line({"outcome": outcome}, tuple((start + at, value) for at, value in enumerate(values)))


@pytest.mark.parametrize(
    ("values", "number"),
    [
        ((3, 3, 5), 5),
        ((3, 5, 1, 4), 9),  # A restart: 5, then 4 more.
        ((3, 5, 0, 0), 5),
        ((), 0),
    ],
)
def test_increments_begin_at_0_and_again_when_a_counter_falls(
    values: tuple[float, ...], number: int
) -> None:
    assert increments([line(*values)], "outcome") == {"ok": number}


def test_the_last_scrape_is_that_of_the_target_at_the_address() -> None:
    targets = [
        Target("proxy", "http://127.0.0.1:1/metrics", "", 10.0, "1s"),
        Target("again", "http://127.0.0.1:1/metrics", "", 12.0, "1s"),
        Target("other", "http://127.0.0.1:10/metrics", "", 20.0, "1s"),
    ]
    assert last_scrape(targets, "127.0.0.1:1") == 12.0
    assert last_scrape(targets, "127.0.0.1:2") is None


def test_increments_of_several_series_are_added_by_label() -> None:
    lines = [line(2, 4), line(1, outcome="tool_error"), line(3)]
    assert increments(lines, "outcome") == {"ok": 7, "tool_error": 1}


def test_the_longest_gap_is_that_of_all_lines_together() -> None:
    lines = [line(1, 1, start=10), line(1, start=13), line(1, 1, start=20)]
    assert longest_gap(lines, 9.0, 22.0) == 7.0


@pytest.mark.parametrize(("start", "end", "gap"), [(0.0, 12.0, 10.0), (9.0, 31.0, 20.0)])
def test_a_gap_may_be_at_an_end(start: float, end: float, gap: float) -> None:
    assert longest_gap([line(1, 1, start=10)], start, end) == gap


def test_without_samples_all_is_a_gap() -> None:
    assert longest_gap([], 10.0, 25.0) == 15.0


def test_the_nth_increment_is_that_of_the_nth_answer() -> None:
    answered = [12.0, 10.0, 11.0, 30.0]
    polls = [Poll(10.5, 0), Poll(11.5, 2), Poll(12.5, 2), Poll(13.0, 3)]
    assert metric_waits(answered, polls) == [1.5, 0.5, 1.0]


def test_an_increment_that_was_counted_twice_is_no_other_call() -> None:
    assert metric_waits([10.0], [Poll(11.0, 2)]) == [1.0]


def test_after_a_restart_counters_and_calls_begin_again() -> None:
    answered = [10.0, 11.0, 12.0, 20.0, 21.0]  # The increment of 12.0 is lost.
    polls = [Poll(11.5, 2), Poll(14.0, 2), Poll(20.5, 1), Poll(22.0, 2)]
    assert metric_waits(answered, polls, restarts=[13.0]) == [1.5, 0.5, 0.5, 1.0]


def test_calls_are_behind_until_they_are_counted_also_after_a_restart() -> None:
    answered = [10.0, 11.0, 20.0]
    polls = [Poll(10.5, 1), Poll(13.0, 2), Poll(21.0, 1)]
    assert behind(answered, polls, [14.0], [10.2, 10.6, 12.0, 13.5, 20.5, 22.0]) == [
        *(1, 0, 1, 0, 1, 0),
    ]


@pytest.mark.parametrize(("percent", "value"), [(50, 2.0), (99, 4.0), (100, 4.0), (1, 1.0)])
def test_a_percentile_is_one_of_the_values(percent: float, value: float) -> None:
    assert percentile([4.0, 1.0, 2.0, 3.0], percent) == value


def test_without_values_a_percentile_is_not_a_number() -> None:
    assert isnan(percentile([], 50))
