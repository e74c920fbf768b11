"""An exchange: whatever happens in whatever order, each call is counted once, and answered."""

import json
from math import inf
from time import perf_counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from proxy.calls.client_request import CLIENT_CLOSED_REQUEST
from proxy.http.head import ResponseHead, parse_response
from proxy.http.sse import COMMENT, KEEP_ALIVE_SECONDS, EventReader, encode
from proxy.in_flight import Finished, InFlightCalls
from proxy.jsonrpc.message import Message
from proxy.outcome import (
    CANCELLED,
    INVALID_RESPONSE,
    OK,
    TIMED_OUT,
    TOOL_ERROR,
    UNREACHABLE,
    CallOutcome,
)
from proxy.upstreams.event_relay import HOLD_LIMIT
from proxy.upstreams.passthrough_exchange import PassthroughExchange
from tests.proxy.scripted import ScriptedClient, ScriptedSource, client_request, info

PATIENCE = 10.0
CALL = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}'
PROGRESS = encode(b'{"jsonrpc":"2.0","method":"notifications/progress"}')
RESULT = b'{"jsonrpc":"2.0","id":1,"result":{}}'


def head(kind: str, *more: str) -> ResponseHead:
    lines = ("HTTP/1.1 200 OK", f"content-type: {kind}", *more, "", "")
    return parse_response("\r\n".join(lines).encode())


EVENTS = head("text/event-stream")
JSON = head("application/json")


class Keeper:
    """An owner that keeps what it is notified."""

    message_limit = 100_000

    def __init__(self) -> None:
        self.counted: list[tuple[CallOutcome, int]] = []
        self.parked = InFlightCalls(PATIENCE)
        self.closed_times = 0
        self.open_streams = 0

    def finished(self, finished: Finished, status: int, waited: float) -> None:
        self.counted.append((finished.outcome, status))

    def park(self, name: str, session: InFlightCalls) -> tuple[Finished, ...]:
        return session.hand_over(self.parked, 0.0)

    def listens(self, session: str) -> bool:
        return False

    def on_other_stream(self, session: str, message: Message, size: int, now: float) -> None: ...

    def unread_elsewhere(self, session: str, data: bytes, size: int) -> None: ...

    def is_elsewhere(self, exchange: PassthroughExchange, request_id: object) -> bool:
        return False

    def answered(self, exchange: PassthroughExchange, head: ResponseHead) -> None: ...

    def refusal(self, exchange: PassthroughExchange, head: ResponseHead) -> bytes:
        return head.forward

    def streams(self, more: int) -> None:
        self.open_streams += more

    def closed(self, exchange: PassthroughExchange) -> None:
        self.closed_times += 1


class Harness:
    """One exchange with its scripted edges."""

    def __init__(self, body: bytes = CALL, method: str = "POST", **headers: str) -> None:
        self.client, self.source, self.owner = ScriptedClient(), ScriptedSource(), Keeper()
        one = client_request(self.client, body, info(method, mcp_session_id="s", **headers))
        session = InFlightCalls(PATIENCE)
        session.begin(one.calls, 0.0)
        for call in one.calls:
            call.last_activity = perf_counter()
        self.exchange = PassthroughExchange(one, session, self.owner)
        self.exchange.sent(perf_counter())
        assert self.exchange.connected(self.source)

    def answer(self) -> object:
        return json.loads(self.client.body)


def test_a_readable_answer_is_passed_on_as_it_is() -> None:
    harness = Harness()
    harness.exchange.on_response(JSON, RESULT, 1.0)
    assert (harness.client.body, harness.client.status) == (RESULT, 200)
    assert harness.owner.counted == [(OK, 200)]


def test_an_answer_is_as_long_as_the_body_or_event_that_brought_it() -> None:
    whole, piecewise, streamed = Harness(), Harness(), Harness()
    whole.exchange.on_response(JSON, RESULT, 1.0)
    piecewise.exchange.on_headers(JSON)
    streamed.exchange.on_headers(EVENTS)
    for piece in (RESULT[:9], RESULT[9:]):
        piecewise.exchange.on_data(piece, 1.0)
    streamed.exchange.on_data(PROGRESS + encode(RESULT), 1.0)
    for harness in (piecewise, streamed):
        harness.exchange.on_end(2.0)
    sizes = [
        harness.exchange.request.calls[0].answer_size for harness in (whole, piecewise, streamed)
    ]
    assert sizes == [len(RESULT)] * 3


