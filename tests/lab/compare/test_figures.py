"""Figures have as many digits as they are worth."""

from math import nan

import pytest

from lab.compare.figures import mebibytes, microseconds, percent, seconds


@pytest.mark.parametrize(
    ("value", "text"),
    [(61.4, "61 s"), (9.96, "10.0 s"), (1.26, "1.3 s"), (0.517, "0.52 s"), (0, "0 s"), (nan, "-")],
)
def test_seconds(value: float, text: str) -> None:
    assert seconds(value) == text


def test_other_units() -> None:
    assert microseconds(0.0012345) == "1,234 µs"
    assert microseconds(None) == "-"
    assert mebibytes(60.4 * 2**20) == "60 MiB"
    assert percent(0.1234) == "12.3 %"
