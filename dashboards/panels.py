"""How a signal is shown: a number, lines, bars, a table ..., with the size it takes.

A `StaticPanel` is a panel that does not query Prometheus.
"""

from dataclasses import dataclass
from enum import StrEnum

from dashboards.links import EVERYWHERE
from dashboards.signal import Signal


class Visualization(StrEnum):
    """The visualizations in use."""

    STAT = "stat"
    LINES = "lines"
    STACK = "stack"
    BARS = "bars"
    HEATMAP = "heatmap"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Panel:
    """A signal in a visualization. `id` is permanent: links to a single panel carry it.

    Width and height count in Grafana's grid: 24 columns, 30 pixels per row.
    """

    id: int
    signal: Signal
    visualization: Visualization
    width: int
    height: int


class PanelKind(StrEnum):
    """What a static panel shows."""

    BOARDS = "boards"
    TRACES = "traces"
    TRACE = "trace"


@dataclass(frozen=True, slots=True)
class BoardEntry:
    """A line of a list of boards."""

    uid: str
    title: str
    question: str
    kept: tuple[str, ...] = EVERYWHERE
    """The variables that its link passes on."""


@dataclass(frozen=True, slots=True)
class StaticPanel:
    """A list of boards, or traces from Jaeger."""

    id: int
    title: str
    description: str
    kind: PanelKind
    width: int
    height: int
    entries: tuple[BoardEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class LogPanel:
    """Log lines, of a data source of the type `plugin`, in whose language `query` is."""

    id: int
    title: str
    description: str
    plugin: str
    query_type: str
    query: str
    width: int = 24
    height: int = 10


def stat(id: int, signal: Signal, width: int = 4) -> Panel:
    """The present value as a number."""
    return Panel(id, signal, Visualization.STAT, width, 3)


def lines(id: int, signal: Signal, width: int = 8) -> Panel:
    """The series of each query as lines over time."""
    return Panel(id, signal, Visualization.LINES, width, 8)


def stack(id: int, signal: Signal, width: int = 8) -> Panel:
    """As lines, on top of each other: for parts of a whole."""
    return Panel(id, signal, Visualization.STACK, width, 8)


def bars(id: int, signal: Signal, width: int = 8) -> Panel:
    """One bar per series of the query, over the whole time range."""
    return Panel(id, signal, Visualization.BARS, width, 8)


def heatmap(id: int, signal: Signal, width: int = 24) -> Panel:
    """The query's buckets over time."""
    return Panel(id, signal, Visualization.HEATMAP, width, 8)


def table(id: int, signal: Signal, width: int = 24) -> Panel:
    """One row per label set, one column per query, over the whole time range."""
    return Panel(id, signal, Visualization.TABLE, width, 8)


def board_list(id: int, title: str, entries: tuple[BoardEntry, ...]) -> StaticPanel:
    """Links to boards, with the question that each answers."""
    return StaticPanel(id, title, f"{title}.", PanelKind.BOARDS, 12, 7, entries)


def traces(id: int, title: str, description: str, width: int = 24) -> StaticPanel:
    """The newest traces of the selected server whose spans carry the tags that the viewer gave."""
    return StaticPanel(id, title, description, PanelKind.TRACES, width, 8)


def trace(id: int, title: str, description: str, width: int = 24) -> StaticPanel:
    """The trace whose id the viewer gave."""
    return StaticPanel(id, title, description, PanelKind.TRACE, width, 10)
