"""The session core: ids, duplicates, late answers, cancel races; time is a number."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from proxy.errors import DuplicateRequest
from proxy.in_flight import (
    HUNG_SECONDS,
    UNMATCHED,
    UNRELATED,
    Call,
    Finished,
    InFlightCalls,
    Related,
    postpone_deadlines,
)
from proxy.jsonrpc.message import Failure, Message, Meta, Params, RequestId, Result
from proxy.jsonrpc.methods import LISTEN, PROGRESS
from proxy.outcome import (
    CANCELLED,
    INVALID_RESPONSE,
    OK,
    TIMED_OUT,
    TOOL_ERROR,
    UNREACHABLE,
    CallOutcome,
)
from proxy.telemetry.catalogue import Fault, Outcome

PATIENCE = 10.0


def call(request_id: RequestId, token: RequestId | None = None) -> Call:
    meta = Meta(progress_token=token)
    message = Message(id=request_id, method="tools/call", params=Params(name="t", meta=meta))
    return Call(message, started=0.0, version="", session="s")


def answer(request_id: RequestId | None, **fields: object) -> Message:
    return Message(id=request_id, result=Result(**fields))  # type: ignore[arg-type]


def progress(token: RequestId | None) -> Message:
    return Message(method=PROGRESS, params=Params(progress_token=token))


def session(*calls: Call, now: float = 0.0) -> InFlightCalls:
    each = InFlightCalls(PATIENCE)
    for one in calls:
        each.begin((one,), now)
    return each


def test_answers_find_their_calls_in_any_order() -> None:
    first, second = call(1), call("1")
    both = session(first, second)
    assert both.receive(answer("1"), 1.0) == Finished(second, OK)
    assert both.receive(answer(1), 1.0) == Finished(first, OK)
    assert not both.busy


def test_a_second_answer_is_late() -> None:
    one = session(call(1))
    one.receive(answer(1), 1.0)
    assert one.receive(answer(1), 2.0) is UNMATCHED


@pytest.mark.parametrize("request_id", [2, "2", "one", "01", "1.0", None])
def test_an_answer_to_nothing_in_flight_is_late(request_id: RequestId | None) -> None:
    one = session(call(1.5))
    assert one.receive(answer(request_id), 1.0) is UNMATCHED
    assert one.busy


@pytest.mark.parametrize(
    ("sent", "came"), [(7, "7"), ("7", 7), (7, 7.0), (-7, "-7"), ("1.5", 1.5), (0, "0")]
)
def test_an_answer_whose_id_has_another_type_is_known_by_its_value(
    sent: RequestId, came: RequestId
) -> None:
    mine, other = call(sent), call("other")
    assert session(mine, other).receive(answer(came), 1.0) == Finished(mine, OK)


def test_ids_that_differ_in_their_type_only_are_distinguished() -> None:
    number, text = call(1), call("1")
    both = session(number, text)
    assert both.cancel("1", 1.0) == Finished(text, CANCELLED)
    assert both.receive(answer("1"), 1.0) is UNMATCHED
    assert both.receive(answer(1), 1.0) == Finished(number, OK)


def failure(request_id: RequestId | None) -> Message:
    return Message(id=request_id, error=Failure(-32603))


@pytest.mark.parametrize("request_id", [None, "foreign", 0])
def test_an_error_under_an_unknown_id_is_that_of_the_one_call_that_waits(
    request_id: RequestId | None,
) -> None:
    mine = call(1)
    effect = session(mine).receive(failure(request_id), 1.0)
    assert isinstance(effect, Finished)
    assert (effect.call, effect.outcome.outcome) == (mine, Outcome.PROTOCOL_ERROR)


@pytest.mark.parametrize("request_id", [None, "foreign"])
def test_of_several_calls_an_error_under_an_unknown_id_ends_none(
    request_id: RequestId | None,
) -> None:
    assert session(call(1), call(2)).receive(failure(request_id), 1.0) is UNMATCHED


@pytest.mark.parametrize("came", [1, "1"])
def test_the_late_error_of_a_call_that_was_given_up_ends_no_other(came: RequestId) -> None:
    two = session(call(1), call(2))
    two.cancel(1, 1.0)
    assert two.receive(failure(came), 1.0) is UNMATCHED
    assert [each.id for each in two.calls] == [2]


@pytest.mark.parametrize(
    ("data", "ends"), [(b"{broken", True), (b" [broken", True), (b"broken", False), (b"", False)]
)
def test_what_cannot_be_read_is_the_answer_to_the_one_call_that_waits(
    data: bytes, ends: bool
) -> None:
    mine = call(1)
    assert session(mine).unreadable(data) == (Finished(mine, INVALID_RESPONSE) if ends else None)
    assert session(call(1), call(2)).unreadable(data) is None


def test_an_id_in_flight_cannot_begin_again_but_an_answered_one_can() -> None:
    one = session(call(1))
    with pytest.raises(DuplicateRequest):
        one.begin((call(1),), 0.0)
    one.receive(answer(1), 1.0)
    one.begin((call(1),), 2.0)
    assert one.busy


def test_of_a_message_that_gives_an_id_twice_no_call_is_taken_up() -> None:
    one = session(call(3))
    for twice in ((call(1), call(1)), (call(2), call(3))):
        with pytest.raises(DuplicateRequest):
            one.begin(twice, 0.0)
    assert [each.id for each in one.calls] == [3]


def test_progress_goes_to_the_call_that_holds_the_token_until_it_ends() -> None:
    mine, other = call(1, "t"), call(2)
    both = session(mine, other)
    assert both.receive(progress("t"), 1.0) == Related(mine)
    assert both.receive(progress("u"), 1.0) is UNRELATED
    assert both.receive(progress(None), 1.0) is UNRELATED
    both.receive(answer(1), 2.0)
    assert both.receive(progress("t"), 3.0) is UNRELATED


@pytest.mark.parametrize(
    "message", [Message(method="notifications/message"), Message(id=9, method="roots/list")]
)
def test_a_servers_own_message_belongs_to_no_call(message: Message) -> None:
    assert session(call(1)).receive(message, 1.0) is UNRELATED


def test_a_cancelled_call_ends_at_once_and_its_answer_is_late() -> None:
    mine = call(1)
    one = session(mine)
    assert one.cancel(1, 1.0) == Finished(mine, CANCELLED)
    assert one.cancel(1, 1.0) is None
    assert one.cancel(None, 1.0) is None
    assert one.receive(answer(1), 1.0) is UNMATCHED


@pytest.mark.parametrize(
    ("seconds", "outcome"), [(HUNG_SECONDS - 0.1, CANCELLED), (HUNG_SECONDS, TIMED_OUT)]
)
def test_a_call_that_hung_until_its_caller_gave_it_up_was_not_cancelled(
    seconds: float, outcome: CallOutcome
) -> None:
    mine, other = call(1, "t"), call(2)
    both = session(mine, other)
    both.receive(progress("t"), 100.0)
    assert both.cancel(1, 100.0 + seconds) == Finished(mine, outcome)
    assert session(other).give_up((other,), seconds) == (Finished(other, outcome),)


def test_a_call_whose_server_waits_for_the_client_has_not_hung() -> None:
    mine = call(1)
    one = session(mine)
    one.receive(Message(id="q", method="elicitation/create"), 1.0)
    assert one.cancel(1, 100.0) == Finished(mine, CANCELLED)


def test_time_in_which_a_client_reads_nothing_is_not_its_servers() -> None:
    mine = call(1)
    one = session(mine)
    postpone_deadlines([mine], 90.0)
    assert one.cancel(1, 100.0) == Finished(mine, CANCELLED)


def test_a_subscription_is_served_once_it_is_acknowledged_and_other_calls_go_on() -> None:
    listening = Call(Message(id=2, method=LISTEN), started=0.0, version="", session="")
    both = session(call(1), listening)
    assert both.acknowledge() == Finished(listening, OK)
    assert both.acknowledge() is None
    assert [each.id for each in both.calls] == [1]


def test_only_silent_calls_are_overdue() -> None:
    silent, lively = call(1), call(2, "t")
    both = session(silent, lively)
    both.receive(progress("t"), 5.0)
    assert both.overdue(PATIENCE - 0.1) == ()
    assert both.overdue(PATIENCE) == (Finished(silent, TIMED_OUT),)
    assert both.overdue(5.0 + PATIENCE) == (Finished(lively, TIMED_OUT),)
    assert not both.busy


def test_a_sign_of_life_is_one_for_every_call() -> None:
    both = session(call(1), call(2))
    both.extend_deadlines(5.0)
    assert both.overdue(PATIENCE) == ()
    assert len(both.overdue(5.0 + PATIENCE)) == 2


def test_the_end_ends_every_call() -> None:
    calls = (call(1), call(2, "t"))
    both = session(*calls)
    assert both.end(UNREACHABLE) == tuple(Finished(each, UNREACHABLE) for each in calls)
    assert both.end(UNREACHABLE) == ()
    assert both.receive(progress("t"), 1.0) is UNRELATED


RESULT = b'{"id":1,"result":{}}'


PROTOCOL_ERROR = CallOutcome(Outcome.PROTOCOL_ERROR, Fault.SERVER, "1")


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, RESULT, OK),
        (200, b'[{"id":1,"result":{"isError":true}}]', TOOL_ERROR),
        (200, b'{"id":2,"result":{}}', INVALID_RESPONSE),
        (200, b'{"id":2,"error":{"code":1}}', PROTOCOL_ERROR),
        (200, b'{"id":1,"result":NaN}', INVALID_RESPONSE),
        (200, b'{"id":1,"result":{"isError":true,"x":NaN}}', TOOL_ERROR),
        (200, b'{"id":1,"result":"\xff"}', INVALID_RESPONSE),
        (200, b'\xef\xbb\xbf{"id":"1","result":{}}', OK),
        (200, b"garbage", INVALID_RESPONSE),
        (202, b"", INVALID_RESPONSE),
        (400, b'{"id":null,"error":{"code":-32600}}',
            CallOutcome(Outcome.PROTOCOL_ERROR, Fault.CALLER, "-32600")),
        (404, b'{"id":1,"error":{"code":-32001}}',
            CallOutcome(Outcome.PROTOCOL_ERROR, Fault.CALLER, "-32001")),
        (404, b"gone", CallOutcome(Outcome.TRANSPORT_ERROR, Fault.CALLER, "404")),
        (405, b"no", CallOutcome(Outcome.TRANSPORT_ERROR, Fault.OPERATOR, "405")),
        (503, RESULT, CallOutcome(Outcome.TRANSPORT_ERROR, Fault.SERVER, "503")),
    ],
)  # fmt: skip
def test_a_complete_answer_ends_every_call(status: int, body: bytes, outcome: CallOutcome) -> None:
    mine = call(1)
    one = session(mine)
    assert one.complete(status, body, 1.0).finished == (Finished(mine, outcome),)
    assert not one.busy


def test_calls_are_handed_over_with_their_time_and_tokens_again() -> None:
    mine, twin, other = call(1, "t"), call(2), call(2)
    giver, taker = session(mine, twin), session(other)
    assert giver.hand_over(taker, 5.0) == (Finished(twin, INVALID_RESPONSE),)
    assert not giver.busy
    assert taker.calls == (other, mine)
    assert taker.receive(progress("t"), 6.0) == Related(mine)
    assert taker.overdue(PATIENCE) == (Finished(other, TIMED_OUT),)


IDS = st.sampled_from([1, 2, "1", "2", 1.5])
TOKENS = st.sampled_from([None, "t", "u", 7])


class SessionMachine(RuleBasedStateMachine):
    """Whatever happens in whatever order, each call ends exactly once."""

    def __init__(self) -> None:
        super().__init__()
        self.session = InFlightCalls(PATIENCE)
        self.now = 0.0
        self.open: dict[RequestId, Call] = {}
        self.ended: list[Call] = []

    def _end(self, *finished: Finished) -> None:
        for each in finished:
            assert self.open.pop(each.call.id) is each.call
            assert each.call not in self.ended
            self.ended.append(each.call)

    @rule(request_id=IDS, token=TOKENS)
    def begin(self, request_id: RequestId, token: RequestId | None) -> None:
        one = call(request_id, token)
        if request_id in self.open:
            with pytest.raises(DuplicateRequest):
                self.session.begin((one,), self.now)
        else:
            self.session.begin((one,), self.now)
            self.open[request_id] = one

    @rule(request_id=IDS)
    def answer(self, request_id: RequestId) -> None:
        effect = self.session.receive(answer(request_id), self.now)
        if request_id in self.open:
            assert isinstance(effect, Finished)
            assert effect.call is self.open[request_id]
        if isinstance(effect, Finished):
            self._end(effect)

    @rule(request_id=IDS)
    def cancel(self, request_id: RequestId) -> None:
        finished = self.session.cancel(request_id, self.now)
        assert (finished is not None) is (request_id in self.open)
        if finished is not None:
            self._end(finished)

    @rule(token=TOKENS)
    def progress(self, token: RequestId | None) -> None:
        effect = self.session.receive(progress(token), self.now)
        if isinstance(effect, Related):
            assert effect.call.progress_token == token
            assert self.open[effect.call.id] is effect.call

    @rule(seconds=st.floats(0, 2 * PATIENCE))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self._end(*self.session.overdue(self.now))

    @precondition(lambda self: self.open)
    @rule()
    def lose(self) -> None:
        self._end(*self.session.end(UNREACHABLE))
        assert not self.open

    @invariant()
    def it_knows_what_is_in_flight(self) -> None:
        assert {each.id: each for each in self.session.calls} == self.open
        assert self.session.busy is bool(self.open)


TestSessionMachine = SessionMachine.TestCase
TestSessionMachine.settings = settings(max_examples=50, stateful_step_count=30)
