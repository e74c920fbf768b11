"""Differences are new once, and count as long as some replica has them."""

from proxy.telemetry.catalogue import ToolChange
from proxy.tools.changes import Change
from proxy.tools.differences import (
    IN_TURN_SECONDS,
    MOST_REMEMBERED,
    RECENT_SECONDS,
    Difference,
    Differences,
)


def difference(tool: str) -> Difference:
    return tool, Change(ToolChange.DESCRIPTION_CHANGED, "", "x", "y")


A, B = difference("a"), difference("b")


def test_a_difference_is_new_once_and_ends_with_the_list_that_has_it_not() -> None:
    differences = Differences()
    assert differences.update([A], 1.0) == [A]
    assert differences.update([A, B], 2.0) == [B]
    assert differences.now == {A, B}
    assert differences.update([], 3.0) == []
    assert (differences.now, differences.waiting) == (frozenset(), False)


def test_what_comes_and_goes_is_not_new_and_counts_until_it_is_gone_for_long() -> None:
    differences = Differences()
    assert differences.update([A], 0.0) == [A]
    for now in range(1, 100):
        assert differences.update([] if now % 2 else [A], float(now)) == []
        assert differences.now == (frozenset() if now == 1 else {A})
    assert differences.waiting
    differences.update([], 99.0 + IN_TURN_SECONDS + 1.0)
    assert (differences.now, differences.waiting) == (frozenset(), False)


def test_a_difference_that_comes_again_after_long_is_new() -> None:
    differences = Differences()
    differences.update([A], 0.0)
    differences.update([], 1.0)
    assert differences.update([A], 2.0 + RECENT_SECONDS) == [A]


def test_a_tool_that_differs_in_another_way_is_new() -> None:
    differences = Differences()
    differences.update([A], 0.0)
    other = "a", A[1]._replace(after="z")
    assert differences.update([other], 1.0) == [other]
    assert differences.now == {other}


def test_what_is_remembered_is_bounded() -> None:
    differences = Differences()
    for number in range(MOST_REMEMBERED + 100):
        differences.update([difference(f"{number}")], 1.0)
    assert repr(differences) == f"<Differences 1 gone={MOST_REMEMBERED}>"
    assert differences.update([difference("0")], 1.0) == [difference("0")]


def test_of_differences_that_end_together_the_first_is_forgotten() -> None:
    differences = Differences()
    found = [difference(f"{number}") for number in range(MOST_REMEMBERED + 1)]
    differences.update(found, 1.0)
    differences.update([], 2.0)
    assert differences.update(found, 3.0) == found[:1]
