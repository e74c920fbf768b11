"""The recorder: each end is counted with its labels, and traced if it is sampled."""

import pytest

from proxy.calls.recorder import CallRecorder
from proxy.in_flight import Call, Finished
from proxy.jsonrpc.codec import decode_all
from proxy.jsonrpc.members import encode
from proxy.jsonrpc.message import Message, Params
from proxy.outcome import INVALID_RESPONSE, OK, TOOL_ERROR, CallOutcome
from proxy.telemetry.catalogue import Fault, Outcome
from proxy.telemetry.client_info import ClientInfo
from proxy.telemetry.ledger import Ledger
from proxy.telemetry.tracing.sampler import FIXED
from proxy.telemetry.tracing.tracer import Tracer
from tests.proxy.scripted import counted, recorder
from tests.proxy.telemetry.tracing.span_records import attributes, decode, span_queue

AGENT = ClientInfo("agent", "1")


def call(method: str = "tools/call", name: str = "t") -> Call:
    return Call(Message(id=7, method=method, params=Params(name=name)), 0.0, "2025-06-18", "s")


def received(kept: CallRecorder) -> dict[str, int]:
    """Bytes of results by client."""
    [row] = kept.ledger.clients.rows.items()
    return {row[0][0]: row[1].received}


@pytest.mark.parametrize(
    ("method", "name", "tool"),
    [("tools/call", "t", "t"), ("prompts/get", "p", ""), ("ping", "", "")],
)
def test_only_a_tool_call_has_a_tool(method: str, name: str, tool: str) -> None:
    kept = recorder()
    kept.finish(Finished(call(method, name), OK), 200, 0.0)
    assert counted(kept) == {(method, tool, 200, "ok", "none"): 1}


def test_a_call_is_counted_for_its_client() -> None:
    kept = recorder()
    for method in ("tools/call", "ping"):
        one = call(method)
        one.client, one.principal = AGENT, "alice"
        kept.finish(Finished(one, OK), 200, 0.0)
    for counts, name in ((kept.ledger.clients, AGENT), (kept.ledger.principals, ("alice", ""))):
        found = {row: tally.requests for row, tally in counts.rows.items()}
        assert found == {(*name, each, "ok"): 1 for each in ("unlisted", "")}


@pytest.mark.parametrize(("outcome", "client"), [(OK, AGENT), (TOOL_ERROR, None)])
def test_a_session_is_that_of_the_client_whose_initialize_succeeds_in_it(
    outcome: CallOutcome, client: ClientInfo | None
) -> None:
    kept, opening = recorder(), call("initialize")
    opening.client = AGENT
    kept.finish(Finished(opening, outcome), 200, 0.0)
    assert kept.session_clients.get("s") == client
    kept.forget_session("s")
    assert kept.session_clients.get("s") is None


def test_the_last_call_in_flight_ends_the_wait() -> None:
    kept, quiet = recorder(), []
    kept.on_quiet = lambda: quiet.append(kept.ledger.in_flight)
    kept.ledger.in_flight = 2
    kept.finish(Finished(call(), OK), 200, 0.0)
    assert quiet == []
    kept.finish(Finished(call(), OK), 200, 0.0)
    assert quiet == [0]


def test_a_calls_sizes_and_its_first_event_are_counted() -> None:
    kept = recorder()
    streamed, unanswered = call(), call()
    streamed.size, streamed.answer_size, streamed.first_event = 256, 257, 0.3
    unanswered.size = 1
    for each in (streamed, unanswered):
        kept.finish(Finished(each, OK), 200, 0.0)
    ledger = kept.ledger
    assert (ledger.request_sizes.counts[0], ledger.request_sizes.total) == (2, 257)
    assert (ledger.response_sizes.counts[:2], ledger.response_sizes.total) == ([0, 1], 257)
    assert (sum(ledger.first_events.counts), ledger.first_events.total) == (1, 0.3)


