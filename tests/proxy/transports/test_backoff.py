"""Failed starts in a row are followed by pauses that grow, and a good one ends them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.transports.backoff import LONGEST_SECONDS, Attempts


@pytest.mark.parametrize(
    ("failures", "pause"),
    [(0, 0), (1, 0), (2, 0), (3, 1), (4, 2), (5, 4), (7, 16), (8, 30), (100, 30)],
)
def test_pauses_double_up_to_the_longest(failures: int, pause: float) -> None:
    attempts = Attempts(free=2)
    for _ in range(failures):
        attempts.ended(100.0, "upstream_exited", worked=False)
    assert attempts.pause(100.0) == pause
    assert attempts.pause(100.0 + pause) == 0


def test_a_process_that_works_ends_the_pauses_and_the_blame() -> None:
    attempts = Attempts(free=0)
    attempts.failed(0.0, "connection_error")
    assert attempts.failure(1.0) == "connection_error"
    attempts.worked()
    assert (attempts.pause(0.0), attempts.failure(0.0), attempts.failures) == (0, "", 0)


def test_a_failure_is_forgiven_after_a_while() -> None:
    attempts = Attempts(free=0)
    attempts.failed(0.0, "x")
    assert attempts.failure(LONGEST_SECONDS) == "x"
    assert attempts.failure(LONGEST_SECONDS + 1) == ""


def test_a_start_replaces_only_what_ended_by_itself() -> None:
    attempts = Attempts(free=2)
    assert not attempts.started()
    attempts.ended(0.0, "", worked=True)
    attempts.ended(0.0, "x", worked=False)
    assert [attempts.started() for _ in range(3)] == [True, True, False]


@given(st.lists(st.booleans(), max_size=40), st.floats(0, 1e9))
def test_no_history_makes_a_pause_longer_than_the_longest(history: list[bool], now: float) -> None:
    attempts = Attempts(free=1)
    for worked in history:
        attempts.ended(now, "x", worked=worked)
    assert 0 <= attempts.pause(now) <= LONGEST_SECONDS
    assert not (history and history[-1]) or attempts.pause(now) == 0
