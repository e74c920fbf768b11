"""A canvas with a range each way, for drawing data: what sticks out is cut off.

Its marks go straight on the figure: matplotlib's own axes would cost more than all they hold.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.artist import Artist
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox, TransformedBbox

from lab.preview.canvas import Canvas
from lab.preview.geometry import Box
from lab.preview.links import Way

Range = tuple[float, float]
Point = tuple[float, float]

_BAND, _RULE, _LINE, _DOT = 1.0, 0.5, 2.0, 2.5
"""What lies above what; texts are above all."""


@dataclass(frozen=True, slots=True)
class Plane:
    """A place for data between `xs` and `ys`, given in the data's own numbers."""

    canvas: Canvas
    xs: Range
    ys: Range

    def line(self, xs: Sequence[float], ys: Sequence[float], colour: str, *, width: float) -> None:
        """A line through points, with a gap where a y is NaN; a point alone is a dot."""
        places = [self._place(x, y) for x, y in zip(xs, ys, strict=True)]
        self._add(
            Line2D(
                [x for x, _ in places],
                [y for _, y in places],
                color=colour,
                linewidth=width,
                marker="." if len(places) == 1 else "",
                solid_joinstyle="round",
                transform=self._transform,
                zorder=_LINE,
            )
        )

    def band(
        self,
        xs: Sequence[float],
        between: tuple[Sequence[float], Sequence[float]],
        colour: str,
        *,
        opacity: float,
    ) -> None:
        """The area between two lines, with a gap where one of them is NaN."""
        outlines = [self._outline(run) for run in _runs(xs, *between)]
        self._add(
            PolyCollection(
                outlines,
                facecolors=colour,
                alpha=opacity,
                linewidths=0,
                transform=self._transform,
                zorder=_BAND,
            )
        )

    def rules(
        self,
        colour: str,
        *,
        level: Iterable[float] = (),
        upright: Iterable[float] = (),
        width: float = 0.7,
        dash: Any = "solid",
    ) -> None:
        """Straight lines across: level ones at these ys, upright ones at these xs."""
        (left, right), (bottom, top) = self.xs, self.ys
        ends = [((left, y), (right, y)) for y in level]
        ends += [((x, bottom), (x, top)) for x in upright]
        self._add(
            LineCollection(
                [(self._place(*a), self._place(*b)) for a, b in ends],
                colors=colour,
                linewidths=width,
                linestyles=[dash],
                transform=self._transform,
                zorder=_RULE,
            )
        )

    def boxes(self, corners: Sequence[tuple[Point, Point]], colours: Sequence[Any]) -> None:
        """Filled rectangles, each from its lower left to its upper right corner."""
        self._add(
            PolyCollection(
                [
                    self._outline(((x, low, high), (far, low, high)))
                    for (x, low), (far, high) in (corners)
                ],
                facecolors=colours,
                linewidths=0,
                transform=self._transform,
                zorder=_BAND,
            )
        )

    def dots(
        self, points: Sequence[tuple[Point, tuple[Way, ...]]], colour: Any, *, size: float
    ) -> None:
        """Diamonds, `size` pixels wide, each with the ways that lead on from it."""
        if not points:
            return
        places = [self._place(*point) for point, _ in points]
        for point, ways in points:
            across, down = self._pixel(*point)
            self.canvas.leads(Box(across - size, down - size, 2 * size, 2 * size), ways)
        self._add(
            Line2D(
                [x for x, _ in places],
                [y for _, y in places],
                color=colour,
                linestyle="none",
                marker="D",
                markersize=size,
                markeredgewidth=0,
                transform=self._transform,
                zorder=_DOT,
            )
        )

    @property
    def _transform(self) -> Any:
        return self.canvas.figure.transFigure

    def _place(self, x: float, y: float) -> Point:
        """The place on the figure, from 0 to 1 each way."""
        return self.canvas.place(*self._pixel(x, y))

    def _pixel(self, x: float, y: float) -> Point:
        """The place on the canvas, in pixels from its upper left corner."""
        (left, right), (bottom, top) = self.xs, self.ys
        across = (x - left) / (right - left) * self.canvas.width
        down = (top - y) / (top - bottom) * self.canvas.height
        return across, down

    def _outline(self, run: Iterable[tuple[float, float, float]]) -> list[Point]:
        """Along the lower line and back along the upper one."""
        points = tuple(run)
        along = [self._place(x, low) for x, low, _ in points]
        back = [self._place(x, high) for x, _, high in reversed(points)]
        return along + back

    def _add(self, artist: Artist) -> None:
        left, top = self.canvas.place(0, 0)
        right, bottom = self.canvas.place(self.canvas.width, self.canvas.height)
        artist.set_clip_box(
            TransformedBbox(Bbox.from_extents(left, bottom, right, top), self._transform)
        )
        self.canvas.figure.add_artist(artist)


def _runs(
    xs: Sequence[float], lows: Sequence[float], highs: Sequence[float]
) -> Iterable[list[tuple[float, float, float]]]:
    """The stretches without a gap."""
    run: list[tuple[float, float, float]] = []
    for x, low, high in zip(xs, lows, highs, strict=True):
        if math.isfinite(low) and math.isfinite(high):
            run.append((x, low, high))
        elif run:
            yield run
            run = []
    if run:
        yield run
