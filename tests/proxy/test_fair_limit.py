"""A cap that is fair: the idlest gives way, and no client locks out another."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.fair_limit import FairLimit


class Place:
    """What some client holds; it leaves the cap when it has to give way."""

    def __init__(self, name: str, idle_since: float = 0.0) -> None:
        self.name = name
        self.client = name[0].encode()
        self.idle_since = idle_since
        self.evicted = False

    def evict(self) -> None:
        self.evicted = True


def filled(most: int, *session_limit: Place) -> FairLimit[Place]:
    cap: FairLimit[Place] = FairLimit(most)
    for each in session_limit:
        assert cap.hold(each) == []
    return cap


def gone(*session_limit: Place) -> str:
    return " ".join(each.name for each in session_limit if each.evicted)


@pytest.mark.parametrize(
    ("newcomer", "idle", "evicted"),
    [
        # Of the client that holds most, whose idlest is not the idlest of all.
        ("c1", {"a1": 3.0, "a2": 2.0, "b1": 1.0}, "a2"),
        ("b2", {"a1": 3.0, "a2": 2.0, "b1": 1.0}, "a2"),
        ("a3", {"a1": 3.0, "a2": 2.0, "b1": 1.0}, "a2"),
        # What is in use stays.
        ("c1", {"a1": 3.0, "a2": inf, "b1": 1.0}, "a1"),
        ("c1", {"a1": inf, "a2": inf, "b1": 1.0}, "b1"),
        # Nobody takes from a client that holds less.
        ("a3", {"a1": inf, "a2": inf, "b1": 1.0}, None),
        ("c1", {"a1": inf, "a2": inf, "b1": inf}, None),
        # What ends anyway goes first, whosever it is.
        ("c1", {"a1": 3.0, "a2": 2.0, "b1": -inf}, "b1"),
    ],
)
def test_the_idlest_of_the_client_that_holds_most_gives_way(
    newcomer: str, idle: dict[str, float], evicted: str | None
) -> None:
    session_limit = [Place(name, since) for name, since in idle.items()]
    cap = filled(3, *session_limit)
    given_way = cap.hold(Place(newcomer))
    assert (given_way is None) is (evicted is None)
    assert gone(*session_limit) == (evicted or "")
    assert cap.used == 3


@pytest.mark.parametrize(("most", "share"), [(1, 1), (7, 7), (8, 7), (100, 88)])
def test_one_client_gets_no_more_than_its_share_and_others_the_rest(most: int, share: int) -> None:
    own = [Place(f"a{number}", inf) for number in range(share)]
    cap = filled(most, *own)
    assert cap.hold(Place("a_more")) is None
    others = [cap.hold(Place(f"b{number}", inf)) for number in range(most - share)]
    assert others == [[]] * (most - share)


def test_a_client_at_its_share_gives_way_to_itself_even_where_there_is_room() -> None:
    own = [Place(f"a{number}", number) for number in range(7)]
    cap = filled(8, *own)
    assert cap.hold(Place("a_more")) == [own[0]]
    assert cap.used == 7


def test_so_many_give_way_as_it_takes_and_none_in_vain() -> None:
    cap: FairLimit[Place] = FairLimit(16)
    heavy, light, busy = Place("a1", 5.0), Place("b1", 1.0), Place("c1", inf)
    for place, amount in ((heavy, 6), (light, 4), (busy, 6)):
        assert cap.hold(place, amount) == []
    newcomer = Place("d1")
    assert cap.hold(newcomer, 11) is None
    assert gone(heavy, light, busy) == ""
    assert cap.hold(newcomer, 9) == [heavy, light]
    assert cap.hold(newcomer, 2) == []
    assert cap.used == 8
    cap.release(newcomer)
    cap.release(newcomer)
    assert cap.used == 6


@pytest.mark.parametrize("since", [inf, 9.0])
def test_one_that_is_of_use_again_meanwhile_does_not_give_way(since: float) -> None:
    first, second, third = (Place("a", number) for number in range(3))
    cap = filled(3, first, second, third)
    assert cap.hold(Place("b", 10.0)) == [first]
    second.idle_since = since
    assert cap.hold(Place("b", 10.0)) == [third]
    cap.release(second)
    assert cap.hold(Place("b", 10.0)) == []


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 5), st.integers(0, 20), st.booleans()),
        max_size=40,
    )
)
def test_no_more_is_ever_held_than_allowed(steps: list[tuple[str, int, int, bool]]) -> None:
    cap: FairLimit[Place] = FairLimit(16)
    session_limit = {(client, number): Place(client) for client in "abc" for number in range(6)}
    amounts: dict[Place, int] = {}
    for client, number, amount, busy in steps:
        place = session_limit[client, number]
        place.idle_since = inf if busy else 0.0
        evicted = cap.hold(place, amount)
        for each in evicted or ():
            del amounts[each]
        if evicted is not None:
            amounts[place] = amount
        assert cap.used == sum(amounts.values()) <= 16
        for name in "abc":
            assert sum(held for each, held in amounts.items() if each.name == name) <= 14
    for place in session_limit.values():
        cap.release(place)
    assert cap.used == 0
