"""How a signal is looked at: a number, lines, bars, a table ..., with the size it takes.

An `StaticPanel` is a panel that asks Prometheus nothing.
"""

from dataclasses import dataclass
from enum import StrEnum

from dashboards.signal import Signal


class Visualization(StrEnum):
    """The shapes in use."""

    STAT = "stat"
    LINES = "lines"
    STACK = "stack"
    BARS = "bars"
    HEATMAP = "heatmap"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Panel:
    """A signal in a form. `id` is for ever: links to a single panel carry it.

    Width and height count in Grafana's grid: 24 columns, 30 pixels per row.
    """

    id: int
    signal: Signal
    visualization: Visualization
    width: int
    height: int


class PanelKind(StrEnum):
    """What an aside shows."""

    TEXT = "text"
    TRACES = "traces"
    TRACE = "trace"


@dataclass(frozen=True, slots=True)
class StaticPanel:
    """A text, or what Jaeger knows; `body` is the text, in Markdown."""

    id: int
    title: str
    description: str
    kind: PanelKind
    width: int
    height: int
    body: str = ""


def stat(id: int, signal: Signal, width: int = 4) -> Panel:
    """The present value as a number."""
    return Panel(id, signal, Visualization.STAT, width, 3)


def lines(id: int, signal: Signal, width: int = 8) -> Panel:
    """Each answer's series as lines over time."""
    return Panel(id, signal, Visualization.LINES, width, 8)


def stack(id: int, signal: Signal, width: int = 8) -> Panel:
    """As lines, on top of each other: for parts of a whole."""
    return Panel(id, signal, Visualization.STACK, width, 8)


def bars(id: int, signal: Signal, width: int = 8) -> Panel:
    """One bar per series of the answer, over all the time shown."""
    return Panel(id, signal, Visualization.BARS, width, 8)


def heatmap(id: int, signal: Signal, width: int = 24) -> Panel:
    """The answer's buckets over time."""
    return Panel(id, signal, Visualization.HEATMAP, width, 8)


def table(id: int, signal: Signal, width: int = 24) -> Panel:
    """One row per label set, one column per answer, over all the time shown."""
    return Panel(id, signal, Visualization.TABLE, width, 8)


def text(id: int, title: str, body: str, *, width: int = 24, height: int = 4) -> StaticPanel:
    """Markdown."""
    return StaticPanel(id, title, f"{title}.", PanelKind.TEXT, width, height, body)


def traces(id: int, title: str, description: str, width: int = 24) -> StaticPanel:
    """The newest traces of the chosen server whose spans carry the tags that the viewer chose."""
    return StaticPanel(id, title, description, PanelKind.TRACES, width, 8)


def trace(id: int, title: str, description: str, width: int = 24) -> StaticPanel:
    """The trace whose id the viewer gave."""
    return StaticPanel(id, title, description, PanelKind.TRACE, width, 10)
