"""Exchanges as spans of the OpenTelemetry SDK, for its official encoder.

What `proxy.telemetry.tracing.spans` must agree with, written a second time in the SDK's terms;
the bench measures both.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, TraceFlags, TraceState
from opentelemetry.trace.status import Status, StatusCode

from proxy.jsonrpc.methods import ALL as METHODS
from proxy.jsonrpc.methods import PROMPTS_GET, TOOLS_CALL
from proxy.telemetry.catalogue import SCOPE, SEMCONV_SCHEMA, VERSION, Fault, Outcome
from proxy.telemetry.ledger import Ledger
from proxy.telemetry.projection import network_transport
from proxy.telemetry.tracing.context import TraceContext
from proxy.telemetry.tracing.spans import (
    CLIENT_NAME,
    CLIENT_VERSION,
    FAULT,
    OUTCOME,
    PRINCIPAL,
    SpanRecord,
)
from proxy.telemetry.tracing.trace import Trace
from proxy.telemetry.vocabulary import cut, known

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_UNSAMPLED = TraceFlags(TraceFlags.DEFAULT)
_SCOPE = InstrumentationScope(SCOPE, VERSION, schema_url=SEMCONV_SCHEMA)
_TARGETS = {TOOLS_CALL: "gen_ai.tool.name", PROMPTS_GET: "gen_ai.prompt.name"}
_NANO = 1_000_000_000

# A caller who hangs up has not seen the server fail.
_FINE = frozenset({Outcome.OK, Outcome.CANCELLED})

Attributes = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class SpanBuilder:
    """Builds the spans of one proxy; `address` is the upstream's host and port, if it has one."""

    ledger: Ledger
    resource: Resource
    address: tuple[str, int] | None

    def build(self, trace: Trace, exchange: SpanRecord, end: int) -> Iterator[ReadableSpan]:
        """The SERVER span, and the CLIENT span if the upstream was asked."""
        start = end - round(exchange.seconds * _NANO)
        server = _context(trace, trace.server_span_id)
        parent = None if trace.parent is None else _remote(trace.parent)
        yield ReadableSpan(
            self._name(exchange),
            server,
            parent,
            self.resource,
            self._server_attributes(exchange),
            links=() if trace.link is None else (Link(_remote(trace.link)),),
            kind=SpanKind.SERVER,
            status=_status(failed=_is_server_error(exchange)),
            start_time=start,
            end_time=end,
            instrumentation_scope=_SCOPE,
        )
        if exchange.upstream is None:
            return
        asked, answered = (start + round(offset * _NANO) for offset in exchange.upstream)
        yield ReadableSpan(
            self._name(exchange),
            _context(trace, trace.client_span_id),
            server,
            self.resource,
            self._client_attributes(exchange),
            kind=SpanKind.CLIENT,
            status=_status(failed=exchange.outcome not in _FINE),
            start_time=asked,
            end_time=answered,
            instrumentation_scope=_SCOPE,
        )

    def _name(self, exchange: SpanRecord) -> str:
        """`{method} {tool or prompt}`, bounded as the labels are, for who groups by name."""
        method = known(exchange.method, METHODS) or exchange.method
        tool = self.ledger.tool_label(exchange.target) if exchange.method == TOOLS_CALL else ""
        return f"{method} {tool}" if tool else method

    def _server_attributes(self, exchange: SpanRecord) -> Attributes:
        attributes = _attributes(exchange)
        # The proxy's clients always come by HTTP, whatever the server speaks.
        attributes["network.transport"] = "tcp"
        attributes["network.protocol.name"] = "http"
        attributes[OUTCOME] = str(exchange.outcome)
        attributes[FAULT] = str(exchange.fault)
        if exchange.status_code:
            attributes["http.response.status_code"] = exchange.status_code
        if exchange.error_type and _is_server_error(exchange):
            attributes["error.type"] = cut(exchange.error_type)
        return attributes

    def _client_attributes(self, exchange: SpanRecord) -> Attributes:
        attributes = _attributes(exchange)
        attributes["network.transport"] = network_transport(self.ledger.transport)
        if attributes["network.transport"] != "pipe":
            attributes["network.protocol.name"] = "http"
        if self.address is not None:
            attributes["server.address"], attributes["server.port"] = self.address
        if exchange.error_type and exchange.outcome not in _FINE:
            attributes["error.type"] = cut(exchange.error_type)
        return attributes


def _attributes(exchange: SpanRecord) -> Attributes:
    """What both spans say, values cut to the length of a label."""
    target = _TARGETS.get(exchange.method)
    values = {
        "mcp.method.name": exchange.method,
        "gen_ai.operation.name": "execute_tool" if exchange.method == TOOLS_CALL else "",
        "mcp.session.id": exchange.session_id,
        CLIENT_NAME: exchange.client.name,
        CLIENT_VERSION: exchange.client.version,
        PRINCIPAL: exchange.principal,
        "mcp.protocol.version": exchange.protocol_version,
        "jsonrpc.request.id": exchange.request_id,
        "rpc.response.status_code": exchange.rpc_code,
    }
    if target is not None:
        values[target] = exchange.target
    return {name: cut(value) for name, value in values.items() if value}


def _is_server_error(exchange: SpanRecord) -> bool:
    """On the server's side the caller's faults are not errors (conventions, changelog 389)."""
    return exchange.outcome not in _FINE and exchange.fault is not Fault.CALLER


def _status(*, failed: bool) -> Status:
    return Status(StatusCode.ERROR if failed else StatusCode.UNSET)


def _context(trace: Trace, span_id: int) -> SpanContext:
    return SpanContext(trace.trace_id, span_id, False, _SAMPLED, _state(trace.tracestate))


def _remote(context: TraceContext) -> SpanContext:
    flags = _SAMPLED if context.sampled else _UNSAMPLED
    return SpanContext(context.trace_id, context.span_id, True, flags, _state(context.tracestate))


def _state(tracestate: str) -> TraceState | None:
    return TraceState.from_header([tracestate]) if tracestate else None
