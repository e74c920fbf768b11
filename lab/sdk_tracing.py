"""MCP requests as spans of the official OpenTelemetry SDK, as users' agents and servers have them.

Names and attributes are those of the MCP semantic conventions, GenAI registry. A request carries
its context twice: as headers, and in `params._meta`, where the conventions want it.
"""

import logging
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from urllib.parse import urlsplit

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from lab.tracing import Context, Json, Told, Tracing
from proxy.telemetry.vocabulary import TOOLS_CALL, ErrorType

FLUSH_SECONDS = 1.0
"""How long the last spans may take; the SDK would wait half a minute for a dead collector."""

_PREFIX = "OTEL_"
_W3C = TraceContextTextMapPropagator()

_HTTP = {"network.transport": "tcp", "network.protocol.name": "http"}
_PIPE = {"network.transport": "pipe"}

_CALLERS = frozenset({"-32700", "-32600", "-32601", "-32602"})
"""The caller's faults, which are no errors of a server (conventions, changelog 389)."""


class SdkTracing(Tracing):
    """Traces by the SDK's batch processor and OTLP/HTTP exporter; `end` it.

    Of the environment it takes the OTEL_* variables, the SDK's own, and those of no other.
    """

    def __init__(self, service: str, environment: Mapping[str, str]) -> None:
        # A collector that is away is told by the alerts, not by a line of each batch.
        logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
        session = requests.Session()
        session.trust_env = False
        with _only(environment):
            self._exporter = OTLPSpanExporter(session=session)
            self._provider = TracerProvider(
                resource=Resource.create({SERVICE_NAME: service}), shutdown_on_exit=False
            )
            self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
            self._tracer = self._provider.get_tracer("lab")
        self._service = service

    def __repr__(self) -> str:
        return f"SdkTracing({self._service})"

    @contextmanager
    def asking(self, request: Json, url: str, session: str) -> Iterator[tuple[Context, Told]]:
        """Part of Tracing."""
        attributes = {**_asked(request), **_over_http(url), **_of(session)}
        with self._tracer.start_as_current_span(
            _name(request), kind=SpanKind.CLIENT, attributes=attributes
        ) as span:
            context: dict[str, str] = {}
            _W3C.inject(context, set_span_in_context(span))
            try:
                yield context, lambda answer: _tell(span, answer)
            except Exception as failed:
                span.set_attribute("error.type", type(failed).__name__)
                raise

    def serving(self, request: Json, headers: Context) -> Told:
        """Part of Tracing; the context in `_meta` is the parent, else that of the headers."""
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
            {**_asked(request), **network, **_of(headers.get("mcp-session-id", ""))},
        )

        def told(answer: Json) -> None:
            _tell(span, answer, _CALLERS)
            span.end()

        return told

    def end(self) -> None:
        """Part of Tracing."""
        # No time limit of the SDK's reaches its batch processor: so a thread that may be left.
        flushing = Thread(target=self._provider.shutdown, daemon=True)
        flushing.start()
        flushing.join(FLUSH_SECONDS)
        if flushing.is_alive():
            self._exporter.shutdown()  # type: ignore[no-untyped-call]  # untyped upstream


@contextmanager
def _only(environment: Mapping[str, str]) -> Iterator[None]:
    """The SDK reads the process's environment alone, where a user may have set what is not ours."""
    before = {name: each for name, each in os.environ.items() if name.startswith(_PREFIX)}
    ours = {name: each for name, each in environment.items() if name.startswith(_PREFIX)}
    _replace(ours)
    try:
        yield
    finally:
        _replace(before)


def _replace(variables: Mapping[str, str]) -> None:
    for name in tuple(os.environ):
        if name.startswith(_PREFIX):
            del os.environ[name]
    os.environ.update(variables)


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


def _asked(request: Json) -> dict[str, str]:
    """What a request says of itself."""
    attributes = {"mcp.method.name": request["method"], "jsonrpc.request.id": str(request["id"])}
    if tool := _tool(request):
        attributes |= {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool}
    return attributes


def _over_http(url: str) -> dict[str, str | int]:
    server = urlsplit(url)
    return {
        **_HTTP,
        "server.address": server.hostname or "",
        "server.port": server.port or 80,
    }


def _of(session: str) -> dict[str, str]:
    return {"mcp.session.id": session} if session else {}


def _tell(span: Span, answer: Json, fine: Collection[str] = ()) -> None:
    """What the answer says: a JSON-RPC error, unless of a `fine` code, or a tool's."""
    error_type = ""
    if "error" in answer:
        code = str(answer["error"].get("code"))
        span.set_attribute("rpc.response.status_code", code)
        error_type = "" if code in fine else code
    elif answer["result"].get("isError"):
        error_type = str(ErrorType.TOOL_ERROR)
    if error_type:
        span.set_attribute("error.type", error_type)
        span.set_status(StatusCode.ERROR)
