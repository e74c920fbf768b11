"""Queries for the annotations that faults must have caused on the boards. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from dashboards import BOARDS
from dashboards.annotations import FIRING, Annotation
from dashboards.promql.schema import Source
from dashboards.promql.scope import variable
from dashboards.queries import MonitoringQuery
from lab.faults.fault import Fault

RESOLUTION = "100ms"
"""Of the subquery: a test may end half a second after an alert starts to fire."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A past interval: its end, in seconds since the epoch, and its length."""

    end: float
    seconds: int


def annotation_queries(
    fault: Fault, sources: frozenset[Source], server: str, interval: Interval
) -> Iterator[MonitoringQuery]:
    """The annotation queries of every board, over the interval; `server` is a regular expression.

    A query has data if the annotation appeared.
    """
    firing = (FIRING,) if fault.expected_alerts(sources) else ()
    for each in (*firing, *fault.annotations):
        expr = _count_over(each, interval).replace(variable("server"), server)
        for board in BOARDS:
            if each.name in {annotation.name for annotation in board.annotations}:
                yield MonitoringQuery(board.uid, f'annotation "{each.name}"', expr, Source.PROXY)


def _count_over(annotation: Annotation, interval: Interval) -> str:
    window = f"[{interval.seconds}s:{RESOLUTION}] @ {interval.end:.3f}"
    return f"count_over_time(({annotation.expr}){window})"
