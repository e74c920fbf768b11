"""Grafana's grid in pixels, on a page that a screen of 1366 x 768 shows whole in its width."""

from dataclasses import dataclass

from dashboards.layout import COLUMNS, Place

GAP = 8
COLUMN, ROW = 48, 30
"""One grid cell without its gap, in pixels."""

PAGE_WIDTH = COLUMNS * (COLUMN + GAP) - GAP
"""1336: what a window of 1366 has left beside a scroll bar."""

TITLE = 32
"""Height of a panel's heading, in pixels."""

PADDING = 8
"""Free space around what is drawn in a panel, in pixels."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels; `left` and `top` of its upper left corner, y downwards."""

    left: float
    top: float
    width: float
    height: float

    def body(self) -> "Box":
        """What a panel of this size leaves for drawing."""
        return Box(
            self.left + PADDING,
            self.top + TITLE,
            self.width - 2 * PADDING,
            self.height - TITLE - PADDING,
        )


def pixels(place: Place) -> Box:
    """Where a panel stands on the page, from the upper left corner of the grid."""
    return Box(
        place.x * (COLUMN + GAP),
        place.y * (ROW + GAP),
        place.w * (COLUMN + GAP) - GAP,
        place.h * (ROW + GAP) - GAP,
    )


def grid_height(rows: int) -> float:
    """Height of a board of so many grid rows."""
    return max(rows * (ROW + GAP) - GAP, 0)