def test_the_answer_to_a_batch_is_shared_out_among_its_requests() -> None:
    harness = Harness(b"[%b,%b]" % (CALL, CALL.replace(b":1,", b":2,")))
    answers = b"[%b,%b]" % (RESULT, RESULT.replace(b":1,", b":2,"))
    harness.exchange.on_response(JSON, answers, 1.0)
    assert [call.answer_size for call in harness.exchange.request.calls] == [len(answers) // 2] * 2


def test_the_first_event_of_a_stream_is_the_first_that_says_something() -> None:
    harness = Harness()
    harness.exchange.on_headers(EVENTS)
    for now, piece in enumerate((b": hi\n\n", b"id: 1\ndata:\n\n", PROGRESS, encode(RESULT))):
        harness.exchange.on_data(piece, float(now))
    harness.exchange.on_end(9.0)
    assert harness.exchange.request.calls[0].first_event == 2.0


@pytest.mark.parametrize("body", [b"", b"garbage", RESULT.replace(b"1,", b"2,")])
def test_an_answer_to_nothing_asked_is_replaced(body: bytes) -> None:
    harness = Harness()
    harness.exchange.on_response(JSON, body, 1.0)
    assert harness.client.status == 502
    assert harness.owner.counted == [(INVALID_RESPONSE, 502)]


def test_what_takes_the_place_of_an_answer_to_a_batch_of_one_is_an_array() -> None:
    harness = Harness(b"[%b]" % CALL)
    harness.exchange.on_error("gone")
    assert isinstance(answers := harness.answer(), list)
    assert [each["id"] for each in answers] == [1]


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
def test_an_answer_that_was_encoded_unasked_is_replaced(kind: str) -> None:
    harness = Harness()
    encoded = head(kind, "content-encoding: gzip")
    harness.exchange.on_headers(encoded)
    assert harness.client.status == 502
    assert harness.source.calls == ["abort"]
    assert harness.owner.counted == [(INVALID_RESPONSE, 502)]


def test_the_bytes_of_a_stream_pass_untouched() -> None:
    harness = Harness()
    harness.exchange.on_headers(EVENTS)
    pieces = (b": hi\r\n\r", b"\ndata: " + RESULT[:5], RESULT[5:] + b"\r\n\r\n", b"data: x")
    for piece in pieces:
        harness.exchange.on_data(piece, 1.0)
    harness.exchange.on_end(2.0)
    assert harness.client.body == b"".join(pieces)
    assert harness.owner.counted == [(OK, 200)]


LONG = b"data: " + b"x" * HOLD_LIMIT


@pytest.mark.parametrize(
    ("so_far", "reported"),
    [(b"", True), (b": hi\n\n", True), (b"data: x", True), (b"data: x\n", True), (LONG, False)],
)
@pytest.mark.parametrize("lost", [True, False])
def test_an_error_replaces_half_an_event_unless_that_was_sent_already(
    so_far: bytes, *, reported: bool, lost: bool
) -> None:
    harness = Harness()
    harness.exchange.on_headers(EVENTS)
    harness.exchange.on_data(PROGRESS + so_far, 1.0)
    harness.exchange.on_error("gone") if lost else harness.exchange.on_end(2.0)
    _, *more = EventReader(1000).feed(harness.client.body)
    assert [json.loads(each.data)["error"]["code"] for each in more] == (
        [-32000] if reported else []
    )
    assert harness.client.aborted is not reported
    assert harness.owner.counted == [(UNREACHABLE if lost else INVALID_RESPONSE, 200)]


@pytest.mark.parametrize("lost", [True, False])
@pytest.mark.parametrize("lacks", [1, 2])
def test_an_answer_that_lacks_its_last_line_ends_is_an_answer(lacks: int, *, lost: bool) -> None:
    harness = Harness()
    harness.exchange.on_headers(EVENTS)
    harness.exchange.on_data(encode(RESULT)[:-lacks], 1.0)
    harness.exchange.on_error("gone") if lost else harness.exchange.on_end(2.0)
    assert [each.data for each in EventReader(1000).feed(harness.client.body)] == [RESULT]
    assert harness.owner.counted == [(OK, 200)]


def test_a_long_answer_passes_and_is_counted_by_what_it_is_abridged() -> None:
    long = b'{"jsonrpc":"2.0","id":1,"result":{"text":"%b","isError":true}}' % (b"x" * 200_000)
    whole, streamed = Harness(), Harness()
    for harness, kind, body in ((whole, JSON, long), (streamed, EVENTS, encode(long))):
        harness.exchange.on_headers(kind)
        for start in range(0, len(body), 50_000):
            harness.exchange.on_data(body[start : start + 50_000], 1.0)
        harness.exchange.on_end(2.0)
        assert harness.client.body == body
        assert harness.owner.counted == [(TOOL_ERROR, 200)]
        assert harness.exchange.request.calls[0].answer_size == len(long)


def late(body: bytes = CALL) -> Harness:
    """An exchange whose upstream has not answered for so long that the client got a comment."""
    harness = Harness(body)
    for call in harness.exchange.request.calls:
        call.deadline = inf
    harness.exchange.expire(perf_counter() + KEEP_ALIVE_SECONDS + 1, 1000.0)
    return harness


def test_an_answer_that_takes_long_becomes_a_stream_of_what_comes_after_all() -> None:
    pretty = RESULT.replace(b",", b",\r\n")
    batch = b"[%b,%b]" % (RESULT, RESULT.replace(b":1,", b":2,"))
    whole, pieces, events, many = late(), late(), late(), late(CALL.join((b"[", b"]")))
    whole.exchange.on_response(JSON, pretty, perf_counter())
    pieces.exchange.on_headers(JSON)
    events.exchange.on_headers(EVENTS)
    for harness, body in ((pieces, pretty), (events, encode(pretty))):
        for piece in (body[:30], body[30:]):
            harness.exchange.on_data(piece, perf_counter())
        harness.exchange.on_end(perf_counter())
    many.exchange.on_response(JSON, batch, perf_counter())
    for harness in (whole, pieces, events, many):
        assert b"content-type: text/event-stream\r\n" in harness.client.head
        assert harness.client.body.startswith(COMMENT)
        answers = [json.loads(each.data) for each in EventReader(1000).feed(harness.client.body)]
        assert (
            answers
            == [json.loads(RESULT), {**json.loads(RESULT), "id": 2}][: 1 + (harness is many)]
        )
        assert harness.owner.counted == [(OK, 200)]
        assert (harness.client.over, harness.owner.open_streams) == (True, 0)


def test_a_late_refusal_or_loss_is_reported_on_the_stream() -> None:
    rejection = parse_response(b"HTTP/1.1 500 No\r\ncontent-type: text/html\r\n\r\n")
    whole, pieces, lost, silent = late(), late(), late(), late()
    whole.exchange.on_response(rejection, b"<p>", perf_counter())
    pieces.exchange.on_headers(rejection)
    lost.exchange.on_error("gone")
    silent.exchange.request.calls[0].deadline = 0.0
    silent.exchange.expire(perf_counter(), PATIENCE)
    for harness in (whole, pieces, lost, silent):
        [answers] = [json.loads(each.data) for each in EventReader(1000).feed(harness.client.body)]
        assert (answers["id"], "error" in answers) == (1, True)
        assert [status for _, status in harness.owner.counted] == [200]
        assert (harness.client.over, harness.client.aborted) == (True, False)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (CALL.replace(b"tools/call", b"initialize"), {}),
        (b'{"method":"notifications/initialized"}', {}),
        (CALL, {"accept": "application/json"}),
    ],
)
def test_an_answer_that_may_be_no_stream_is_waited_for_in_silence(
    body: bytes, headers: dict[str, str]
) -> None:
    harness = Harness(body, **headers)
    for call in harness.exchange.request.calls:
        call.deadline = inf
    harness.exchange.expire(perf_counter() + KEEP_ALIVE_SECONDS + 1, 1000.0)
    assert not harness.client.begun


