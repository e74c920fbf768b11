"""The client connections: so many are served, for the next the idlest is closed."""

from asyncio import BaseTransport
from math import inf

import pytest

from proxy.http.connection_limit import MOST_CLOSING, ConnectionLimiter, address_of


class Scripted:
    """A connection of some client; what becomes of it is noted."""

    def __init__(
        self, limiter: ConnectionLimiter, idle_since: float = inf, client: bytes = b"a"
    ) -> None:
        self.client = client
        self.idle_since = idle_since
        self.ends: list[str] = []
        self.served = limiter.admit(self)
        self._crowd = limiter

    def evict(self) -> None:
        self.ends.append("evicted")
        self._crowd.stop_serving(self)

    def expire(self, now: float) -> None: ...

    def close_when_idle(self) -> None: ...

    def abort(self) -> None:
        self.ends.append("aborted")


def test_those_beyond_the_limit_are_not_served_until_a_served_one_leaves() -> None:
    limiter = ConnectionLimiter(2, lambda count: None)
    first, second, surplus = (Scripted(limiter) for _ in range(3))
    assert [each.served for each in (first, second, surplus)] == [True, True, False]
    assert set(limiter) == {first, second, surplus}
    limiter.remove(first)
    assert Scripted(limiter).served
    limiter.remove(surplus)
    assert not Scripted(limiter).served


def test_an_idle_one_is_closed_for_a_newcomer() -> None:
    limiter = ConnectionLimiter(3, lambda count: None)
    busy, idlest, idle = (Scripted(limiter, since) for since in (inf, 1.0, 2.0))
    newcomer = Scripted(limiter, client=b"b")
    assert newcomer.served
    assert [each.ends for each in (busy, idlest, idle)] == [[], ["evicted"], []]
    assert set(limiter) == {busy, idlest, idle, newcomer}


def test_those_that_leave_are_bounded_too() -> None:
    limiter = ConnectionLimiter(1, lambda count: None)
    served, *surplus = (Scripted(limiter) for _ in range(MOST_CLOSING + 2))
    assert [bool(each.ends) for each in surplus] == [True] + [False] * MOST_CLOSING
    assert (served.ends, surplus[0].ends) == ([], ["aborted"])


def test_each_change_of_their_number_is_reported() -> None:
    counts: list[int] = []
    limiter = ConnectionLimiter(1, counts.append)
    served, surplus = Scripted(limiter), Scripted(limiter)
    limiter.remove(served)
    limiter.remove(surplus)
    assert counts == [1, 2, 1, 0]


def test_a_connection_may_leave_while_all_are_visited() -> None:
    limiter = ConnectionLimiter(1, lambda count: None)
    for _ in range(3):
        Scripted(limiter)
    for each in limiter:
        limiter.remove(each)
    assert len(limiter) == 0


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        (("192.0.2.1", 1), b"192.0.2.1"),
        (("::ffff:192.0.2.1", 1, 0, 0), b"192.0.2.1"),
        (("2001:db8:0:1:2:3:4:5", 1, 0, 0), b"\x20\x01\x0d\xb8\0\0\0\1"),
        (("fe80::1%eth0", 1, 0, 0), b"\xfe\x80\0\0\0\0\0\0"),
        (None, b""),
    ],
)
def test_a_client_is_known_by_its_address_or_ipv6_network(peer: object, address: bytes) -> None:
    assert address_of(BaseTransport({"peername": peer})) == address
