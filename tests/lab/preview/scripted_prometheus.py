"""A scripted Prometheus that records its requests."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lab.prometheus_api import Prometheus
from tests.http_edge import Handler, serving

MATRIX = [{"metric": {"server": "a"}, "values": [[1.0, "0.5"], [2.0, "NaN"]]}]
VECTOR = [{"metric": {"tool": "t"}, "value": [1.0, "7"]}]
DATA: dict[str, Any] = {
    "/api/v1/query_range": {"resultType": "matrix", "result": MATRIX},
    "/api/v1/query": {"resultType": "vector", "result": VECTOR},
    "/api/v1/query_exemplars": [
        {"exemplars": [{"labels": {"trace_id": "ab"}, "value": "0.2", "timestamp": 1.5}]}
    ],
    "/api/v1/series": [{"server": "a"}, {"server": "b.c"}],
}

Asked = list[tuple[str, dict[str, list[str]]]]


@contextmanager
def prometheus() -> Iterator[tuple[Prometheus, Asked]]:
    """A Prometheus that answers each kind of question alike, and what it was asked."""
    asked: Asked = []

    class Scripted(Handler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            asked.append((url.path, parse_qs(url.query)))
            self.answer(200, json.dumps({"data": DATA[url.path]}))

    with serving(Scripted) as url:
        yield Prometheus(url), asked
