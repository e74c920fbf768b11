"""The span pair of an exchange: parentage, attributes, status; never a payload."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.sdk.resources import Resource

from proxy.jsonrpc.methods import ALL as METHODS
from proxy.telemetry.catalogue import Fault, Outcome
from proxy.telemetry.client_info import client_info
from proxy.telemetry.ledger import Ledger
from proxy.telemetry.listed_tools import ToolHints
from proxy.telemetry.otlp.encoder import Envelope
from proxy.telemetry.tracing import context
from proxy.telemetry.tracing.context import TraceContext
from proxy.telemetry.tracing.sampler import FIXED
from proxy.telemetry.tracing.spans import SpanEncoder, SpanRecord
from proxy.telemetry.tracing.trace import Trace
from proxy.telemetry.tracing.tracer import SpanQueue, Tracer
from proxy.telemetry.vocabulary import PROTOCOL_VERSIONS
from tests.proxy.telemetry.otlp.official import SpanBuilder
from tests.proxy.telemetry.tracing.span_records import EXCHANGE, attributes, decode

NOTHING = ("", "")
ADDRESS = ("127.0.0.1", 9000)


def ledger(transport: str) -> Ledger:
    """One that has counted the tool of EXCHANGE."""
    ledger = Ledger("fetch", transport)
    ledger.record("tools/call", "echo", "POST", 200, Outcome.OK, Fault.NONE, "", "", 0.5, 0.0001)
    return ledger


def spans(
    exchange: SpanRecord,
    meta: tuple[str, str] = NOTHING,
    header: tuple[str, str] = NOTHING,
    transport: str = "stdio",
) -> list[Span]:
    """What one exchange becomes on its way from the tracer to the wire."""
    encoder = SpanEncoder(ledger(transport), None if transport == "stdio" else ADDRESS)
    queue = SpanQueue(encoder, 10, 10, lambda count: None)
    tracer = Tracer(FIXED["always_on"], queue)
    tracer.finish(tracer.begin(meta, header), exchange)
    drained = queue.drain()
    assert drained is not None
    return decode(b"".join(drained[1]))


def test_a_server_span_has_a_client_child_within_its_time() -> None:
    server, client = spans(EXCHANGE)
    assert (server.kind, client.kind) == (Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CLIENT)
    assert server.name == client.name == "tools/call echo"
    assert client.parent_span_id == server.span_id
    assert client.trace_id == server.trace_id
    assert len({server.span_id, client.span_id}) == 2
    assert server.end_time_unix_nano - server.start_time_unix_nano == 500_000_000
    assert client.start_time_unix_nano == server.start_time_unix_nano + 100_000_000
    assert client.end_time_unix_nano == server.start_time_unix_nano + 400_000_000


def test_the_server_span_hangs_below_the_caller_and_links_the_header() -> None:
    meta = (context.traceparent(1, 2, sampled=True), "vendor=x")
    header = (context.traceparent(3, 4, sampled=False), "")
    server, client = spans(EXCHANGE, meta, header)
    assert server.trace_id == (1).to_bytes(16)
    assert server.parent_span_id == (2).to_bytes(8)
    assert server.trace_state == client.trace_state == "vendor=x"
    (link,) = server.links
    assert (link.trace_id, link.span_id) == ((3).to_bytes(16), (4).to_bytes(8))
    assert not client.links


def test_a_request_that_never_reached_the_upstream_has_no_client_span() -> None:
    refused = EXCHANGE._replace(outcome=Outcome.REJECTED, fault=Fault.CALLER, upstream=None)
    assert [span.kind for span in spans(refused)] == [Span.SPAN_KIND_SERVER]


def test_attributes_follow_the_conventions() -> None:
    server, client = spans(EXCHANGE)
    shared = {
        "mcp.method.name": "tools/call",
        "gen_ai.tool.name": "echo",
        "gen_ai.operation.name": "execute_tool",
        "mcp.session.id": "s-1",
        "mcp.client.name": "agent",
        "mcp.client.version": "2.1",
        "enduser.id": "alice",
        "mcp.protocol.version": "2025-11-25",
        "jsonrpc.request.id": "7",
    }
    assert attributes(server) == {
        **shared,
        "network.transport": "tcp",
        "network.protocol.name": "http",
        "http.response.status_code": 200,
        "mcp.proxy.outcome": "ok",
        "mcp.proxy.fault": "none",
    }
    assert attributes(client) == {**shared, "network.transport": "pipe"}


def test_an_http_upstream_is_named_on_the_client_span() -> None:
    _, client = spans(EXCHANGE, transport="streamable-http")
    expected = {
        "network.transport": "tcp",
        "network.protocol.name": "http",
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


def test_a_tool_that_the_server_lists_has_its_name_from_then_on() -> None:
    counts = ledger("stdio")
    encoder = SpanEncoder(counts, None)
    trace = Trace(1, 2, 3, True, "", "", None, None)
    late = EXCHANGE._replace(target="late")

    def name() -> str:
        return decode(encoder.encode(trace, late, 1_000_000_000))[0].name

    assert name() == "tools/call other"
    counts.tools_listed({"late": ToolHints()})
    assert name() == "tools/call late"


def failed(outcome: Outcome, fault: Fault, error_type: str, rpc_code: str = "") -> SpanRecord:
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
    exchange: SpanRecord, server_fails: bool, client_fails: bool
) -> None:
    server, client = spans(exchange)
    for span, fails in ((server, server_fails), (client, client_fails)):
        assert (span.status.code == Status.STATUS_CODE_ERROR) == fails
        assert attributes(span).get("error.type") == (exchange.error_type if fails else None)
        assert attributes(span).get("rpc.response.status_code", "") == exchange.rpc_code
    assert attributes(server)["mcp.proxy.outcome"] == exchange.outcome


TEXT = st.text(max_size=200) | st.sampled_from(["", "echo", "x" * 9_000, "\ud800", "ключ"])
IDS = st.integers(min_value=1, max_value=2**64 - 1)
CONTEXTS = st.builds(
    TraceContext,
    trace_id=st.integers(min_value=1, max_value=2**128 - 1),
    span_id=IDS,
    sampled=st.booleans(),
    tracestate=st.just(""),
)
TRACES = st.builds(
    Trace,
    trace_id=st.integers(min_value=1, max_value=2**128 - 1),
    server_span_id=IDS,
    client_span_id=IDS,
    sampled=st.just(True),
    traceparent=st.just(""),
    tracestate=st.sampled_from(["", "vendor=1", "a=1,b=2", "k=" + "v" * 250]),
    parent=st.none() | CONTEXTS,
    link=st.none() | CONTEXTS,
)
OFFSETS = st.floats(min_value=0, max_value=1e6)
EXCHANGES = st.builds(
    SpanRecord,
    method=st.sampled_from(sorted(METHODS)) | TEXT.filter(bool),
    target=TEXT,
    protocol_version=st.sampled_from(sorted(PROTOCOL_VERSIONS)) | TEXT,
    outcome=st.sampled_from(Outcome),
    fault=st.sampled_from(Fault),
    error_type=st.sampled_from(["", "tool_error", "-32602", "502"]),
    rpc_code=st.sampled_from(["", "-32602"]),
    status_code=st.integers(min_value=0, max_value=599),
    request_id=TEXT,
    session_id=TEXT,
    client=st.builds(client_info, TEXT, TEXT),
    principal=TEXT,
    seconds=OFFSETS,
    upstream=st.none() | st.tuples(OFFSETS, OFFSETS),
)


def canonical(request: ExportTraceServiceRequest) -> ExportTraceServiceRequest:
    """The same request with attributes in alphabetical order: their order says nothing."""
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                ordered = sorted(span.attributes, key=lambda each: each.key)
                span.ClearField("attributes")
                span.attributes.extend(ordered)
    return request


@given(
    st.lists(st.tuples(TRACES, EXCHANGES), min_size=1, max_size=4),
    st.sampled_from(["stdio", "streamable-http"]),
)
def test_what_is_sent_is_what_the_official_encoder_would_send(
    calls: list[tuple[Trace, SpanRecord]], transport: str
) -> None:
    resource = {"service.name": "fetch", "team": "a"}
    address = None if transport == "stdio" else ADDRESS
    end = 1_800_000_000_000_000_000
    ours = SpanEncoder(ledger(transport), address)
    theirs = SpanBuilder(ledger(transport), Resource(resource), address)
    sent = Envelope(resource).traces([ours.encode(*call, end) for call in (*calls, *calls)])
    built = [span for call in (*calls, *calls) for span in theirs.build(*call, end)]
    assert canonical(ExportTraceServiceRequest.FromString(sent)) == canonical(encode_spans(built))


def test_labels_that_callers_invent_are_not_kept_for_ever() -> None:
    encoder = SpanEncoder(ledger("stdio"), None)
    trace = Trace(1, 2, 3, True, "", "", None, None)
    for number in range(5000):
        invented = EXCHANGE._replace(
            method="prompts/get", target=f"t{number}", session_id=f"s{number}"
        )
        encoder.encode(trace, invented, 1_000_000_000)
    encoder.encode(trace, EXCHANGE._replace(method="m" * 9_000), 1_000_000_000)
    assert 0 < int(repr(encoder).partition("kept=")[2].rstrip(">")) <= 1024
