"""Which callers have series of their own, and what that holds against hostile names."""

from collections import Counter
from collections.abc import Callable

from proxy.telemetry.caller_counts import MOST_VERSIONS, CallerCounts, Tally
from proxy.telemetry.capped_names import EVICTION_SECONDS
from proxy.telemetry.catalogue import Outcome


class Harness:
    """Two places, and a clock that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0
        self.counts = CallerCounts(2, lambda: self.now)

    def count(
        self, *names: str, version: str = "", outcome: Outcome = Outcome.OK, size: int = 0
    ) -> None:
        for name in names:
            self.counts.count(name, version, "", outcome).received += size

    def by(
        self, place: int, value: Callable[[Tally], int] = lambda each: each.requests
    ) -> dict[str, int]:
        found: Counter[str] = Counter()
        for row, tally in self.counts.rows.items():
            found[row[place]] += value(tally)
        return dict(found)

    @property
    def received(self) -> dict[str, int]:
        """Bytes by name."""
        return self.by(0, lambda each: each.received)


def test_a_request_is_counted_by_name_tool_class_and_outcome() -> None:
    counts = CallerCounts(2)
    for outcome in (Outcome.OK, Outcome.OK, Outcome.TOOL_ERROR):
        counts.count("agent", "1", "read_only", outcome)
    assert {row: tally.requests for row, tally in counts.rows.items()} == {
        ("agent", "1", "read_only", "ok"): 2,
        ("agent", "1", "read_only", "tool_error"): 1,
    }


def test_a_name_has_no_place_before_a_request_of_it_succeeded() -> None:
    harness = Harness()
    harness.count("invented", outcome=Outcome.REJECTED)
    harness.count("agent")
    harness.count("agent", outcome=Outcome.TIMEOUT)
    assert harness.by(0) == {"other": 1, "agent": 2}
    assert harness.counts.overflows == 0


def test_a_name_beyond_the_cap_replaces_the_least_used_at_most_so_often() -> None:
    harness = Harness()
    harness.count("a", "a", "b", "c", "d", "a")
    assert harness.by(0) == {"a": 3, "c": 1, "other": 1}
    assert harness.counts.overflows == 1
    harness.now += EVICTION_SECONDS
    harness.count("d")
    assert harness.by(0) == {"a": 3, "d": 1, "other": 1}


def test_bytes_of_a_name_without_series_are_those_of_other() -> None:
    harness = Harness()
    harness.count("a", "a", "b", "c", "unknown", size=10)
    assert harness.received == {"a": 20, "c": 10, "unknown": 10}
    harness.count("b", "b", size=2)
    assert harness.received == {"a": 20, "c": 10, "unknown": 10, "other": 4}
    harness.now += EVICTION_SECONDS
    harness.count("b", "c", size=1)
    assert harness.received == {"a": 20, "b": 1, "unknown": 10, "other": 5}


def test_requests_without_a_client_take_no_place_under_the_cap() -> None:
    harness = Harness()
    harness.count("unknown", "other", "a", "b")
    assert harness.by(0) == {"unknown": 1, "other": 1, "a": 1, "b": 1}


def test_a_version_beyond_the_cap_replaces_the_least_used_whose_requests_become_other() -> None:
    harness = Harness()
    for number in range(MOST_VERSIONS):
        harness.count(*["agent"] * (number + 1), version=f"{number}", size=10)
    harness.count("agent", "agent", version="new")
    harness.count("agent", version="newer")
    assert harness.by(1) == {"1": 2, "2": 3, "3": 4, "4": 5, "new": 2, "other": 2}
    harness.now += EVICTION_SECONDS
    harness.count("agent", version="newest")
    assert harness.by(1) == {"2": 3, "3": 4, "4": 5, "new": 2, "newest": 1, "other": 4}
    assert (harness.by(0), harness.received) == ({"agent": 19}, {"agent": 150})


def test_a_hundred_thousand_hostile_names_and_versions_stay_under_the_cap() -> None:
    counts = CallerCounts(50)
    for number in range(100_000):
        counts.count(f"hostile-{number}", f"{number}", "unlisted", Outcome.OK)
    for number in range(100_000):
        counts.count("hostile-1", f"{number}", "unlisted", Outcome.OK)
    assert len({row[0] for row in counts.rows}) == 51
    assert len(counts.rows) == 51 + MOST_VERSIONS
    assert sum(tally.requests for tally in counts.rows.values()) == 200_000 - 1
    assert counts.overflows == 100_000 - 51
