"""One server, many sessions: whatever crosses, each session gets what is its own, and only that."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from proxy.jsonrpc import methods
from proxy.jsonrpc.message import RequestId
from proxy.jsonrpc.repair import LONGEST
from proxy.outcome import EXITED, INVALID_RESPONSE, REJECTED, CallOutcome
from proxy.transports.multiplexer import MOST_ASKED, Multiplexer
from proxy.transports.shared_session import BACKLOG_LIMIT, SharedSession

DISCOVER = {"id": "d", "method": methods.DISCOVER, "params": {}}
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "t"}}


class Server:
    """The transport to the server: what it was sent."""

    def __init__(self) -> None:
        self.exited = asyncio.Event()
        self.sent: list[Any] = []

    def send(self, message: bytes, headers: bytes = b"") -> bool:
        self.sent.append(json.loads(message))
        return True

    held = 0

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def end(self) -> None: ...

    def kill(self) -> None: ...


class Owner:
    """A session that records what it receives."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.ended: list[tuple[CallOutcome, str]] = []
        self.returned: list[Sequence[RequestId] | None] = []
        self.probing = False

    def on_message(self, data: bytes, arrived: float) -> None:
        self.received.append(json.loads(data))

    def on_undelivered(
        self, ids: Sequence[RequestId] | None, outcome: CallOutcome, reason: str
    ) -> None:
        self.returned.append(ids)

    def on_closed(self, outcome: CallOutcome, reason: str) -> None:
        self.ended.append((outcome, reason))


class Harness:
    """A hub with its server and sessions."""

    def __init__(self, sessions: int) -> None:
        self.hub, self.server = Multiplexer(), Server()
        self.hub.attach(self.server)
        self.owners = [Owner() for _ in range(sessions)]
        self.shares: list[SharedSession] = [self.hub.open(each) for each in self.owners]

    def send(self, session: int, message: Any) -> None:
        assert self.shares[session].send(json.dumps(message).encode())

    def say(self, message: Any) -> None:
        self.hub.on_message(json.dumps(message).encode(), 0.0)


def test_initialize_reaches_the_server_once_and_its_answer_everybody() -> None:
    async def play() -> None:
        harness = Harness(3)
        for session in (0, 1):
            harness.send(session, {"id": f"i{session}", "method": "initialize", "params": {}})
            harness.send(session, {"method": "notifications/initialized"})
        [greeting, started] = harness.server.sent
        assert started["method"] == "notifications/initialized"
        harness.say({"id": greeting["id"], "result": {"protocolVersion": "2025-06-18"}})
        harness.send(2, {"id": 5, "method": "initialize", "params": {}})
        await asyncio.sleep(0)
        agreed = {"protocolVersion": "2025-06-18"}
        assert [each.received for each in harness.owners] == [
            [{"id": "i0", "result": agreed}],
            [{"id": "i1", "result": agreed}],
            [{"id": 5, "result": agreed}],
        ]
        assert len(harness.server.sent) == 2

    asyncio.run(play())


def test_a_server_that_asks_without_end_is_refused() -> None:
    harness = Harness(1)
    for number in range(MOST_ASKED + 1):
        harness.say({"id": number, "method": "roots/list"})
    assert len(harness.owners[0].received) == MOST_ASKED
    [refused] = harness.server.sent
    assert (refused["id"], "error" in refused) == (MOST_ASKED, True)


def test_a_refused_initialize_is_no_greeting() -> None:
    harness = Harness(2)
    harness.send(0, {"id": 0, "method": "initialize"})
    harness.say({"id": harness.server.sent[0]["id"], "error": {"code": -32602, "message": "no"}})
    harness.send(1, {"id": 0, "method": "initialize"})
    assert len(harness.server.sent) == 2


@pytest.mark.parametrize("agrees", [True, False])
def test_a_server_that_is_being_initialized_is_not_asked_for_its_era(agrees: bool) -> None:
    async def play() -> None:
        harness = Harness(3)
        harness.send(0, {"id": 0, "method": "initialize"})
        for session in (1, 2):
            harness.owners[session].probing = True
            harness.send(session, DISCOVER)
        harness.shares[2].end()
        assert len(harness.server.sent) == 1
        answer = {"result": {}} if agrees else {"error": {"code": -32602, "message": "no"}}
        harness.say({"id": harness.server.sent[0]["id"], **answer})
        await asyncio.sleep(0)
        asked = [each["method"] for each in harness.server.sent[1:]]
        assert asked == ([] if agrees else [methods.DISCOVER])
        if agrees:
            [rejection] = harness.owners[1].received
            assert (rejection["id"], rejection["error"]["code"]) == ("d", -32601)

    asyncio.run(play())


def unreadable(number: int) -> bytes:
    """An answer of which only the id can be read: it is too long to be mended."""
    return b'{"id":%d,"result":{"x":"%b\\ud800"}}' % (number, b"a" * LONGEST)


