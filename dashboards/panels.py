"""How a signal is looked at: one number, lines, a stack or a table, with the size it takes."""

from dataclasses import dataclass
from enum import StrEnum

from dashboards.signal import Signal


class Form(StrEnum):
    """The shapes in use."""

    STAT = "stat"
    LINES = "lines"
    STACK = "stack"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Panel:
    """A signal in a form. `id` is for ever: links to a single panel carry it.

    Width and height count in Grafana's grid: 24 columns, 30 pixels per row.
    """

    id: int
    signal: Signal
    form: Form
    width: int
    height: int


def stat(id: int, signal: Signal, width: int = 4) -> Panel:
    """The present value as a number."""
    return Panel(id, signal, Form.STAT, width, 4)


def lines(id: int, signal: Signal, width: int = 8) -> Panel:
    """Each answer's series as lines over time."""
    return Panel(id, signal, Form.LINES, width, 8)


def stack(id: int, signal: Signal, width: int = 8) -> Panel:
    """As lines, on top of each other: for parts of a whole."""
    return Panel(id, signal, Form.STACK, width, 8)


def table(id: int, signal: Signal, width: int = 24) -> Panel:
    """One row per label set, one column per answer, over all the time shown."""
    return Panel(id, signal, Form.TABLE, width, 8)