def test_an_idle_stream_gets_comments_between_its_events() -> None:
    harness, start = Harness(b"", "GET"), perf_counter()
    harness.exchange.on_headers(EVENTS)
    harness.exchange.on_data(PROGRESS + encode(RESULT)[:20], start)
    for seconds in (1, KEEP_ALIVE_SECONDS + 1, KEEP_ALIVE_SECONDS + 2):
        harness.exchange.expire(start + seconds, 1000.0)
    harness.exchange.on_data(encode(RESULT)[20:], start)
    assert harness.client.body == PROGRESS + COMMENT + encode(RESULT)
    harness.exchange.on_data(LONG, start)
    harness.exchange.expire(start + 1000.0, 2000.0)
    assert harness.client.body.endswith(LONG)


def test_a_slow_client_pauses_the_upstream() -> None:
    harness = Harness()
    harness.exchange.on_client_paused()
    harness.exchange.on_client_resumed()
    assert harness.source.calls == ["pause", "resume"]


def test_silence_is_counted_from_the_last_sign_of_life() -> None:
    harness = Harness()
    harness.exchange.on_headers(EVENTS)
    harness.exchange.on_data(b": alive\n\n", 5.0)
    harness.exchange.expire(PATIENCE, PATIENCE)
    assert harness.owner.counted == []
    harness.exchange.expire(5.0 + PATIENCE, PATIENCE)
    assert harness.owner.counted == [(TIMED_OUT, 200)]
    assert b'"code":-32000' in harness.client.body
    assert harness.source.calls == ["abort"]


