"""Counts and distributions of a load test."""

from math import isnan

import pytest

from lab.load.statistics import MOST_REASONS, CallStatistics, Distribution
from proxy.telemetry.catalogue import Outcome


def test_a_distribution_has_percentiles_within_a_thousandth() -> None:
    distribution = Distribution(100.0, 3)
    for millisecond in range(1, 10_001):
        distribution.add(millisecond / 1000)

    found = distribution.latencies()

    assert (found.min, found.max) == (0.001, 10.0)
    assert found.mean == pytest.approx(5.0005)
    assert [found.p50, found.p75, found.p90, found.p95, found.p99, found.p999] == pytest.approx(
        [5, 7.5, 9, 9.5, 9.9, 9.99], rel=0.001
    )


def test_nothing_has_no_latency() -> None:
    found = Distribution(1.0, 3).latencies()
    assert all(map(isnan, (found.min, found.mean, found.max, found.p50, found.p999)))


def test_an_interval_counts_what_happened_since_the_one_before() -> None:
    statistics = CallStatistics(10.0)
    statistics.on_due(3)
    statistics.on_sent(0.0)
    statistics.on_sent_late()
    statistics.on_finished("echo", Outcome.OK, 0.1, "")

    first = statistics.interval(1.0)
    statistics.on_finished("echo", Outcome.TIMEOUT, 2.0, "no answer")
    second = statistics.interval(2.0)

    assert (first.due, first.sent, first.ok, first.failed) == (3, 2, 1, 0)
    assert (first.in_flight, first.waiting) == (1, 1)
    assert (second.due, second.sent, second.ok, second.failed) == (0, 0, 0, 1)
    assert [first.p50, second.p50] == pytest.approx([0.1, 2.0], rel=0.02)
    assert statistics.outcomes() == {Outcome.OK: 1, Outcome.TIMEOUT: 1}
    assert statistics.waited == 1


def test_different_reasons_of_failures_are_bounded() -> None:
    statistics = CallStatistics(10.0)
    for number in range(1000):
        statistics.on_finished("echo", Outcome.REJECTED, 0.1, f"reason {number}")
        statistics.on_finished("echo", Outcome.REJECTED, 0.1, "reason 0")

    assert len(statistics.reasons) == MOST_REASONS
    assert statistics.reasons["reason 0"] == 1001
