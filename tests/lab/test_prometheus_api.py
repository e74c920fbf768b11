"""Responses of Prometheus are values, rejected queries or Unreachable."""

import re
from typing import Any

import pytest

from lab.prometheus_api import Line, Prometheus, QueryRefused, Sample, Unreachable, has_data
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


def test_stored_samples_are_lines() -> None:
    result = [{"metric": {"server": "a"}, "values": [[1.0, "3"], [2.5, "4"]]}]
    body = {"status": "success", "data": {"resultType": "matrix", "result": result}}
    with answering(200, body) as url:
        [line] = Prometheus(url).samples("x", seconds=9)
    assert line == Line({"server": "a"}, ((1.0, 3.0), (2.5, 4.0)))


@pytest.mark.parametrize(
    ("values", "shown"), [((), False), (("NaN",), False), (("NaN", "0"), True)]
)
def test_nan_is_no_data_but_zero_is(values: tuple[str, ...], shown: bool) -> None:
    with answering(200, vector(*values)) as url:
        assert has_data(Prometheus(url).query("x")) is shown


def test_a_rejected_query_has_the_error() -> None:
    body = {"status": "error", "error": "parse error: unexpected )"}
    with answering(400, body) as url, pytest.raises(QueryRefused, match=r"^up\): parse error"):
        Prometheus(url).query("up)")


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (503, {}, "HTTP 503"),
        (400, [], "HTTP 400"),
        (502, "bad gateway", "HTTP 502"),
        (200, "<html>", "not Prometheus' API: <html>"),
        (200, {"ok": 1}, "not Prometheus' API: {"),
    ],
)
def test_an_unusable_response_is_unreachable(status: int, body: Any, expected: str) -> None:
    with answering(status, body) as url, pytest.raises(Unreachable) as failed:
        Prometheus(url).query("up")
    assert str(failed.value).startswith(f"{url}/api/v1/query: {expected}")


def test_a_refused_connection_is_unreachable() -> None:
    nowhere = "http://127.0.0.1:1"
    expected = f"{nowhere}/api/v1/query: no answer: [Errno 111] Connection refused"
    with pytest.raises(Unreachable, match=f"^{re.escape(expected)}$"):
        Prometheus(nowhere).query("up")
