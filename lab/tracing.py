"""Tracing of MCP requests by a client or server, if its environment has an OTLP endpoint.

The OpenTelemetry SDK is slow to import, so it is imported only with an endpoint.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"

Json = Mapping[str, Any]
Context = Mapping[str, str]
"""`traceparent` and `tracestate` (W3C Trace Context); empty when nothing is traced."""

OnResponse = Callable[[Json], None]
"""Called with the response to a request."""


class Tracing:
    """Traces nothing."""

    @contextmanager
    def client_span(
        self, request: Json, url: str, session: str
    ) -> Iterator[tuple[Context, OnResponse]]:
        """A CLIENT span around a request; the context is to be sent with it."""
        yield {}, ignore

    def server_span(self, request: Json, headers: Context) -> OnResponse:
        """Start a SERVER span that ends with the response.

        `request` is any JSON object with a method and an id; `headers` are those of HTTP, with
        lower-case names.
        """
        return ignore

    def shutdown(self) -> None:
        """Export the remaining spans, within a time limit."""


UNTRACED = Tracing()


def tracing(service: str, environment: Mapping[str, str]) -> Tracing:
    """Tracing under a service name, by OTEL_* variables; UNTRACED without an endpoint."""
    if not environment.get(ENDPOINT):
        return UNTRACED
    from lab.sdk_tracing import SdkTracing

    return SdkTracing(service, environment)


def ignore(response: Json) -> None:
    pass
