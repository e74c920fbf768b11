"""MCP requests as spans of the OpenTelemetry SDK.

Names and attributes follow the MCP semantic conventions (GenAI registry). A request carries its
context twice: in HTTP headers, and in `params._meta` as the conventions require.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from urllib.parse import urlsplit

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import DEFAULT_ON
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from lab.tracing import ENDPOINT, Context, Json, OnResponse, Tracing
from proxy.jsonrpc.methods import TOOLS_CALL
from proxy.telemetry.vocabulary import ErrorType

FLUSH_SECONDS = 1.0
"""Limit for exporting the last spans; the SDK would wait 30 s for an unreachable collector."""

_SAMPLER, _SCHEDULE_DELAY = "OTEL_TRACES_SAMPLER", "OTEL_BSP_SCHEDULE_DELAY"
_DISABLED = "OTEL_SDK_DISABLED"
_W3C = TraceContextTextMapPropagator()

_HTTP = {"network.transport": "tcp", "network.protocol.name": "http"}
_PIPE = {"network.transport": "pipe"}

_CALLER_ERRORS = frozenset({"-32700", "-32600", "-32601", "-32602"})
"""Errors of the caller, which are not errors of a SERVER span (semantic conventions 389)."""


class SdkTracing(Tracing):
    """Exports spans in batches by OTLP/HTTP; call `shutdown`.

    Endpoint, schedule delay, the choice of a sampler and whether the SDK is disabled are those of
    `environment`. The SDK reads other OTEL_* variables from the process.
    """

    def __init__(self, service: str, environment: Mapping[str, str]) -> None:
        # An unreachable collector is shown by alerts, not by a log line for each batch.
        logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
        session = requests.Session()
        session.trust_env = False
        endpoint = f"{environment[ENDPOINT].rstrip('/')}/v1/traces"
        self._exporter = OTLPSpanExporter(endpoint, session=session)
        self._provider = TracerProvider(
            None if _SAMPLER in environment else DEFAULT_ON,
            Resource.create({SERVICE_NAME: service}),
            shutdown_on_exit=False,
        )
        # The SDK takes this from the process alone.
        self._provider._disabled = environment.get(_DISABLED, "").strip().lower() == "true"
        delay = environment.get(_SCHEDULE_DELAY)
        self._provider.add_span_processor(
            BatchSpanProcessor(
                self._exporter, schedule_delay_millis=float(delay) if delay else None
            )
        )
        self._tracer = self._provider.get_tracer("lab")
        self._service = service

    def __repr__(self) -> str:
        return f"SdkTracing({self._service})"

    @contextmanager
    def client_span(
        self, request: Json, url: str, session: str
    ) -> Iterator[tuple[Context, OnResponse]]:
        attributes = {
            **_request_attributes(request),
            **_server_attributes(url),
            **_session_attributes(session),
        }
        with self._tracer.start_as_current_span(
            _name(request), kind=SpanKind.CLIENT, attributes=attributes
        ) as span:
            context: dict[str, str] = {}
            _W3C.inject(context, set_span_in_context(span))
            try:
                yield context, lambda response: _set_response(span, response)
            except Exception as failed:
                span.set_attribute("error.type", type(failed).__name__)
                raise

    def server_span(self, request: Json, headers: Context) -> OnResponse:
        """As Tracing; the parent is the context in `_meta`, else that of the headers."""
        meta = _object(_object(request.get("params")).get("_meta"))
        context = _W3C.extract(
            {name: each for name, each in meta.items() if isinstance(each, str)},
            _W3C.extract(headers),
        )
        network = _HTTP if headers else _PIPE
        span = self._tracer.start_span(
            _name(request),
            context,
            SpanKind.SERVER,
            {
                **_request_attributes(request),
                **network,
                **_session_attributes(headers.get("mcp-session-id", "")),
            },
        )

        def on_response(response: Json) -> None:
            _set_response(span, response, _CALLER_ERRORS)
            span.end()

        return on_response

    def shutdown(self) -> None:
        # The batch processor ignores the SDK's time limits, hence a thread that may be abandoned.
        flushing = Thread(target=self._provider.shutdown, daemon=True)
        flushing.start()
        flushing.join(FLUSH_SECONDS)
        if flushing.is_alive():
            self._exporter.shutdown()  # type: ignore[no-untyped-call]  # untyped upstream


def _name(request: Json) -> str:
    """`{method} {tool}`, or the method alone."""
    tool = _tool(request)
    return f"{request['method']} {tool}" if tool else str(request["method"])


def _tool(request: Json) -> str:
    name = _object(request.get("params")).get("name", "")
    return str(name) if request["method"] == TOOLS_CALL else ""


def _object(value: object) -> Json:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def _request_attributes(request: Json) -> dict[str, str]:
    attributes = {"mcp.method.name": request["method"], "jsonrpc.request.id": str(request["id"])}
    if tool := _tool(request):
        attributes |= {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool}
    return attributes


def _server_attributes(url: str) -> dict[str, str | int]:
    server = urlsplit(url)
    return {
        **_HTTP,
        "server.address": server.hostname or "",
        "server.port": server.port or 80,
    }


def _session_attributes(session: str) -> dict[str, str]:
    return {"mcp.session.id": session} if session else {}


def _set_response(span: Span, response: Json, no_error: Collection[str] = ()) -> None:
    """Set the error of a response: a JSON-RPC error with another code than these, or a tool's."""
    error_type = ""
    if "error" in response:
        code = str(response["error"].get("code"))
        span.set_attribute("rpc.response.status_code", code)
        error_type = "" if code in no_error else code
    elif response["result"].get("isError"):
        error_type = str(ErrorType.TOOL_ERROR)
    if error_type:
        span.set_attribute("error.type", error_type)
        span.set_status(StatusCode.ERROR)
