"""Failed starts in a row are followed by pauses that grow, and a good one ends them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.transports.backoff import LONGEST_SECONDS, RestartBackoff


@pytest.mark.parametrize(
    ("failures", "pause"),
    [(0, 0), (1, 0), (2, 0), (3, 1), (4, 2), (5, 4), (7, 16), (8, 30), (100, 30)],
)
def test_pauses_double_up_to_the_longest(failures: int, pause: float) -> None:
    backoff = RestartBackoff(free=2)
    for _ in range(failures):
        backoff.ended(100.0, "upstream_exited", worked=False)
    assert backoff.pause(100.0) == pause
    assert backoff.pause(100.0 + pause) == 0


def test_a_process_that_works_ends_the_pauses_and_the_blame() -> None:
    backoff = RestartBackoff(free=0)
    backoff.failed(0.0, "connection_error")
    assert backoff.failure == "connection_error"
    backoff.worked()
    assert (backoff.pause(0.0), backoff.failure, backoff.failures) == (0, "", 0)


def test_a_start_replaces_only_what_ended_by_itself() -> None:
    backoff = RestartBackoff(free=2)
    assert not backoff.started()
    backoff.ended(0.0, "", worked=True)
    backoff.ended(0.0, "x", worked=False)
    assert [backoff.started() for _ in range(3)] == [True, True, False]


@given(st.lists(st.booleans(), max_size=40), st.floats(0, 1e9))
def test_no_history_makes_a_pause_longer_than_the_longest(history: list[bool], now: float) -> None:
    backoff = RestartBackoff(free=1)
    for worked in history:
        backoff.ended(now, "x", worked=worked)
    assert 0 <= backoff.pause(now) <= LONGEST_SECONDS
    assert not (history and history[-1]) or backoff.pause(now) == 0
