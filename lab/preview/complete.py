"""Waiting until boards have data, so that no picture shows a panel without."""

import math
import time
from collections.abc import Iterator, Sequence

from lab.jaeger_api import Jaeger
from lab.local.processes import pause
from lab.preview.errors import PreviewError
from lab.preview.model import Board
from lab.preview.queries import Answer, View, answers, choices
from lab.preview.time_range import TimeRange
from lab.prometheus_api import Prometheus, has_data

WAIT_SECONDS = 180.0
POLL_SECONDS = 1.0


def complete_view(
    prometheus: Prometheus,
    jaeger: Jaeger | None,
    boards: Sequence[Board],
    view: View,
    *,
    exprs: Sequence[str] = (),
    seconds: float = WAIT_SECONDS,
) -> View:
    """The view at the first time at which every panel of the boards, and every query, has data.

    Raises PreviewError if one has none within so many seconds, QueryRefused and Unreachable.
    """
    deadline = time.monotonic() + seconds
    while missing := [
        *(each for each in exprs if not has_data(prometheus.query(each))),
        *_without_data(prometheus, jaeger, boards, view),
    ]:
        if time.monotonic() > deadline:
            raise PreviewError(f"no data within {seconds:g} s: {', '.join(missing)}")
        pause(POLL_SECONDS)
        now = time.time()
        shown = TimeRange(now - view.time.length, now, view.time.min_step)
        view = View(shown, view.chosen)
    return view


def _without_data(
    prometheus: Prometheus, jaeger: Jaeger | None, boards: Sequence[Board], view: View
) -> Iterator[str]:
    """The board and title of every panel that would show nothing."""
    for board in boards:
        chosen, _ = choices(prometheus, board, view)
        found = answers(prometheus, jaeger, board, chosen)
        for panel in board.panels:
            if panel.id in found and not _has_data(found[panel.id]):
                yield f'board {board.uid}, panel "{panel.title}"'


def _has_data(answer: Answer) -> bool:
    values = (value for each in answer.series for value in each.values)
    return bool(answer.traces) or not all(map(math.isnan, values))
