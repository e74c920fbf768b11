"""A client for the query API of Jaeger."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from dashboards.cli_text import cause
from lab.prometheus_api import TIMEOUT_SECONDS, Unreachable


@dataclass(frozen=True, slots=True)
class Span:
    """A span; `parent_id` is empty for a root span.

    `start` is in seconds since the epoch; `seconds` is the duration.
    """

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    service: str
    tags: Mapping[str, str]
    start: float = 0.0
    seconds: float = 0.0


class Jaeger:
    """The API that Jaeger's web UI uses."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = requests.Session()
        self._http.trust_env = False

    def __repr__(self) -> str:
        return f"Jaeger({self.url})"

    def spans(self, service: str, limit: int) -> tuple[Span, ...]:
        """The spans of the newest `limit` traces with a span of the service.

        Raises Unreachable.
        """
        asked = {"service": service, "limit": str(limit), "lookback": "1h"}
        return tuple(span for trace in self._asked("", asked) for span in trace)

    def traces(
        self, service: str, limit: int, tags: Mapping[str, str], *, start: float, end: float
    ) -> tuple[tuple[Span, ...], ...]:
        """The newest traces between two times in which a span of the service has the tags.

        Raises Unreachable.
        """
        times = {"start": f"{start * 1e6:.0f}", "end": f"{end * 1e6:.0f}"}
        asked = {"service": service, "limit": str(limit), **times}
        return self._asked("", asked | ({"tags": json.dumps(dict(tags))} if tags else {}))

    def trace(self, id: str) -> tuple[Span, ...]:
        """The spans of one trace; raises Unreachable, also for an unknown trace."""
        return next(iter(self._asked(f"/{quote(id, safe='')}", {})), ())

    def _asked(self, path: str, parameters: Mapping[str, str]) -> tuple[tuple[Span, ...], ...]:
        """The spans of each trace in the response."""
        try:
            response = self._http.get(
                f"{self.url}/api/traces{path}", params=parameters, timeout=TIMEOUT_SECONDS
            )
            response.raise_for_status()
            return tuple(_spans(each) for each in response.json()["data"])
        except (requests.RequestException, ValueError, KeyError, TypeError) as wrong:
            raise Unreachable(f"{self.url}: no response from Jaeger: {cause(wrong)}") from wrong


def _spans(trace: Mapping[str, Any]) -> tuple[Span, ...]:
    services = {key: each["serviceName"] for key, each in trace["processes"].items()}
    return tuple(
        Span(
            span["traceID"],
            span["spanID"],
            _parent(span),
            span["operationName"],
            services[span["processID"]],
            {tag["key"]: _text(tag["value"]) for tag in span["tags"]},
            span["startTime"] / 1e6,
            span["duration"] / 1e6,
        )
        for span in trace["spans"]
    )


def _text(value: Any) -> str:
    """A tag's value as Jaeger's search formats it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parent(span: Mapping[str, Any]) -> str:
    parents = (each["spanID"] for each in span["references"] if each["refType"] == "CHILD_OF")
    return next(parents, "")
