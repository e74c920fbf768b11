"""Boards are drawn once all their panels have data."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from lab.preview.complete import complete_view
from lab.preview.errors import PreviewError
from lab.preview.queries import View
from lab.prometheus_api import Prometheus
from tests.http_edge import Handler, serving
from tests.lab.preview.made import TIME, board, panel_json

VIEW = View(TIME, {"server": "a"})
EMPTY = {"resultType": "vector", "result": []}


@contextmanager
def prometheus(*values: list[list[Any]]) -> Iterator[tuple[Prometheus, list[float]]]:
    """A Prometheus whose range queries find one of these after another, and their ends."""
    left, ends = list(values), list[float]()

    class Scripted(Handler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            data: Any = EMPTY if url.path == "/api/v1/query" else []
            if url.path == "/api/v1/query_range":
                ends.append(float(parse_qs(url.query)["end"][0]))
                found = left.pop(0) if len(left) > 1 else left[0]
                result = [{"metric": {}, "values": found}] if found else []
                data = {"resultType": "matrix", "result": result}
            self.answer(200, json.dumps({"data": data}))

    with serving(Scripted) as url:
        yield Prometheus(url), ends


def test_the_view_is_that_of_the_first_time_with_data() -> None:
    drawn = board(panel_json("timeseries"))
    with prometheus([], [[1.0, "NaN"]], [[1.0, "0"]]) as (asked, ends):
        view = complete_view(asked, None, [drawn], VIEW)
    assert len(ends) == 3
    assert view.time.end > TIME.end
    assert (view.time.length, view.chosen) == (TIME.length, VIEW.chosen)


def test_panels_that_get_no_data_are_named() -> None:
    drawn = board(panel_json("timeseries"))
    nothing = 'no data within 0 s: board made, panel "A timeseries"'
    with prometheus([]) as (asked, _), pytest.raises(PreviewError, match=nothing):
        complete_view(asked, None, [drawn], VIEW, seconds=0.0)


def test_a_query_without_data_is_waited_for_too() -> None:
    with prometheus([]) as (asked, _), pytest.raises(PreviewError, match="within 0 s: ALERTS$"):
        complete_view(asked, None, [], VIEW, exprs=["ALERTS"], seconds=0.0)
