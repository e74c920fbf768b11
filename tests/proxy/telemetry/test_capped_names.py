"""Which names have series of their own, and how often that changes."""

import itertools
from collections import Counter

from proxy.telemetry.capped_names import EVICTION_SECONDS, CappedNames


class Harness:
    """Two places or more, and a clock that the test sets."""

    def __init__(self, cap: int = 2) -> None:
        self.now = 0.0
        self.used: Counter[str] = Counter()
        self.names = CappedNames(cap, lambda: self.now)

    def admit(self, name: str) -> str | None:
        evicted = self.names.admit(name, lambda: self.used)
        self.used[name] += 1
        return evicted


def test_the_least_used_gives_way_at_most_so_often() -> None:
    harness = Harness()
    assert [harness.admit("a"), harness.admit("b")] == ["", ""]
    harness.used["a"] += 1
    assert harness.admit("c") == "b"
    assert harness.admit("b") is None
    harness.now += EVICTION_SECONDS
    assert harness.admit("d") == "c"
    assert [each in harness.names for each in "abcd"] == [True, False, False, True]


def test_of_equally_used_names_the_one_admitted_first_gives_way() -> None:
    for names in itertools.permutations("abcde"):
        harness = Harness(5)
        for name in names:
            harness.admit(name)
        assert harness.admit("new") == names[0]


def test_a_tool_that_was_only_listed_gives_way_at_any_time() -> None:
    harness = Harness()
    harness.names.list(("x", "y", "z"))
    assert ["x" in harness.names, "z" in harness.names] == [True, False]
    assert harness.names.use("x")
    assert [harness.admit("a"), harness.admit("b"), harness.admit("c")] == ["", "x", None]


def test_a_name_is_listed_once_however_often_it_is() -> None:
    harness = Harness()
    harness.names.list(("x", "x", "y"))
    assert [harness.names.use(each) for each in "xyz"] == [True, True, False]
