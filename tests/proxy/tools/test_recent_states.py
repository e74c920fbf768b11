"""States that come and go are news once; what comes back after long is news again."""

from proxy.tools.recent_states import (
    ABSENT,
    MOST_SIGHTINGS,
    MOST_STATES,
    MOST_TOOLS_WITH_STATES,
    RECENT_SECONDS,
    RecentStates,
)

A, B, C = b"a", b"b", b"c"


def test_a_change_is_news_once_however_often_the_states_take_turns() -> None:
    states = RecentStates()
    assert states.change("t", A, B, 0.0)
    for now in range(1, 50):
        assert not states.change("t", *((A, B) if now % 2 == 0 else (B, A)), float(now))
    assert states.change("t", A, C, 50.0)
    assert states.change("other", A, B, 50.0)
    assert states.change("t", A, ABSENT, 50.0)


def test_a_state_that_was_not_seen_for_long_is_news_again() -> None:
    states, later = RecentStates(), 2 * RECENT_SECONDS
    states.change("t", A, B, 0.0)
    for _ in range(MOST_SIGHTINGS):
        states.see("t", B, later)
    assert states.change("t", B, A, later)


def test_a_state_that_is_seen_now_and_then_is_not_forgotten() -> None:
    states = RecentStates()
    states.change("t", A, B, 0.0)
    for hour in range(1, 100):
        for _ in range(MOST_SIGHTINGS):
            states.see("t", B, hour * RECENT_SECONDS)
        states.see("t", A, hour * RECENT_SECONDS)
    assert not states.change("t", B, A, 100 * RECENT_SECONDS)


def test_rare_lists_do_not_make_a_state_news_again() -> None:
    states = RecentStates()
    states.change("t", A, B, 0.0)
    for day in range(1, 10):
        states.see("t", B, day * 24 * RECENT_SECONDS)
    assert not states.change("t", B, A, 240 * RECENT_SECONDS)


def test_what_is_remembered_is_bounded() -> None:
    states = RecentStates()
    for number in range(MOST_TOOLS_WITH_STATES + 1):
        assert states.change(f"{number}", A, B, 0.0)
    assert repr(states) == f"<RecentStates tools={MOST_TOOLS_WITH_STATES}>"
    assert states.change("0", A, B, 0.0)
    last = f"{MOST_TOOLS_WITH_STATES}"
    for number in range(MOST_STATES):
        assert states.change(last, B, b"%d" % number, 0.0)
    assert states.change(last, B, A, 0.0)
