"""The dispatcher: reads a request as far as needed, hands it on, and says no where it must."""

import asyncio
import json
from collections import Counter
from collections.abc import Coroutine

import pytest

from proxy.calls.client_request import ClientRequest
from proxy.errors import DuplicateRequest
from proxy.frontend.body_reader import LONG
from proxy.frontend.dispatcher import Dispatcher, Limits
from proxy.http.rejection import HttpRejection
from proxy.http.request_policy import RequestInfo
from proxy.in_flight import Finished
from proxy.outcome import OK, CallOutcome
from proxy.telemetry.tracing.sampler import FIXED, Sampler
from proxy.telemetry.tracing.tracer import Tracer
from proxy.telemetry.vocabulary import RejectionCause, TransportState
from tests.proxy.scripted import GATE, ScriptedClient, counted, info, recorder
from tests.proxy.telemetry.tracing.span_records import span_queue

CALL = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}'
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class ScriptedUpstream:
    """Keeps what it is handed."""

    def __init__(self) -> None:
        self.posts: list[ClientRequest] = []
        self.received: list[str] = []
        self.refuses = False

    def post(self, client_request: ClientRequest) -> None:
        if self.refuses:
            raise DuplicateRequest("request id 1 is still in flight")
        self.posts.append(client_request)

    def listen(self, client_request: ClientRequest) -> None:
        self.received.append("listen")

    def delete(self, client_request: ClientRequest) -> None:
        self.received.append("delete")

    def open_stream(self, client_request: ClientRequest) -> None:
        self.received.append("open-stream")

    def post_message(self, client_request: ClientRequest) -> None:
        self.received.append("take-message")

    def reject(
        self, client_request: ClientRequest, status: int, reason: str, outcome: CallOutcome
    ) -> None:
        self.received.append(f"turn-away {status}")

    def tick(self, now: float) -> None: ...

    def count_transports(self, counts: Counter[TransportState]) -> None: ...

    async def probe(self) -> str:
        return ""

    def drain(self) -> None: ...

    async def close(self) -> None: ...


class Harness:
    """A relay with scripted edges."""

    def __init__(self, sampler: Sampler | None = None) -> None:
        self.upstream, self.recorder, self.client = ScriptedUpstream(), recorder(), ScriptedClient()
        queue = span_queue() if sampler else None
        tracer = Tracer(sampler or FIXED["always_off"], queue)
        limits = Limits(depth=4, in_flight=3)
        self.reading: list[asyncio.Task[None]] = []
        edges = (self.upstream, self.upstream, self.recorder, tracer)
        self.dispatcher = Dispatcher(*edges, limits, self._spawn)

    def _spawn(self, task: Coroutine[None, None, None]) -> None:
        self.reading.append(asyncio.get_running_loop().create_task(task))

    async def finish(self) -> None:
        """Wait until every long message is read."""
        await asyncio.gather(*self.reading)

    def post(self, body: bytes = CALL, **headers: str) -> ClientRequest:
        self.dispatcher.request(self.client, info(**headers), body, 0.0)
        return self.upstream.posts[-1]

    def response(self) -> tuple[int, object]:
        return self.client.status, json.loads(self.client.body)


def test_calls_are_in_flight_from_here() -> None:
    harness = Harness()
    batch = b'[%b,{"id":"b","method":"ping"},{"method":"notifications/x"}]' % CALL
    assert [call.id for call in harness.post(batch).calls] == [1, "b"]
    assert harness.recorder.ledger.in_flight == 2


def test_a_batch_is_shared_out_among_its_requests() -> None:
    harness = Harness()
    batch = b'[%b,{"id":"b","method":"ping"}]' % CALL
    assert [call.size for call in harness.post(batch).calls] == [len(batch) // 2] * 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b'{"\xff":1',
    ],
)
def test_what_is_no_message_is_turned_away_and_counted(body: bytes) -> None:
    harness = Harness()
    harness.dispatcher.request(harness.client, info(), body, 0.0)
    status, answer = harness.response()
    assert status == 400
    assert isinstance(answer, dict)
    assert (answer["id"], answer["error"]["code"]) == (None, -32700)
    assert counted(harness.recorder) == {("unknown", "", 400, "rejected", "caller"): 1}


