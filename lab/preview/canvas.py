"""A place to draw on: a box of a matplotlib figure in which one unit is one pixel."""

from dataclasses import dataclass, field, replace
from functools import lru_cache

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path

from lab.preview.colours import Theme
from lab.preview.geometry import Box
from lab.preview.links import Way

DPI = 72
"""At this resolution matplotlib's points, its unit of fonts and lines, are pixels."""

FONT = "DejaVu Sans"
"""Comes with matplotlib, so that every machine draws alike."""

ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Ink:
    """How a line of text looks.

    `colour` None is the theme's; `align` says which end stands at its place; in SVG a text with a
    `url` is a link.
    """

    size: float = 12
    colour: str | None = None
    align: str = "left"
    weight: str = "normal"
    url: str | None = None


PLAIN = Ink()


@dataclass(frozen=True, slots=True)
class Spot:
    """A box of the figure, in pixels, from which ways lead on; the first is the usual one."""

    box: Box
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Canvas:
    """A box on a figure; places are pixels from its upper left corner, y downwards.

    `spots` are the figure's, shared by its parts: a page makes them links, a picture cannot.
    """

    figure: Figure
    box: Box
    theme: Theme
    spots: list[Spot] = field(default_factory=list)

    @property
    def width(self) -> float:
        return self.box.width

    @property
    def height(self) -> float:
        return self.box.height

    def part(self, left: float, top: float, width: float, height: float) -> "Canvas":
        """A box within this one."""
        return replace(self, box=Box(self.box.left + left, self.box.top + top, width, height))

    def leads(self, box: Box, ways: tuple[Way, ...]) -> None:
        """Make a box a place to click, if anything leads on from it."""
        if ways:
            left, top = self.box.left + box.left, self.box.top + box.top
            self.spots.append(Spot(Box(left, top, box.width, box.height), ways))

    def text(self, at: tuple[float, float], text: str, ink: Ink = PLAIN) -> None:
        """One line of text, its middle at that height."""
        x, y = self.place(*at)
        self.figure.text(
            x,
            y,
            text,
            fontsize=ink.size,
            color=ink.colour or self.theme.text,
            ha=ink.align,
            va="center_baseline",
            fontweight=ink.weight,
            parse_math=False,
            url=ink.url,
        )

    def rectangle(self, box: Box, colour: str, *, opacity: float = 1.0) -> None:
        """A filled rectangle, under all data and texts."""
        x, y = self.place(box.left, box.top + box.height)
        page_width, page_height = _size(self.figure)
        self.figure.add_artist(
            Rectangle(
                (x, y),
                box.width / page_width,
                box.height / page_height,
                facecolor=colour,
                edgecolor="none",
                alpha=opacity,
                transform=self.figure.transFigure,
                zorder=-1,
            )
        )

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a pixel of the box is on the figure, from 0 to 1 each way, y upwards."""
        page_width, page_height = _size(self.figure)
        return (self.box.left + x) / page_width, 1 - (self.box.top + y) / page_height


def blank(width: float, height: float, theme: Theme, background: str) -> Canvas:
    """An empty figure of this size in pixels."""
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=background)
    return Canvas(figure, Box(0, 0, width, height), theme)


def _size(figure: Figure) -> tuple[float, float]:
    width, height = figure.get_size_inches() * DPI
    return float(width), float(height)


@lru_cache(maxsize=4096)
def width_of(text: str, size: float, weight: str = "normal") -> float:
    """How wide one line of text is, in pixels."""
    font = FontProperties(family=[FONT], size=size, weight=weight)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width)


def fitted(text: str, width: float, size: float) -> str:
    """The text, cut with an ellipsis if it is wider than that."""
    if width_of(text, size) <= width:
        return text
    kept = len(text)
    while kept and width_of(text[:kept] + ELLIPSIS, size) > width:
        kept -= 1
    return text[:kept].rstrip() + ELLIPSIS
