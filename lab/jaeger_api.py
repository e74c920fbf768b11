"""What Jaeger answers to questions, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from dashboards.one_line import cause
from lab.prometheus_api import TIMEOUT_SECONDS, Unreachable


@dataclass(frozen=True, slots=True)
class Span:
    """One span: its ids, its name, the service that made it, its tags.

    `parent_id` is empty for the first span of a trace.
    """

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    service: str
    tags: Mapping[str, str]


class Jaeger:
    """The query API of one Jaeger (the one its web UI uses)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = requests.Session()
        self._http.trust_env = False

    def __repr__(self) -> str:
        return f"Jaeger({self.url})"

    def spans(self, service: str, limit: int) -> tuple[Span, ...]:
        """The spans of the newest `limit` traces that a service took part in.

        Raises Unreachable.
        """
        parameters: dict[str, str | int] = {"service": service, "limit": limit, "lookback": "1h"}
        try:
            response = self._http.get(
                f"{self.url}/api/traces", params=parameters, timeout=TIMEOUT_SECONDS
            )
            response.raise_for_status()
            traces = response.json()["data"]
        except (requests.RequestException, ValueError, KeyError, TypeError) as wrong:
            raise Unreachable(f"{self.url}: no answer of Jaeger's: {cause(wrong)}") from wrong
        return tuple(span for trace in traces for span in _spans(trace))


def _spans(trace: Mapping[str, Any]) -> tuple[Span, ...]:
    services = {key: each["serviceName"] for key, each in trace["processes"].items()}
    return tuple(
        Span(
            span["traceID"],
            span["spanID"],
            _parent(span),
            span["operationName"],
            services[span["processID"]],
            {tag["key"]: str(tag["value"]) for tag in span["tags"]},
        )
        for span in trace["spans"]
    )


def _parent(span: Mapping[str, Any]) -> str:
    parents = (each["spanID"] for each in span["references"] if each["refType"] == "CHILD_OF")
    return next(parents, "")
