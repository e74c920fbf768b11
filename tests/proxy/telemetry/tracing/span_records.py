"""One exchange that came out well, whose fields tests replace, and queues for its spans."""

from collections.abc import Callable

from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span

from proxy.telemetry.catalogue import Fault, Outcome
from proxy.telemetry.client_info import ClientInfo
from proxy.telemetry.ledger import Ledger
from proxy.telemetry.tracing.spans import SpanEncoder, SpanRecord
from proxy.telemetry.tracing.tracer import SpanQueue

EXCHANGE = SpanRecord(
    method="tools/call",
    target="echo",
    request_id="7",
    session_id="s-1",
    client=ClientInfo("agent", "2.1"),
    principal="alice",
    protocol_version="2025-11-25",
    outcome=Outcome.OK,
    fault=Fault.NONE,
    error_type="",
    rpc_code="",
    status_code=200,
    seconds=0.5,
    upstream=(0.1, 0.4),
)


def encoder() -> SpanEncoder:
    """Of a stdio server that nobody called yet."""
    return SpanEncoder(Ledger("fetch", "stdio"), None)


def span_queue(
    limit: int = 100, batch: int = 100, lost: Callable[[int], None] = lambda count: None
) -> SpanQueue:
    """A queue with an encoder of its own."""
    return SpanQueue(encoder(), limit, batch, lost)


def decode(spans: bytes) -> list[Span]:
    """Fields of ScopeSpans, by the official classes."""
    return list(ScopeSpans.FromString(spans).spans)


def attributes(span: Span) -> dict[str, str | int]:
    """A span's attributes by name."""
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}
