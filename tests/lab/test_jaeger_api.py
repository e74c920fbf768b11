"""Responses of Jaeger are spans or Unreachable."""

from typing import Any

import pytest

from lab.jaeger_api import Jaeger, Span
from lab.prometheus_api import Unreachable
from tests.lab.scripted import answering


@pytest.mark.parametrize(("status", "body"), [(503, {}), (400, []), (200, "<html>"), (200, {})])
def test_an_unusable_response_is_unreachable(status: int, body: Any) -> None:
    with answering(status, body) as url, pytest.raises(Unreachable):
        Jaeger(url).spans("a", 1)


def test_a_refused_connection_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        Jaeger("http://127.0.0.1:1").spans("a", 1)


def test_traces_become_spans_with_their_service_and_tags() -> None:
    span = {
        "traceID": "t1",
        "spanID": "s2",
        "references": [{"refType": "CHILD_OF", "traceID": "t1", "spanID": "s1"}],
        "operationName": "tools/call echo",
        "processID": "p1",
        "startTime": 1_700_000_000_250_000,
        "duration": 1_500,
        "tags": [
            {"key": "span.kind", "value": "server"},
            {"key": "status", "value": 200},
            {"key": "error", "value": True},
        ],
    }
    trace = {"processes": {"p1": {"serviceName": "echo"}}, "spans": [span]}
    with answering(200, {"data": [trace]}) as url:
        spans = Jaeger(url).spans("echo", 10)
    tags = {"span.kind": "server", "status": "200", "error": "true"}
    start, seconds = 1_700_000_000.25, 0.0015
    assert spans == (Span("t1", "s2", "s1", "tools/call echo", "echo", tags, start, seconds),)
