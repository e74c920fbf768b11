"""The span pair of an exchange: parentage, attributes, status; never a payload."""

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind
from opentelemetry.trace.status import StatusCode

from proxy.telemetry import trace_context
from proxy.telemetry.catalogue import Fault, Outcome
from proxy.telemetry.ledger import Ledger
from proxy.telemetry.sampling import FIXED
from proxy.telemetry.spans import SpanBuilder
from proxy.telemetry.tracing import Exchange, SpanQueue, Tracer
from tests.proxy.telemetry.exchanges import EXCHANGE

NOTHING = ("", "")


def spans(
    exchange: Exchange,
    meta: tuple[str, str] = NOTHING,
    header: tuple[str, str] = NOTHING,
    transport: str = "stdio",
) -> list[ReadableSpan]:
    """What one exchange becomes on its way from the tracer to the builder."""
    ledger = Ledger("fetch", transport)
    ledger.record("tools/call", "echo", "POST", 200, Outcome.OK, Fault.NONE, "", "", 0.5, 0.0001)
    queue = SpanQueue(10, 10, lambda count: None)
    tracer = Tracer(FIXED["always_on"], queue)
    tracer.finish(tracer.begin(meta, header), exchange)
    address = None if transport == "stdio" else ("127.0.0.1", 9000)
    builder = SpanBuilder(ledger, Resource({}), address)
    (finished,) = queue.take()
    return list(builder.build(finished))


def attributes(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


def test_a_server_span_has_a_client_child_within_its_time() -> None:
    server, client = spans(EXCHANGE)
    assert (server.kind, client.kind) == (SpanKind.SERVER, SpanKind.CLIENT)
    assert server.name == client.name == "tools/call echo"
    assert client.parent == server.context
    assert client.context is not None
    assert server.context is not None
    assert client.context.trace_id == server.context.trace_id
    assert server.start_time is not None
    assert server.end_time is not None
    assert server.end_time - server.start_time == 500_000_000
    assert client.start_time == server.start_time + 100_000_000
    assert client.end_time == server.start_time + 400_000_000


def test_the_server_span_hangs_below_the_caller_and_links_the_header() -> None:
    meta = (trace_context.traceparent(1, 2, sampled=True), "vendor=x")
    header = (trace_context.traceparent(3, 4, sampled=False), "")
    server, client = spans(EXCHANGE, meta, header)
    assert server.parent is not None
    assert (server.parent.trace_id, server.parent.span_id) == (1, 2)
    assert server.parent.is_remote
    assert server.context is not None
    assert server.context.trace_state.to_header() == "vendor=x"
    (link,) = server.links
    assert (link.context.trace_id, link.context.span_id) == (3, 4)
    assert client.links == ()


def test_a_request_that_never_reached_the_upstream_has_no_client_span() -> None:
    refused = EXCHANGE._replace(outcome=Outcome.REJECTED, fault=Fault.CALLER, upstream=None)
    assert [span.kind for span in spans(refused)] == [SpanKind.SERVER]


def test_attributes_follow_the_conventions() -> None:
    server, client = spans(EXCHANGE)
    shared = {
        "mcp.method.name": "tools/call",
        "gen_ai.tool.name": "echo",
        "gen_ai.operation.name": "execute_tool",
        "mcp.session.id": "s-1",
        "mcp.protocol.version": "2025-11-25",
        "jsonrpc.request.id": "7",
    }
    assert attributes(server) == {
        **shared,
        "network.transport": "tcp",
        "http.response.status_code": 200,
        "mcp.proxy.outcome": "ok",
        "mcp.proxy.fault": "none",
    }
    assert attributes(client) == {**shared, "network.transport": "pipe"}


def test_an_http_upstream_is_named_on_the_client_span() -> None:
    _, client = spans(EXCHANGE, transport="streamable-http")
    expected = {
        "network.transport": "tcp",
        "server.address": "127.0.0.1",
        "server.port": 9000,
    }
    assert attributes(client).items() >= expected.items()


def test_only_tool_calls_execute_a_tool() -> None:
    server, _ = spans(EXCHANGE._replace(method="prompts/get", target="greet"))
    assert attributes(server)["gen_ai.prompt.name"] == "greet"
    assert not attributes(server).keys() & {"gen_ai.tool.name", "gen_ai.operation.name"}
    assert server.name == "prompts/get"


def test_names_of_spans_are_as_bounded_as_labels() -> None:
    unknown_tool, _ = spans(EXCHANGE._replace(target="never-counted"))
    unknown_method, _ = spans(EXCHANGE._replace(method="evil/" + "x" * 9_000_000, target=""))
    assert unknown_tool.name == "tools/call other"
    assert unknown_method.name == "other"
    assert len(str(attributes(unknown_method)["mcp.method.name"])) == 128


def failed(outcome: Outcome, fault: Fault, error_type: str, rpc_code: str = "") -> Exchange:
    return EXCHANGE._replace(outcome=outcome, fault=fault, error_type=error_type, rpc_code=rpc_code)


@pytest.mark.parametrize(
    ("exchange", "server_fails", "client_fails"),
    [
        (EXCHANGE, False, False),
        (failed(Outcome.TOOL_ERROR, Fault.SERVER, "tool_error"), True, True),
        (failed(Outcome.PROTOCOL_ERROR, Fault.SERVER, "-32603", "-32603"), True, True),
        (failed(Outcome.PROTOCOL_ERROR, Fault.CALLER, "-32602", "-32602"), False, True),
        (failed(Outcome.TIMEOUT, Fault.SERVER, "timeout"), True, True),
        (failed(Outcome.TRANSPORT_ERROR, Fault.SERVER, "502"), True, True),
        (failed(Outcome.CANCELLED, Fault.CALLER, "cancelled"), False, False),
    ],
)
def test_the_callers_faults_are_errors_on_the_callers_side_only(
    exchange: Exchange, server_fails: bool, client_fails: bool
) -> None:
    server, client = spans(exchange)
    for span, fails in ((server, server_fails), (client, client_fails)):
        assert (span.status.status_code is StatusCode.ERROR) == fails
        assert attributes(span).get("error.type") == (exchange.error_type if fails else None)
        assert attributes(span).get("rpc.response.status_code", "") == exchange.rpc_code
    assert attributes(server)["mcp.proxy.outcome"] == exchange.outcome
