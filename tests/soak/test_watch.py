"""The soak's verdict: what is flat, and what is not."""

import pytest

from tests.soak.watch import MIB, Sample, complaints, curve

START = Sample(0, 50 * MIB, 20, 0)


def busy(*mebibytes: int) -> list[Sample]:
    return [Sample(1, each * MIB, 99, 99) for each in mebibytes]


def test_what_returns_to_its_start_is_flat() -> None:
    assert complaints(START, busy(50, 80, 80, 81, 80, 82), Sample(9, 54 * MIB, 20, 0)) == []


@pytest.mark.parametrize(
    ("end", "named"),
    [
        (Sample(9, 56 * MIB, 20, 0), "memory: 50.0 MiB became 56.0 MiB"),
        (Sample(9, 50 * MIB, 21, 0), "descriptors: 20 became 21"),
        (Sample(9, 50 * MIB, 20, 1), "children: 1 are left"),
    ],
)
def test_what_is_left_behind_is_named(end: Sample, named: str) -> None:
    assert complaints(START, busy(50, 50, 50), end) == [named]


def test_what_only_grows_is_named() -> None:
    grown = complaints(START, busy(50, 60, 70, 80, 90, 100), START)
    assert grown == ["memory still grows: 75.0, then 95.0 MiB"]


def test_the_curve_is_short_however_long_it_took() -> None:
    drawn = curve([START] * 1000).splitlines()
    assert 10 < len(drawn) < 40
    assert drawn[1].endswith("#" * 40)