def test_an_upstream_that_is_held_back_is_not_silent() -> None:
    harness, start = Harness(), perf_counter()
    harness.exchange.on_headers(EVENTS)
    harness.exchange.on_data(b": alive\n\n", start)
    harness.exchange.on_client_paused()
    harness.exchange.expire(start + 10 * PATIENCE, PATIENCE)
    harness.exchange.on_client_resumed()
    harness.exchange.expire(start + 10.5 * PATIENCE, PATIENCE)
    assert harness.owner.counted == []
    harness.exchange.expire(start + 12 * PATIENCE, PATIENCE)
    assert harness.owner.counted == [(TIMED_OUT, 200)]


def test_a_notification_without_an_answer_times_out_uncounted() -> None:
    harness = Harness(b'{"method":"notifications/initialized"}')
    harness.exchange.expire(float("inf"), PATIENCE)
    assert harness.client.status == 504
    assert harness.owner.counted == []


def test_a_cancelled_call_that_the_upstream_never_ends_times_out_uncounted() -> None:
    harness = Harness()
    harness.exchange.cancel(1)
    harness.exchange.expire(float("inf"), PATIENCE)
    assert harness.client.status == 504
    assert harness.owner.counted == [(CANCELLED, CLIENT_CLOSED_REQUEST)]


def test_a_get_may_be_silent_for_ever() -> None:
    harness = Harness(b"", "GET")
    harness.exchange.expire(float("inf"), PATIENCE)
    assert not harness.client.over


def test_each_call_of_a_batch_gets_an_error_with_its_own_id() -> None:
    harness = Harness(b"[%b,%b]" % (CALL, CALL.replace(b'"id":1', b'"id":"two"')))
    harness.exchange.on_error("gone")
    answers = harness.answer()
    assert isinstance(answers, list)
    assert [each["id"] for each in answers] == [1, "two"]
    assert harness.owner.counted == [(UNREACHABLE, 502)] * 2


