"""Panels fill the grid from the left and the top, and uneven rows are refused."""

import pytest

from dashboards.layout import Place, Row, UnevenRow, place
from dashboards.panels import lines, stat
from dashboards.promql.expression import Number
from dashboards.signal import Query, Signal

SIGNAL = Signal("Title", "Help.", "short", (Query(Number(1), "one"),))


def test_panels_follow_each_other_and_wrap_at_24_columns() -> None:
    row = Row(100, "Row", (lines(1, SIGNAL, 12), lines(2, SIGNAL, 12), lines(3, SIGNAL, 24)))

    assert [where for _, where in place((row,))] == [
        Place(w=24, h=1, x=0, y=0),
        Place(w=12, h=8, x=0, y=1),
        Place(w=12, h=8, x=12, y=1),
        Place(w=24, h=8, x=0, y=9),
    ]


def test_the_next_row_starts_below_the_tallest_line() -> None:
    first = Row(100, "First", (stat(1, SIGNAL, 24),))
    second = Row(101, "Second", (stat(2, SIGNAL, 24),))

    assert [where.y for _, where in place((first, second))] == [0, 1, 4, 5]


@pytest.mark.parametrize("width", [8, 20])
def test_a_line_that_leaves_a_hole_or_sticks_out_is_refused(width: int) -> None:
    row = Row(100, "Row", (lines(1, SIGNAL, 12), lines(2, SIGNAL, width)))

    with pytest.raises(UnevenRow, match=f'row "Row": a line is {12 + width} columns wide'):
        place((row,))


def test_a_line_of_panels_of_different_height_is_refused() -> None:
    row = Row(100, "Row", (stat(1, SIGNAL, 12), lines(2, SIGNAL, 12)))

    with pytest.raises(UnevenRow, match="differ in height"):
        place((row,))
