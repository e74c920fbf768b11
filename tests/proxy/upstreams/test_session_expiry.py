"""Sessions by id: which are open, for how long, and which expired."""

from proxy.upstreams.session_expiry import MOST_SESSIONS, SessionExpiry


def test_a_session_lives_from_open_to_close() -> None:
    leases = SessionExpiry(idle=10.0)
    leases.open("a", 1.0)
    assert "a" in leases
    assert leases.close("a", 4.5) == 3.5
    assert leases.close("a", 5.0) is None
    assert len(leases) == 0


def test_only_the_silent_are_abandoned() -> None:
    leases = SessionExpiry(idle=10.0)
    leases.open("silent", 0.0)
    leases.open("lively", 0.0)
    leases.touch("lively", 5.0)
    leases.touch("unknown", 5.0)
    assert leases.abandoned(10.0) == ()
    assert leases.abandoned(10.1) == ("silent",)
    assert leases.abandoned(15.1) == ("silent", "lively")
    assert "unknown" not in leases


def test_the_longest_silent_is_forgotten_for_one_more_than_are_followed() -> None:
    leases = SessionExpiry(idle=10.0)
    evicted = {leases.open(f"{number}", 0.0) for number in range(MOST_SESSIONS)}
    assert evicted == {""}
    leases.touch("0", 1.0)
    assert leases.open("one more", 1.0) == "1"
    assert len(leases) == MOST_SESSIONS
    assert "0" in leases
    assert "1" not in leases
    leases.touch("1", 2.0)
    assert leases.close("1", 2.0) is None
