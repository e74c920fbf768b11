"""A client for the HTTP API of Prometheus."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

from dashboards.cli_text import cause, one_line

OTLP_METRICS_PATH = "/api/v1/otlp/v1/metrics"
TIMEOUT_SECONDS = 5.0
_ANSWER_LIMIT = 200


class Unreachable(Exception):
    """No usable response: the server is starting, stopped, or overloaded."""


class QueryRefused(Exception):
    """Prometheus rejected a query; the text has the query and the error."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One element of an instant vector; a scalar has no labels."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Line:
    """One element of a range vector: points of (seconds since the epoch, value)."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Exemplar:
    """An exemplar with its own labels, such as `trace_id`; `time` is in seconds since the epoch."""

    labels: Mapping[str, str]
    value: float
    time: float


@dataclass(frozen=True, slots=True)
class Rule:
    """A loaded rule; `health` is ok, unknown (not evaluated yet) or err."""

    name: str
    kind: str
    expr: str
    health: str
    error: str


@dataclass(frozen=True, slots=True)
class Target:
    """A scrape target; `error` is that of the last scrape, or empty.

    `scraped` is when that began, in seconds since the epoch, negative if there was none yet.
    """

    job: str
    url: str
    error: str
    scraped: float
    interval: str


class Prometheus:
    """The HTTP API of one Prometheus (prometheus.io, "HTTP API")."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = requests.Session()
        self._http.trust_env = False

    def __repr__(self) -> str:
        return f"Prometheus({self.url})"

    def query(self, expr: str, *, at: float | None = None) -> tuple[Sample, ...]:
        """The value of an expression now or `at` a time; raises Unreachable or QueryRefused."""
        data = self._get("/api/v1/query", query=expr, **({} if at is None else {"time": str(at)}))
        if data["resultType"] == "scalar":
            return (Sample({}, float(data["result"][1])),)
        return tuple(Sample(each["metric"], float(each["value"][1])) for each in data["result"])

    def query_range(self, expr: str, *, start: float, end: float, step: int) -> tuple[Line, ...]:
        """The values of an expression every `step` seconds; raises Unreachable or QueryRefused."""
        times = {"start": str(start), "end": str(end), "step": str(step)}
        result = self._get("/api/v1/query_range", query=expr, **times)["result"]
        return tuple(Line(each["metric"], _points(each["values"])) for each in result)

    def samples(self, selector: str, *, seconds: int) -> tuple[Line, ...]:
        """The stored samples of the last `seconds`, as scraped or written."""
        result = self._get("/api/v1/query", query=f"{selector}[{seconds}s]")["result"]
        return tuple(Line(each["metric"], _points(each["values"])) for each in result)

    def exemplars(self, expr: str, *, start: float, end: float) -> tuple[Exemplar, ...]:
        """The stored exemplars of the series of an expression."""
        found = self._get("/api/v1/query_exemplars", query=expr, start=str(start), end=str(end))
        return tuple(
            Exemplar(one["labels"], float(one["value"]), float(one["timestamp"]))
            for each in found
            for one in each["exemplars"]
        )

    def series(
        self, selector: str, *, start: float | None = None, end: float | None = None
    ) -> tuple[Mapping[str, str], ...]:
        """The label sets of every series that a selector matches, `__name__` included."""
        bounds = {"start": start, "end": end}
        between = {name: str(each) for name, each in bounds.items() if each is not None}
        return tuple(self._get("/api/v1/series", **{"match[]": selector}, **between))

    def rules(self) -> tuple[Rule, ...]:
        groups = self._get("/api/v1/rules")["groups"]
        return tuple(
            Rule(
                each["name"], each["type"], each["query"], each["health"], each.get("lastError", "")
            )
            for group in groups
            for each in group["rules"]
        )

    def names(self) -> tuple[str, ...]:
        """All metric names."""
        return tuple(self._get("/api/v1/label/__name__/values"))

    def targets(self) -> tuple[Target, ...]:
        """All active targets."""
        return tuple(
            Target(
                each["labels"]["job"],
                each["scrapeUrl"],
                each["lastError"],
                datetime.fromisoformat(each["lastScrape"]).timestamp(),
                each["scrapeInterval"],
            )
            for each in self._get("/api/v1/targets", state="active")["activeTargets"]
        )

    def _get(self, path: str, **parameters: str) -> Any:
        where = f"{self.url}{path}"
        try:
            response = self._http.get(where, params=parameters, timeout=TIMEOUT_SECONDS)
        except requests.RequestException as wrong:
            raise Unreachable(f"{where}: no answer: {cause(wrong)}") from wrong
        body = _object(response)
        if response.status_code in (400, 422) and "error" in body:
            asked = parameters.get("query", path)
            raise QueryRefused(f"{asked}: {body['error']}")
        if not response.ok:
            raise Unreachable(f"{where}: HTTP {response.status_code}")
        if "data" not in body:
            beginning = one_line(response.text)[:_ANSWER_LIMIT]
            raise Unreachable(f"{where}: not Prometheus' API: {beginning}")
        return body["data"]


def _object(response: requests.Response) -> Mapping[str, Any]:
    """The JSON object of a response; empty if it is something else."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _points(values: Any) -> tuple[tuple[float, float], ...]:
    return tuple((float(time), float(value)) for time, value in values)


def has_data(samples: tuple[Sample, ...]) -> bool:
    """Whether a panel would show a value: NaN is not drawn."""
    return any(not math.isnan(sample.value) for sample in samples)