class ExchangeMachine(RuleBasedStateMachine):
    """Answers, losses, time-outs, cancels and departures in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.harness = Harness()
        self.now = 0.0

    def _open(self) -> bool:
        return not self.harness.exchange.over

    def _streaming(self) -> bool:
        return self._open() and self.harness.exchange.head is not None

    def _fresh(self) -> bool:
        return self._open() and self.harness.exchange.head is None

    @precondition(_fresh)
    @rule(body=st.sampled_from([RESULT, b"", b"garbage"]))
    def on_response(self, body: bytes) -> None:
        self.harness.exchange.on_response(JSON, body, self.now)

    @precondition(_fresh)
    @rule(kind=st.sampled_from([EVENTS, JSON]))
    def begin(self, kind: ResponseHead) -> None:
        self.harness.exchange.on_headers(kind)

    @precondition(_streaming)
    @rule(
        data=st.sampled_from(
            [encode(RESULT), b"id: 1\ndata: \n\n", b"data: x", b"\n\n", RESULT, b"x" * 600]
        )
    )
    def write(self, data: bytes) -> None:
        self.harness.exchange.on_data(data, self.now)

    @precondition(_streaming)
    @rule()
    def end(self) -> None:
        self.harness.exchange.on_end(self.now)

    @rule()
    def lose(self) -> None:
        self.harness.exchange.on_error("gone")

    @precondition(_open)
    @rule(request_id=st.sampled_from([1, 2, None]))
    def cancel(self, request_id: int | None) -> None:
        self.harness.exchange.cancel(request_id)

    @precondition(_open)
    @rule(seconds=st.floats(0, 2 * PATIENCE))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.harness.exchange.expire(self.now, PATIENCE)

    @precondition(_open)
    @rule()
    def leave(self) -> None:
        self.harness.client.over = True
        self.harness.exchange.on_client_gone()

    @precondition(_open)
    @rule()
    def shut(self) -> None:
        self.harness.exchange.shut()

    @invariant()
    def it_counts_each_call_once_at_the_latest_at_its_end(self) -> None:
        owner, gone = self.harness.owner, self.harness.exchange.over
        ends = len(owner.counted) + len(owner.parked.calls)
        assert ends <= 1
        assert not gone or ends == 1
        assert owner.closed_times == int(gone)
        assert not gone or self.harness.client.over


TestExchangeMachine = ExchangeMachine.TestCase
TestExchangeMachine.settings = settings(max_examples=100, stateful_step_count=15)


def test_a_caller_that_leaves_a_stream_without_ids_has_cancelled() -> None:
    harness = Harness()
    harness.exchange.on_headers(EVENTS)
    harness.exchange.on_client_gone()
    assert harness.owner.counted == [(CANCELLED, CLIENT_CLOSED_REQUEST)]
    assert harness.source.calls == ["abort"]


def test_a_caller_that_leaves_a_stream_with_ids_may_come_back() -> None:
    harness = Harness()
    harness.exchange.on_headers(EVENTS)
    harness.exchange.on_data(b"id: 1\ndata: \n\n", 1.0)
    harness.exchange.on_client_gone()
    assert harness.owner.counted == []
    assert [call.id for call in harness.owner.parked.calls] == [1]


LISTEN = b'{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen"}'
ACKNOWLEDGED = encode(b'{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged"}')


def subscribed() -> Harness:
    harness = Harness(LISTEN)
    harness.exchange.on_headers(EVENTS)
    harness.exchange.on_data(ACKNOWLEDGED, 1.0)
    return harness


def test_a_subscription_counts_when_it_is_acknowledged_and_may_be_silent_for_ever() -> None:
    harness = subscribed()
    assert harness.owner.counted == [(OK, 200)]
    harness.exchange.expire(1000 * PATIENCE, PATIENCE)
    assert not harness.client.over


def test_closing_a_subscription_is_no_cancelled_call() -> None:
    harness = subscribed()
    harness.exchange.on_client_gone()
    assert harness.owner.counted == [(OK, 200)]
    assert harness.source.calls == ["abort"]


@pytest.mark.parametrize("by", ["proxy", "upstream"])
def test_a_subscription_ends_with_the_proxy_and_with_the_upstream(by: str) -> None:
    harness = subscribed()
    harness.exchange.shut() if by == "proxy" else harness.exchange.on_end(2.0)
    assert harness.client.over
    assert not harness.client.aborted
    assert harness.owner.counted == [(OK, 200)]


def test_a_subscription_that_is_never_acknowledged_times_out() -> None:
    harness = Harness(LISTEN)
    harness.exchange.expire(PATIENCE, PATIENCE)
    assert harness.owner.counted == [(TIMED_OUT, 504)]
