"""What the boards' annotations must have marked while faults went on, as queries. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from dashboards import BOARDS
from dashboards.annotations import FIRING, Annotation
from dashboards.promql.schema import Source
from dashboards.queries import MonitoringQuery
from lab.faults.fault import Fault

RESOLUTION = "100ms"
"""Between two looks: a drill may end half a second after an alert has begun to fire."""


@dataclass(frozen=True, slots=True)
class Span:
    """Some time that has gone by: its end, in seconds since the epoch, and its length."""

    end: float
    seconds: int


def marks(
    fault: Fault, sources: frozenset[Source], server: str, span: Span
) -> Iterator[MonitoringQuery]:
    """What each board asks that draws such an annotation; it has data if there was a mark.

    Annotations are asked over the time that a board shows, and so they are here: over the span.
    `server` is a regular expression.
    """
    firing = (FIRING,) if fault.must(sources) else ()
    for each in (*firing, *fault.marks):
        expr = _within(each, span).replace("$server", server)
        for board in BOARDS:
            if each.name in {drawn.name for drawn in board.annotations}:
                yield MonitoringQuery(board.uid, f'annotation "{each.name}"', expr, Source.PROXY)


def _within(annotation: Annotation, span: Span) -> str:
    window = f"[{span.seconds}s:{RESOLUTION}] @ {span.end:.3f}"
    return f"count_over_time(({annotation.expr}){window})"
