"""Whose a session is: who claimed it first, until it is over or forgotten."""

import pytest

from proxy.calls.session_owners import MOST_OF_ONE, MOST_OWNED, SessionOwners


def test_a_session_is_for_who_claimed_it_first_until_it_is_over() -> None:
    owners = SessionOwners()
    assert owners.allows("s", b"alice")
    owners.claim("s", b"alice")
    owners.claim("s", b"mallory")
    assert (owners.allows("s", b"alice"), owners.allows("s", b"mallory")) == (True, False)
    owners.release("s")
    assert owners.allows("s", b"mallory")


@pytest.mark.parametrize(("session", "principal"), [("", b"alice"), ("s", b"")])
def test_without_a_session_or_a_principal_nothing_is_claimed(
    session: str, principal: bytes
) -> None:
    owners = SessionOwners()
    owners.claim(session, principal)
    assert owners.allows(session, b"mallory")


def test_the_longest_unused_is_forgotten_for_one_more_than_are_remembered() -> None:
    owners = SessionOwners()
    for number in range(MOST_OWNED):
        owners.claim(f"{number}", b"alice%d" % (number % 2))
    assert not owners.allows("0", b"mallory")
    owners.claim("one more", b"alice")
    assert [owners.allows(each, b"mallory") for each in ("0", "1", "2", "one more")] == [
        False, True, False, False,
    ]  # fmt: skip


def test_nobody_makes_the_sessions_of_others_forgotten() -> None:
    owners = SessionOwners()
    owners.claim("alice's", b"alice")
    for number in range(MOST_OF_ONE + 1):
        owners.claim(f"{number}", b"mallory")
    assert not owners.allows("alice's", b"mallory")
    assert [owners.allows(each, b"bob") for each in ("0", "1")] == [True, False]


def test_a_session_with_a_long_name_is_its_owners_as_well() -> None:
    owners = SessionOwners()
    owners.claim("s" * 60_000, b"alice")
    assert not owners.allows("s" * 60_000, b"mallory")
    assert owners.allows("s" * 59_999, b"mallory")