def test_only_the_unreadable_messages_of_a_batch_are_replaced_by_errors() -> None:
    harness = Harness(2)
    harness.send(0, CALL)
    harness.send(1, CALL)
    first, second = (each["id"] for each in harness.server.sent)
    harness.hub.on_message(b'[{"level":"info"},{"id":%d,"result":{}}]' % first, 0.0)
    harness.hub.on_message(unreadable(second), 0.0)
    [[answer], [error]] = [each.received for each in harness.owners]
    assert answer == {"id": 1, "result": {}}
    assert (error["id"], error["error"]["code"]) == (1, -32603)


def test_an_answer_that_is_lost_is_lost_for_its_session_alone() -> None:
    harness = Harness(2)
    harness.send(0, CALL)
    harness.send(1, CALL)
    number = harness.server.sent[1]["id"]
    for lost in ([number], [number], [99], None, None):
        harness.hub.on_undelivered(lost, INVALID_RESPONSE, "too long")
    assert [each.returned for each in harness.owners] == [[(1,)], [(1,)]]


def test_an_answer_whose_id_became_text_is_known_by_its_value() -> None:
    harness = Harness(2)
    harness.send(0, {**CALL, "id": "a"})
    harness.say({"id": str(harness.server.sent[0]["id"]), "result": {}})
    assert [each.received for each in harness.owners] == [[{"id": "a", "result": {}}], []]


@pytest.mark.parametrize(("sessions", "received"), [(1, 1), (2, 0)])
def test_an_error_to_nothing_reaches_a_session_only_if_there_is_no_other(
    sessions: int, received: int
) -> None:
    """It may be about what another client sent."""
    harness = Harness(sessions)
    harness.send(0, CALL)
    harness.say({"id": None, "error": {"code": -32700}})
    assert [len(each.received) for each in harness.owners] == [received] + [0] * (sessions - 1)


def test_a_greeting_that_cannot_be_read_is_none() -> None:
    harness = Harness(2)
    harness.send(0, {"id": 0, "method": "initialize"})
    harness.hub.on_message(unreadable(harness.server.sent[0]["id"]), 0.0)
    harness.send(1, {"id": 0, "method": "initialize"})
    assert len(harness.server.sent) == 2


def test_a_cancellation_names_the_request_as_the_server_knows_it() -> None:
    harness = Harness(2)
    harness.send(0, CALL)
    harness.send(1, CALL)
    harness.send(
        1, {"method": "notifications/cancelled", "params": {"requestId": 1, "reason": "x"}}
    )
    harness.send(0, {"method": "notifications/cancelled", "params": {"requestId": 99}})
    assert len(harness.server.sent) == 3
    assert harness.server.sent[2]["params"] == {
        "requestId": harness.server.sent[1]["id"],
        "reason": "x",
    }


def test_a_call_that_was_cancelled_is_nobodys_business_any_more() -> None:
    """Many servers do not answer it."""
    harness = Harness(2)
    harness.send(0, CALL)
    harness.send(0, {"method": "notifications/cancelled", "params": {"requestId": 1}})
    harness.send(1, CALL)
    harness.say({"id": "q", "method": "sampling/createMessage"})
    assert [each.get("id") for each in harness.owners[1].received] == ["q"]
    harness.say({"id": harness.server.sent[0]["id"], "result": {}})
    harness.shares[0].end()
    assert harness.owners[0].received == []
    assert len(harness.server.sent) == 3


@pytest.mark.parametrize("method", ["tools/call", "notifications/cancelled", "notifications/x"])
def test_what_is_hardly_json_and_too_long_to_be_mended_is_refused(method: str) -> None:
    harness, calls = Harness(1), method == "tools/call"
    number = b'"id":1,' if calls else b""
    long = b'{%b"method":"%b","params":{"n":NaN,"text":"%b"}}'
    assert harness.shares[0].send(long % (number, method.encode(), b"x" * LONGEST))
    assert harness.owners[0].returned == ([(1,)] if calls else [])


def test_who_leaves_is_worked_for_no_more_and_answers_nothing() -> None:
    harness = Harness(2)
    harness.send(0, CALL)
    harness.say({"id": "q", "method": "sampling/createMessage"})
    harness.shares[0].end()
    cancelled, unanswered = harness.server.sent[1:]
    assert cancelled["params"]["requestId"] == harness.server.sent[0]["id"]
    assert (unanswered["id"], unanswered["error"]["code"]) == ("q", -32000)
    harness.say({"id": harness.server.sent[0]["id"], "result": {}})
    harness.say({"method": "notifications/x"})
    assert harness.owners[1].received == [{"method": "notifications/x"}]