@pytest.mark.parametrize(
    "arguments", [rb'"cut \ud83d"', b'"caf\xe9"', b"[NaN]", b"-Infinity", b'{"\xff":1}']
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_what_is_hardly_json_is_labelled_and_passed_on_as_it_is(
    mark: bytes, arguments: bytes
) -> None:
    body = mark + CALL.replace(b'"t"', b'"t","arguments":' + arguments)
    sent = Harness().post(body)
    assert sent.body == body
    assert [(call.id, call.name) for call in sent.calls] == [(1, "t")]


@pytest.mark.parametrize(("levels", "status"), [(4, 0), (5, 400)])
def test_a_message_may_nest_so_deep(levels: int, status: int) -> None:
    harness = Harness()
    nested = b"[" * (levels - 1) + b"]" * (levels - 1)
    body = b'{"id":7,"method":"ping","params":%b,"more":"[[[["}' % nested
    harness.dispatcher.request(harness.client, info(), body, 0.0)
    assert harness.client.status == status
    if status:
        answer = harness.response()[1]
        assert isinstance(answer, dict)
        assert (answer["id"], answer["error"]["code"]) == (7, -32600)
        assert counted(harness.recorder) == {("unknown", "", 400, "rejected", "caller"): 1}


def test_a_session_may_have_so_many_calls_in_flight() -> None:
    harness = Harness()
    calls = [
        harness.post(b'{"id":%d,"method":"ping"}' % n, mcp_session_id="s").calls[0]
        for n in range(3)
    ]
    harness.post(b'{"id":4,"method":"ping"}', mcp_session_id="other")
    harness.dispatcher.request(harness.client, info(mcp_session_id="s"), CALL, 0.0)
    status, answer = harness.response()
    assert status == 429
    assert isinstance(answer, dict)
    assert answer["id"] == 1
    assert b"retry-after" in harness.client.head
    assert counted(harness.recorder) == {("tools/call", "other", 429, "rejected", "caller"): 1}
    harness.recorder.finish(Finished(calls[0], OK), 200, 0.0)
    harness.post(b'{"id":5,"method":"ping"}', mcp_session_id="s")
    assert harness.recorder.ledger.in_flight == 4


def test_a_batch_may_not_bring_more_calls_than_a_session() -> None:
    harness = Harness()
    batch = b"[%b]" % b",".join(b'{"id":%d,"method":"ping"}' % number for number in range(4))
    harness.dispatcher.request(harness.client, info(), batch, 0.0)
    status, answer = harness.response()
    assert isinstance(answer, list)
    assert (status, [each["id"] for each in answer]) == (429, [0, 1, 2, 3])
    assert harness.recorder.ledger.in_flight == 0


def test_notifications_and_answers_do_not_count_as_calls() -> None:
    harness = Harness()
    for _ in range(5):
        harness.post(b'{"method":"notifications/x"}', mcp_session_id="s")
    assert harness.recorder.in_flight("s") == 0


def test_an_id_in_flight_is_turned_away() -> None:
    harness = Harness()
    harness.upstream.refuses = True
    harness.dispatcher.request(harness.client, info(), CALL, 0.0)
    assert harness.response()[0] == 400
    assert harness.recorder.ledger.in_flight == 0


def sse(start: str) -> RequestInfo:
    """A head of the HTTP+SSE transport."""
    return GATE.evaluate(f"{start} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())


def test_a_client_of_the_other_transport_is_handed_to_who_keeps_its_stream() -> None:
    harness = Harness()
    harness.dispatcher.request(harness.client, sse("GET /sse"), b"", 0.0)
    harness.dispatcher.request(harness.client, sse("POST /messages?session_id=s"), CALL, 0.0)
    assert harness.upstream.received == ["open-stream", "take-message"]
    assert harness.recorder.in_flight("s") == 1


def test_a_call_that_is_refused_is_answered_where_its_client_listens() -> None:
    harness = Harness()
    harness.dispatcher.draining = True
    harness.dispatcher.request(harness.client, sse("POST /messages?session_id=s"), CALL, 0.0)
    assert harness.upstream.received == ["turn-away 503"]
    harness.dispatcher.request(harness.client, sse("GET /sse"), b"", 0.0)
    assert harness.client.status == 503


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_streams_and_ends_of_sessions_are_handed_on(method: str) -> None:
    harness = Harness()
    harness.dispatcher.request(harness.client, info(method), b"", 0.0)
    assert harness.upstream.received == [{"GET": "listen", "DELETE": "delete"}[method]]
    assert counted(harness.recorder) == {}


def test_a_draining_relay_takes_answers_and_notifications_only() -> None:
    harness = Harness()
    harness.dispatcher.draining = True
    harness.post(b'{"id":1,"result":{}}')
    harness.post(b'{"method":"notifications/cancelled"}')
    harness.dispatcher.request(harness.client, info(), CALL, 0.0)
    status, answer = harness.response()
    assert status == 503
    assert isinstance(answer, dict)
    assert answer["id"] == 1
    assert b"retry-after: 5\r\n" in harness.client.head
    assert counted(harness.recorder) == {("tools/call", "other", 503, "rejected", "proxy"): 1}


@pytest.mark.parametrize(("method", "count"), [("POST", 1), ("GET", 0)])
def test_each_refusal_is_counted_by_cause_and_only_a_post_has_an_outcome(
    method: str, count: int
) -> None:
    harness = Harness()
    harness.dispatcher.refuse(info(method), HttpRejection(RejectionCause.HOST, 403, "no"))
    harness.dispatcher.refuse(None, HttpRejection(RejectionCause.MALFORMED, 400, "no"))
    refusals = harness.recorder.ledger.refusals
    assert sum(counted(harness.recorder).values()) == count
    assert (
        refusals[RejectionCause.HOST],
        refusals[RejectionCause.MALFORMED],
        sum(refusals.values()),
    ) == (1, 1, 2)


def test_a_body_that_is_no_message_is_a_refusal_too() -> None:
    harness = Harness()
    harness.dispatcher.request(harness.client, info(), b"{", 0.0)
    assert harness.recorder.ledger.refusals[RejectionCause.MESSAGE] == 1


def meta(client_request: ClientRequest) -> dict[str, str]:
    found: dict[str, str] = json.loads(client_request.body)["params"].get("_meta", {})
    return found


def with_meta(traceparent: str) -> bytes:
    return CALL.replace(b'"name"', b'"_meta":{"traceparent":"%b"},"name"' % traceparent.encode())


def test_without_a_context_nothing_is_touched() -> None:
    client_request = Harness().post()
    assert (client_request.body, client_request.context) == (CALL, b"")


def test_a_context_in_the_header_goes_into_meta_too() -> None:
    client_request = Harness().post(traceparent=TRACE, tracestate="a=b")
    assert meta(client_request) == {"traceparent": TRACE, "tracestate": "a=b"}
    assert client_request.context == f"traceparent: {TRACE}\r\ntracestate: a=b\r\n".encode()


def test_a_context_in_meta_goes_into_the_header_too() -> None:
    body = with_meta(TRACE)
    client_request = Harness().post(body)
    assert (client_request.body, client_request.context) == (
        body,
        f"traceparent: {TRACE}\r\n".encode(),
    )


def test_two_contexts_stay_as_they_are_when_nothing_is_sampled() -> None:
    body = with_meta(TRACE) + b" "
    client_request = Harness().post(body, traceparent=OTHER)
    assert (client_request.body, client_request.context) == (
        body,
        f"traceparent: {OTHER}\r\n".encode(),
    )


@pytest.mark.parametrize(("body", "headers"), [(with_meta(TRACE), {"traceparent": OTHER}),
                                               (CALL, {"traceparent": TRACE})])  # fmt: skip
def test_a_sampled_call_gives_its_own_context_of_the_parents_trace(
    body: bytes, headers: dict[str, str]
) -> None:
    client_request = Harness(FIXED["always_on"]).post(body, **headers)
    answer = meta(client_request)["traceparent"]
    assert answer[:36] == TRACE[:36]
    assert answer != TRACE
    assert client_request.context == f"traceparent: {answer}\r\n".encode()


def test_an_unsampled_root_is_marked_in_the_header_only() -> None:
    client_request = Harness(FIXED["always_off"]).post()
    assert client_request.body == CALL
    assert client_request.context.startswith(b"traceparent: 00-")
    assert client_request.context.endswith(b"-02\r\n")


def test_params_that_are_an_array_have_no_place_for_a_context() -> None:
    body = b'{"id":1,"method":"m","params":[1]}'
    client_request = Harness().post(body, traceparent=TRACE)
    assert (client_request.body, client_request.context) == (
        body,
        f"traceparent: {TRACE}\r\n".encode(),
    )


def test_a_batch_travels_untouched() -> None:
    body = b"[%b]" % CALL
    client_request = Harness(FIXED["always_on"]).post(b"[%b,%b]" % (CALL, CALL), traceparent=TRACE)
    assert client_request.context == f"traceparent: {TRACE}\r\n".encode()
    assert all(call.trace.sampled for call in client_request.calls)
    assert Harness().post(body).body == body


LONG_CALL = CALL.replace(b'"t"', b'"t","arguments":{"text":"%b"}' % (b"x" * LONG))


def test_a_long_message_is_read_while_others_are_served() -> None:
    async def play() -> None:
        harness = Harness()
        harness.dispatcher.request(harness.client, info(), LONG_CALL, 0.0)
        harness.post(CALL)
        assert [each.body for each in harness.upstream.posts] == [CALL]
        await harness.finish()
        assert harness.upstream.posts[1].body == LONG_CALL
        assert harness.recorder.ledger.in_flight == 2

    asyncio.run(play())


def test_who_leaves_while_its_message_is_read_has_asked_nothing() -> None:
    async def play() -> None:
        harness = Harness()
        harness.dispatcher.request(harness.client, info(), LONG_CALL, 0.0)
        await asyncio.sleep(0)
        assert harness.client.observer is not None
        harness.client.observer.on_client_gone()
        await harness.finish()
        assert harness.upstream.posts == []
        assert counted(harness.recorder) == {}

    asyncio.run(play())
