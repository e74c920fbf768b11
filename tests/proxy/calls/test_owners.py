"""Whose a session is: who claimed it first, until it is over or forgotten."""

import pytest

from proxy.calls.owners import MOST_OWNED, Owners


def test_a_session_is_for_who_claimed_it_first_until_it_is_over() -> None:
    owners = Owners()
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
    owners = Owners()
    owners.claim(session, principal)
    assert owners.allows(session, b"mallory")


def test_the_longest_unused_is_forgotten_for_one_more_than_are_remembered() -> None:
    owners = Owners()
    for number in range(MOST_OWNED):
        owners.claim(f"{number}", b"alice")
    assert not owners.allows("0", b"mallory")
    owners.claim("one more", b"alice")
    assert [owners.allows(each, b"mallory") for each in ("0", "1", "2", "one more")] == [
        False, True, False, False,
    ]  # fmt: skip
