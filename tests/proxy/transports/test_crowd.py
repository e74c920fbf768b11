"""The client connections: so many are served, the next are turned away until one leaves."""

from proxy.transports.crowd import Crowd


class Scripted:
    """A connection that does nothing."""

    def expire(self, now: float) -> None: ...

    def close_when_idle(self) -> None: ...

    def abort(self) -> None: ...


def test_those_beyond_the_limit_are_not_served_until_a_served_one_leaves() -> None:
    first, second, surplus, later, last = (Scripted() for _ in range(5))
    crowd = Crowd(2, lambda: None)
    assert [crowd.admit(each) for each in (first, second, surplus)] == [True, True, False]
    assert set(crowd) == {first, second, surplus}
    crowd.leave(first)
    assert crowd.admit(later)
    crowd.leave(surplus)
    assert not crowd.admit(last)


def test_the_last_to_leave_is_told() -> None:
    told: list[str] = []
    crowd = Crowd(1, lambda: told.append("empty"))
    served, surplus = Scripted(), Scripted()
    crowd.admit(served)
    crowd.admit(surplus)
    crowd.leave(served)
    assert (told, len(crowd)) == ([], 1)
    crowd.leave(surplus)
    assert (told, len(crowd)) == (["empty"], 0)


def test_a_connection_may_leave_while_all_are_visited() -> None:
    crowd = Crowd(1, lambda: None)
    for _ in range(3):
        crowd.admit(Scripted())
    for each in crowd:
        crowd.leave(each)
    assert len(crowd) == 0