@pytest.mark.parametrize(
    ("method", "params", "outcome", "key"),
    [
        ("tools/call", {"name": "t"}, OK, ("tools/call", "t")),
        ("tools/call", {"name": "t"}, TOOL_ERROR, ("tools/call", "other")),
        ("tools/call", {"name": "t"}, INVALID_RESPONSE, None),
        ("prompts/get", {"name": "p"}, OK, ("prompts/get", "p")),
        ("resources/read", {"uri": "a:b"}, OK, ("resources/read", "a:b")),
        ("resources/read", {"uri": 7}, OK, None),
        ("resources/read", {}, OK, None),
        ("tools/list", {}, OK, None),
        ("tasks/result", {"taskId": "unknown"}, OK, None),
    ],
)
def test_the_size_of_a_result_is_counted_by_name(
    method: str, params: dict[str, object], outcome: CallOutcome, key: tuple[str, str] | None
) -> None:
    kept = recorder()
    [asked] = decode_all(encode({"id": 1, "method": method, "params": params}))
    one = Call(asked, 0.0, "", "s")
    one.answer_size = 2000
    kept.finish(Finished(one, outcome), 200, 0.0)
    sizes = {name: each.total for name, each in kept.ledger.result_sizes.items()}
    assert sizes == ({} if key is None else {key: 2000})
    assert received(kept) == {"unknown": 2000 if key else 0}


def test_a_client_gets_what_lists_tools_and_no_other_list() -> None:
    kept = recorder()
    for method, key in (("tools/list", "tools"), ("prompts/list", "prompts")):
        [asked] = decode_all(encode({"id": 1, "method": method}))
        [answer] = decode_all(encode({"id": 1, "result": {key: []}}))
        one = Call(asked, 0.0, "", "s")
        one.client, one.answer_size = ClientInfo("agent", ""), 2000
        assert answer.result
        one.note(answer.result)
        kept.finish(Finished(one, OK), 200, 0.0)
    assert received(kept) == {"agent": 2000}


def test_a_session_that_ends_is_counted_with_its_life() -> None:
    kept = recorder()
    kept.ledger.sessions = 2
    kept.session_ended(3.0, "timeout")
    assert kept.ledger.sessions == 1
    assert kept.ledger.session_lives["timeout"].total == 3.0


@pytest.mark.parametrize(
    ("outcome", "rpc_code"),
    [(TOOL_ERROR, ""), (CallOutcome(Outcome.PROTOCOL_ERROR, Fault.CALLER, "-32602"), "-32602")],
)
def test_a_sampled_call_is_recorded_with_what_is_known(outcome: CallOutcome, rpc_code: str) -> None:
    queue = span_queue()
    tracer = Tracer(FIXED["always_on"], queue)
    kept = CallRecorder(Ledger("s", "stdio"), tracer)
    one = call()
    one.trace, one.sent_at = tracer.begin(("", ""), ("", "")), 0.5
    kept.finish(Finished(one, outcome), 200, 2.0)
    drained = queue.drain()
    assert drained is not None
    server, client = decode(drained[1][0])
    assert server.trace_id == one.trace.trace_id.to_bytes(16)
    span_attributes = attributes(server)
    assert (
        span_attributes.items()
        >= {
            "mcp.method.name": "tools/call",
            "gen_ai.tool.name": "t",
            "jsonrpc.request.id": "7",
            "mcp.session.id": "s",
            "mcp.protocol.version": "2025-06-18",
            "mcp.proxy.outcome": outcome.outcome,
            "http.response.status_code": 200,
        }.items()
    )
    assert span_attributes.get("rpc.response.status_code", "") == rpc_code
    asked = client.start_time_unix_nano - server.start_time_unix_nano
    answered = client.end_time_unix_nano - server.start_time_unix_nano
    assert (asked, answered) == (500_000_000, 2_500_000_000)


def test_what_waits_to_be_a_span_is_short_whatever_the_caller_says() -> None:
    queue = span_queue()
    tracer = Tracer(FIXED["always_on"], queue)
    long = "x" * 8_000_000
    body = b'{"id":"%b","method":"%b","params":{"name":"%b","protocolVersion":"%b"}}'
    (message,) = decode_all(body % ((long.encode(),) * 4))
    one = Call(message, 0.0, "", long)
    one.trace = tracer.begin(("", ""), ("", ""))
    CallRecorder(Ledger("s", "stdio"), tracer).finish(Finished(one, OK), 200, 0.0)
    drained = queue.drain()
    assert drained is not None
    assert len(drained[1][0]) < 2000
