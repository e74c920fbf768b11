"""What Prometheus and Jaeger answer becomes values; no answer is told from a wrong query."""

import re
from typing import Any

import pytest

from lab.jaeger_api import Jaeger, Span
from lab.prometheus_api import Prometheus, QueryRefused, Sample, Unreachable, has_data
from tests.lab.scripted import answering


def vector(*values: str) -> dict[str, Any]:
    result = [{"metric": {"server": "a"}, "value": [1.0, value]} for value in values]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}


def test_a_vector_becomes_samples() -> None:
    with answering(200, vector("1.5", "2")) as url:
        samples = Prometheus(url).query("x")
    assert samples == (Sample({"server": "a"}, 1.5), Sample({"server": "a"}, 2.0))


def test_a_scalar_becomes_a_sample_without_labels() -> None:
    body = {"status": "success", "data": {"resultType": "scalar", "result": [1.0, "3"]}}
    with answering(200, body) as url:
        assert Prometheus(url).query("scalar(x)") == (Sample({}, 3.0),)


@pytest.mark.parametrize(
    ("values", "shown"), [((), False), (("NaN",), False), (("NaN", "0"), True)]
)
def test_nan_is_no_data_but_zero_is(values: tuple[str, ...], shown: bool) -> None:
    with answering(200, vector(*values)) as url:
        assert has_data(Prometheus(url).query("x")) is shown


def test_a_wrong_query_is_told_with_the_reason() -> None:
    body = {"status": "error", "error": "parse error: unexpected )"}
    with answering(400, body) as url, pytest.raises(QueryRefused, match=r"up\).*parse error"):
        Prometheus(url).query("up)")


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (503, {}, "HTTP 503"),
        (400, [], "HTTP 400"),
        (502, "bad gateway", "HTTP 502"),
        (200, "<html>", "not Prometheus' API: <html>"),
        (200, {"ok": 1}, "not Prometheus' API: {"),
    ],
)
def test_what_is_no_answer_is_unreachable(status: int, body: Any, told: str) -> None:
    with answering(status, body) as url:
        with pytest.raises(Unreachable, match=re.escape(f"{url}/api/v1/query: {told}")):
            Prometheus(url).query("up")
        with pytest.raises(Unreachable):
            Jaeger(url).spans("a", 1)


def test_nobody_there_is_unreachable() -> None:
    nowhere = "http://127.0.0.1:1"
    told = f"{nowhere}/api/v1/query: no answer: [Errno 111] Connection refused"
    with pytest.raises(Unreachable, match=f"^{re.escape(told)}$"):
        Prometheus(nowhere).query("up")
    with pytest.raises(Unreachable):
        Jaeger(nowhere).spans("a", 1)


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
