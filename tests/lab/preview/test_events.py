"""Annotations and single calls are drawn as Grafana draws them: joined, and no more than fit."""

from lab.preview.events import Exemplar, spans, thinned


def test_events_in_a_row_are_one_span() -> None:
    assert list(spans([0, 10, 20, 50, 60, 90], 10)) == [(0, 20), (50, 60), (90, 90)]
    assert list(spans([], 10)) == []


def test_of_single_calls_each_step_keeps_the_slowest_and_those_far_from_it() -> None:
    usual = [Exemplar(1 + number / 100, 0.01 + number / 1000, "") for number in range(40)]
    slow = Exemplar(2, 5, "slow")
    later = Exemplar(11, 0.02, "later")

    assert thinned([*usual, slow, later], 10) == (usual[-1], slow, later)
    assert thinned([], 10) == ()
