"""How an agent or a server of the lab traces its MCP requests, if its environment says where to.

Spans need the OpenTelemetry SDK, which takes a while to import; so it is only imported for who
has an OTLP endpoint.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"

Json = Mapping[str, Any]
Context = Mapping[str, str]
"""`traceparent` and `tracestate` (W3C Trace Context); empty when nothing is traced."""

Told = Callable[[Json], None]
"""Takes the answer to a request, once there is one."""


class Tracing:
    """Traces nothing."""

    @contextmanager
    def asking(self, request: Json, url: str, session: str) -> Iterator[tuple[Context, Told]]:
        """A client's span around the sending of a request; the context is what to send with it."""
        yield {}, nobody_told

    def serving(self, request: Json, headers: Context) -> Told:
        """Begin a server's span, which ends when its answer is told.

        Of any JSON with a method and an id; headers, of HTTP only, have names in small letters.
        """
        return nobody_told

    def end(self) -> None:
        """Send what waits, for a bounded time."""


UNTRACED = Tracing()


def tracing(service: str, environment: Mapping[str, str]) -> Tracing:
    """Traces as the service of that name, by the OTEL_* variables; nothing without an endpoint."""
    if not environment.get(ENDPOINT):
        return UNTRACED
    from lab.sdk_tracing import SdkTracing

    return SdkTracing(service, environment)


def nobody_told(answer: Json) -> None:
    """Nothing is traced."""