def test_equal_ids_and_tokens_of_two_sessions_are_kept_apart() -> None:
    harness = Harness(2)
    for session in (0, 1):
        params = {"name": "t", "_meta": {"progressToken": "t"}}
        harness.send(session, {**CALL, "params": params})
    for number, sent in enumerate(harness.server.sent):
        token = sent["params"]["_meta"]["progressToken"]
        progress = {"progressToken": token, "progress": number}
        harness.say({"method": methods.PROGRESS, "params": progress})
        harness.say({"id": sent["id"], "result": {"of": number}})
    for number, owner in enumerate(harness.owners):
        received, answer = owner.received
        assert received["params"] == {"progressToken": "t", "progress": number}
        assert (answer["id"], answer["result"]) == (1, {"of": number})


def test_only_the_session_with_a_call_in_flight_is_asked_and_can_answer() -> None:
    harness = Harness(2)
    harness.send(0, CALL)
    question = {"id": "q", "method": "roots/list"}
    harness.say(question)
    assert [each.received for each in harness.owners] == [[question], []]
    answer = {"id": "q", "result": {"roots": []}}
    harness.send(1, {"id": "q", "result": {"roots": ["forged"]}})
    harness.send(0, answer)
    assert harness.server.sent[1:] == [answer]


def test_a_question_without_a_single_addressee_is_refused_and_a_ping_is_answered() -> None:
    harness = Harness(2)
    harness.say({"id": "q", "method": "elicitation/create"})
    harness.say({"id": "p", "method": "ping"})
    refused, pong = harness.server.sent
    assert (refused["id"], refused["error"]["code"]) == ("q", -32000)
    assert pong == {"jsonrpc": "2.0", "id": "p", "result": {}}
    assert not any(each.received for each in harness.owners)


def test_a_slow_session_holds_a_bounded_number_of_bytes_and_keeps_the_order() -> None:
    harness = Harness(2)
    harness.shares[0].pause()
    for number in range(3):
        harness.say({"method": "notifications/x", "params": {"number": number}})
    assert harness.owners[0].received == []
    harness.shares[0].resume()
    assert [each["params"]["number"] for each in harness.owners[0].received] == [0, 1, 2]
    harness.shares[0].pause()
    for _ in range(3):
        harness.say({"method": "notifications/x", "params": {"text": "x" * (BACKLOG_LIMIT // 2)}})
    assert [outcome for outcome, _ in harness.owners[0].ended] == [REJECTED]
    assert harness.owners[1].ended == []


def test_the_end_of_the_server_ends_every_session() -> None:
    harness = Harness(2)
    harness.hub.on_closed(EXITED, "gone")
    assert [each.ended for each in harness.owners] == [[(EXITED, "gone")]] * 2
    assert harness.hub.over.is_set()


class Sharing(RuleBasedStateMachine):
    """Sessions call with the same few ids and tokens; the server answers in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.harness = Harness(3)
        self.open: dict[int, tuple[int, object, object]] = {}
        self.expected: list[list[Any]] = [[], [], []]

    @rule(
        session=st.integers(0, 2),
        request_id=st.sampled_from([1, 2, "1", "2", 1.5]),
        token=st.sampled_from([None, 1, "1"]),
    )
    def call(self, session: int, request_id: object, token: object) -> None:
        """A session calls, unless its id is in flight."""
        if any(each[:2] == (session, request_id) for each in self.open.values()):
            return
        meta = {} if token is None else {"_meta": {"progressToken": token}}
        params = {"name": "t", "whose": session, **meta}
        self.harness.send(session, {"id": request_id, "method": "tools/call", "params": params})
        sent = self.harness.server.sent[-1]
        assert sent["params"]["whose"] == session
        assert ("_meta" in sent["params"]) == (token is not None)
        assert sent["id"] not in self.open
        self.open[sent["id"]] = (session, request_id, token)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def progress(self, data: st.DataObject) -> None:
        """The server reports a call's progress, by the token that it knows."""
        number = data.draw(st.sampled_from(sorted(self.open)))
        session, _, token = self.open[number]
        method = "notifications/progress"
        self.harness.say({"method": method, "params": {"progressToken": number, "progress": 1}})
        if token is not None:
            params = {"progressToken": token, "progress": 1}
            self.expected[session].append({"method": method, "params": params})

    @precondition(lambda self: self.open)
    @rule(data=st.data(), twice=st.booleans())
    def answer(self, data: st.DataObject, *, twice: bool) -> None:
        """The server answers a call, perhaps twice."""
        number = data.draw(st.sampled_from(sorted(self.open)))
        session, request_id, _ = self.open.pop(number)
        for _ in range(1 + twice):
            self.harness.say({"id": number, "result": {"of": number}})
        self.expected[session].append({"id": request_id, "result": {"of": number}})

    @rule(number=st.sampled_from([0, 999_999, "x", None]))
    def answer_nothing(self, number: object) -> None:
        """The server answers what nobody asked."""
        self.harness.say({"id": number, "result": {}})

    @invariant()
    def each_received_its_own(self) -> None:
        """No session received anything else, nor in another order."""
        assert [each.received for each in self.harness.owners] == self.expected


TestSharing = Sharing.TestCase
