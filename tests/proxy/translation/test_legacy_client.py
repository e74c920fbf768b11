"""A legacy client's session at a modern server: what is answered, translated, and asked."""

import json
from collections.abc import Iterable
from itertools import count
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from proxy.jsonrpc import methods
from proxy.translation.effects import Cancel, Resubscribe, RetryAfter, SendToClient, SessionEffect
from proxy.translation.legacy_client import LONGEST_URI, MOST_ROUNDS, MOST_URIS, LegacyClient
from tests.proxy.translation.messages import CLIENT_INFO, Json, fields, sent

OFFERED: Json = {
    "supportedVersions": ["2026-07-28"],
    "capabilities": {
        "tools": {"listChanged": True},
        "resources": {"subscribe": True},
        "logging": {},
    },
    "instructions": "be kind",
    "_meta": {methods.SERVER_INFO_KEY: {"name": "new", "version": "9"}},
}
CAPABILITIES: Json = {"roots": {"listChanged": True}, "elicitation": {}, "tasks": {"list": {}}}


def received(effects: Iterable[SessionEffect]) -> list[Json]:
    """What the client gets."""
    return [json.loads(each.message) for each in effects if isinstance(each, SendToClient)]


def cancelled(effects: Iterable[SessionEffect]) -> list[int]:
    return [each.request_number for each in effects if isinstance(each, Cancel)]


class Harness:
    """A client, its session, and a server that is played by the test."""

    def __init__(self, **offered: Any) -> None:
        self.session = LegacyClient()
        self.listening = 0
        (self.discover,) = sent(self.ask("initialize", 0, **self.opening()))
        self.greeting = received(self.answer(self.discover, {**OFFERED, **offered}))
        opened = sent(self.notify(methods.INITIALIZED))
        self.listening = opened[0]["id"] if opened else 0
        self.filter = opened[0]["params"]["notifications"] if opened else {}

    def opening(self) -> Json:
        return {
            "protocolVersion": "2025-06-18",
            "capabilities": CAPABILITIES,
            "clientInfo": CLIENT_INFO,
        }

    def ask(self, method: str, request_id: Any = 1, **params: Any) -> list[SessionEffect]:
        return self._hand({"id": request_id, "method": method, "params": params})

    def notify(self, method: str, **params: Any) -> list[SessionEffect]:
        return self._hand({"method": method, "params": params})

    def respond(self, question: Json, **response: Any) -> list[SessionEffect]:
        return self._hand({"id": question["id"], **response})

    def answer(self, request: Json, result: Any) -> list[SessionEffect]:
        return self.session.handle_server(fields(id=request["id"], result=result))

    def refuse(self, request: Json, code: int) -> list[SessionEffect]:
        return self.session.handle_server(
            fields(id=request["id"], error={"code": code, "message": "m"})
        )

    def acknowledge(self, number: int, **honored: Any) -> list[SessionEffect]:
        meta = {methods.SUBSCRIPTION_KEY: number}
        params = {"_meta": meta, "notifications": honored}
        return self.session.handle_server(fields(method=methods.ACKNOWLEDGED, params=params))

    def _hand(self, message: Json) -> list[SessionEffect]:
        return self.session.handle_client(json.dumps({"jsonrpc": "2.0", **message}).encode())


@pytest.fixture
def harness() -> Harness:
    return Harness()


def test_initialize_is_answered_from_discovery(harness: Harness) -> None:
    assert harness.discover["method"] == methods.DISCOVER
    assert harness.discover["params"]["_meta"] == {
        methods.VERSION_KEY: "2026-07-28",
        methods.CLIENT_INFO_KEY: CLIENT_INFO,
        methods.CAPABILITIES_KEY: {"roots": {}, "elicitation": {}},
    }
    (greeting,) = harness.greeting
    assert greeting["id"] == 0
    assert greeting["result"] == {
        "protocolVersion": "2025-06-18",
        "capabilities": OFFERED["capabilities"],
        "serverInfo": {"name": "new", "version": "9"},
        "instructions": "be kind",
    }
    assert harness.filter == {"toolsListChanged": True}


@pytest.mark.parametrize("result", [{}, {"supportedVersions": ["2031-01-01"]}, None])
def test_a_discovery_that_names_no_common_version_fails_the_handshake(result: Any) -> None:
    session = LegacyClient()
    message = {"jsonrpc": "2.0", "id": 5, "method": "initialize", "params": {}}
    (discover,) = sent(session.handle_client(json.dumps(message).encode()))
    (answer,) = received(session.handle_server(fields(id=discover["id"], result=result)))
    assert (answer["id"], "error" in answer) == (5, True)


def test_an_unknown_version_is_answered_with_the_latest_that_has_sessions() -> None:
    session = LegacyClient()
    params = {"protocolVersion": "1999-01-01"}
    message = {"jsonrpc": "2.0", "id": 5, "method": "initialize", "params": params}
    (discover,) = sent(session.handle_client(json.dumps(message).encode()))
    unnamed = {"supportedVersions": ["2026-07-28"], "capabilities": {}}
    (answer,) = received(session.handle_server(fields(id=discover["id"], result=unnamed)))
    assert answer["result"]["protocolVersion"] == "2025-11-25"
    assert answer["result"]["serverInfo"]["name"]


def test_a_request_gains_what_a_modern_server_needs(harness: Harness) -> None:
    (request,) = sent(harness.ask("tools/call", "a", name="t", _meta={"progressToken": "p"}))
    assert (request["method"], request["params"]["name"]) == ("tools/call", "t")
    meta = request["params"]["_meta"]
    assert meta["progressToken"] == "p"
    assert meta[methods.VERSION_KEY] == "2026-07-28"
    assert methods.LOG_LEVEL_KEY not in meta
    (answer,) = received(harness.answer(request, {"resultType": "complete", "k": 1}))
    assert (answer["id"], answer["result"]["k"]) == ("a", 1)
    assert harness.answer(request, {}) == []


def test_a_ping_is_answered_by_the_proxy(harness: Harness) -> None:
    assert received(harness.ask("ping", 7)) == [{"jsonrpc": "2.0", "id": 7, "result": {}}]


def test_the_log_level_goes_with_every_request_from_then_on(harness: Harness) -> None:
    assert received(harness.ask(methods.SET_LEVEL, 1, level="info"))[0]["result"] == {}
    (request,) = sent(harness.ask("tools/call", 2))
    assert request["params"]["_meta"][methods.LOG_LEVEL_KEY] == "info"
    assert received(harness.ask(methods.SET_LEVEL, 3, level="loud"))[0]["error"]["code"] == -32602
    silent = Harness(capabilities={})
    assert received(silent.ask(methods.SET_LEVEL, 1, level="info"))[0]["error"]["code"] == -32601


@pytest.mark.parametrize("method", [methods.PROGRESS, methods.LOG, "notifications/x"])
def test_notifications_about_a_request_pass(harness: Harness, method: str) -> None:
    params = {"progressToken": "p", "data": 1}
    effects = harness.session.handle_server(fields(method=method, params=params))
    assert received(effects) == [{"jsonrpc": "2.0", "method": method, "params": params}]


def test_cancelling_names_the_request_as_the_server_knows_it(harness: Harness) -> None:
    (request,) = sent(harness.ask("tools/call", "a"))
    assert cancelled(harness.notify(methods.CANCELLED, requestId="a")) == [request["id"]]
    assert harness.notify(methods.CANCELLED, requestId="a") == []
    assert harness.answer(request, {}) == []


def test_notifications_for_legacy_servers_only_are_dropped(harness: Harness) -> None:
    assert harness.notify(methods.ROOTS_CHANGED) == []
    assert harness.notify(methods.PROGRESS, progressToken=1) == []
    assert [each["method"] for each in sent(harness.notify("notifications/x"))] == [
        "notifications/x"
    ]


def test_a_modern_server_may_not_ask(harness: Harness) -> None:
    rejection = sent(harness.session.handle_server(fields(id=5, method="roots/list")))
    assert [each["error"]["code"] for each in rejection] == [-32601]


# input_required


def required(state: str | None = "s", **questions: Any) -> Json:
    result: Json = {"resultType": "input_required", "inputRequests": questions}
    return result if state is None else {**result, "requestState": state}


ROOTS = {"method": "roots/list"}
ELICIT = {"method": "elicitation/create", "params": {"mode": "url", "url": "u", "message": "m"}}


def test_required_input_is_asked_of_the_client_and_goes_with_the_request_again(
    harness: Harness,
) -> None:
    (request,) = sent(harness.ask("tools/call", "a", name="t"))
    effects = harness.answer(request, required(one=ROOTS, two=ELICIT))
    one, two = received(effects)
    assert (one["method"], two["method"]) == ("roots/list", "elicitation/create")
    assert two["params"] == {**ELICIT["params"], "elicitationId": two["id"]}  # type: ignore[dict-item]
    assert harness.respond(two, result={"action": "accept"}) == []
    (again,) = sent(harness.respond(one, result={"roots": []}))
    assert again["id"] != request["id"]
    assert again["params"]["requestState"] == "s"
    brought = {"one": {"roots": []}, "two": {"action": "accept"}}
    assert again["params"]["inputResponses"] == brought
    assert again["params"]["name"] == "t"
    assert [each["id"] for each in received(harness.answer(again, {}))] == ["a"]


def test_a_second_round_forgets_the_first(harness: Harness) -> None:
    (request,) = sent(harness.ask("tools/call", "a"))
    (question,) = received(harness.answer(request, required(one=ROOTS)))
    (again,) = sent(harness.respond(question, result={"roots": []}))
    (other,) = received(harness.answer(again, required(None, two=ROOTS)))
    assert harness.respond(question, result={"roots": [1]}) == []
    (last,) = sent(harness.respond(other, result={"roots": [2]}))
    assert last["params"]["inputResponses"] == {"two": {"roots": [2]}}
    assert "requestState" not in last["params"]


def test_a_client_that_refuses_ends_its_own_request(harness: Harness) -> None:
    (request,) = sent(harness.ask("tools/call", "a"))
    one, two = received(harness.answer(request, required(one=ROOTS, two=ROOTS)))
    error = {"code": -1, "message": "the user said no"}
    (answer,) = received(harness.respond(one, error=error))
    assert (answer["id"], answer["error"]) == ("a", error)
    assert harness.respond(two, result={}) == []


def test_a_request_may_be_cancelled_while_its_client_is_asked(harness: Harness) -> None:
    (request,) = sent(harness.ask("tools/call", "a"))
    (question,) = received(harness.answer(request, required(one=ROOTS)))
    assert harness.notify(methods.CANCELLED, requestId="a") == []
    assert harness.respond(question, result={}) == []


def test_a_state_alone_is_brought_back_after_a_pause(harness: Harness) -> None:
    (request,) = sent(harness.ask("tools/call", "a"))
    (later,) = harness.answer(request, {"resultType": "input_required", "requestState": "s"})
    assert isinstance(later, RetryAfter)
    (again,) = sent(harness.session.retry(later.request_number))
    assert again["params"]["requestState"] == "s"
    assert harness.session.retry(later.request_number) == []


def test_a_server_that_never_has_enough_is_given_up(harness: Harness) -> None:
    (request,) = sent(harness.ask("tools/call", "a"))
    for _ in range(MOST_ROUNDS):
        (question,) = received(harness.answer(request, required(one=ROOTS)))
        (request,) = sent(harness.respond(question, result={}))
    (answer,) = received(harness.answer(request, required(one=ROOTS)))
    assert (answer["id"], answer["error"]["code"]) == ("a", -32603)


def test_a_result_of_an_unknown_type_is_an_error(harness: Harness) -> None:
    (request,) = sent(harness.ask("tools/call", "a"))
    (answer,) = received(harness.answer(request, {"resultType": "task"}))
    assert answer["error"]["code"] == -32603


# changes


def test_changes_come_without_the_subscription_they_came_by(harness: Harness) -> None:
    assert harness.acknowledge(harness.listening, toolsListChanged=True) == []
    changed = {"_meta": {methods.SUBSCRIPTION_KEY: harness.listening, "k": 1}}
    method = "notifications/tools/list_changed"
    (message,) = received(harness.session.handle_server(fields(method=method, params=changed)))
    assert message["params"] == {"_meta": {"k": 1}}
    stale = {"_meta": {methods.SUBSCRIPTION_KEY: 999}}
    assert harness.session.handle_server(fields(method=method, params=stale)) == []


def test_subscribing_opens_a_wider_stream_and_closes_the_old_one(harness: Harness) -> None:
    (listen,) = sent(harness.ask(methods.SUBSCRIBE, "s", uri="a:1"))
    wanted = {"toolsListChanged": True, "resourceSubscriptions": ["a:1"]}
    assert listen["params"]["notifications"] == wanted
    updated = {"uri": "a:1", "_meta": {methods.SUBSCRIPTION_KEY: listen["id"]}}
    effects = harness.acknowledge(listen["id"], **wanted)
    assert received(effects) == [{"jsonrpc": "2.0", "id": "s", "result": {}}]
    assert cancelled(effects) == [harness.listening]
    (message,) = received(
        harness.session.handle_server(fields(method=methods.UPDATED, params=updated))
    )
    assert message["params"] == {"uri": "a:1"}
    effects = harness.ask(methods.UNSUBSCRIBE, "u", uri="a:1")
    assert received(effects)[0]["id"] == "u"
    assert sent(effects)[0]["params"]["notifications"] == {"toolsListChanged": True}


@pytest.mark.parametrize(("number", "length"), [(MOST_URIS, 1), (0, LONGEST_URI + 1)])
def test_a_session_subscribes_to_a_number_of_resources(
    harness: Harness, number: int, length: int
) -> None:
    for each in range(number):
        assert sent(harness.ask(methods.SUBSCRIBE, each, uri=f"a:{each}"))
    (refused,) = received(harness.ask(methods.SUBSCRIBE, "more", uri="a" * length))
    assert (refused["id"], refused["error"]["code"]) == ("more", -32602)


def test_a_resource_that_is_not_honored_is_refused(harness: Harness) -> None:
    (listen,) = sent(harness.ask(methods.SUBSCRIBE, "s", uri="a:1"))
    (answer,) = received(harness.acknowledge(listen["id"], toolsListChanged=True))
    assert (answer["id"], answer["error"]["code"]) == ("s", -32602)


def test_a_server_that_does_not_listen_refuses_the_subscription() -> None:
    harness = Harness(capabilities={})
    assert harness.listening == 0
    (listen,) = sent(harness.ask(methods.SUBSCRIBE, "s", uri="a:1"))
    (answer,) = received(harness.refuse(listen, -32601))
    assert (answer["id"], answer["error"]["code"]) == ("s", -32601)
    assert sent(harness.ask(methods.UNSUBSCRIBE, "u", uri="a:1")) == []


@pytest.mark.parametrize("how", ["answer", "cancel", "lost"])
def test_a_stream_that_the_server_ends_is_opened_again(harness: Harness, how: str) -> None:
    if how == "answer":
        effects = harness.answer({"id": harness.listening}, {"resultType": "complete"})
    elif how == "cancel":
        params = {"requestId": harness.listening}
        effects = harness.session.handle_server(fields(method=methods.CANCELLED, params=params))
    else:
        lost, effects = harness.session.on_undelivered(harness.listening)
        assert lost is None
    assert effects == [Resubscribe()]
    (listen,) = sent(harness.session.listen())
    assert listen["params"]["notifications"] == harness.filter


def test_a_request_that_was_not_delivered_is_given_back(harness: Harness) -> None:
    (request,) = sent(harness.ask("tools/call", "a"))
    lost, effects = harness.session.on_undelivered(request["id"])
    assert lost is not None
    assert (bytes(lost.id), effects) == (b'"a"', [])
    assert harness.session.on_undelivered(request["id"]) == (None, [])


class Rounds(RuleBasedStateMachine):
    """In whatever order answers, questions and cancels come, each request gets one answer."""

    @initialize()
    def start(self) -> None:
        self.harness = Harness()
        self.ids = count(1)
        self.known: dict[int, int] = {}
        self.questions: list[tuple[int, Json]] = []
        self.over: list[int] = []

    @rule()
    def ask(self) -> None:
        request_id = next(self.ids)
        (request,) = sent(self.harness.ask("tools/call", request_id))
        assert request["id"] not in self.known.values()
        self.known[request_id] = request["id"]

    @precondition(lambda self: self.known)
    @rule(pick=st.randoms(use_true_random=False), needs=st.integers(0, 2))
    def server_answers(self, pick: Any, needs: int) -> None:
        request_id = pick.choice(list(self.known))
        number = self.known[request_id]
        asked = any(each == request_id for each, _ in self.questions)
        if needs:
            questions: Json = {f"q{place}": ROOTS for place in range(needs)}
            effects = self.harness.answer({"id": number}, required("s", **questions))
            assert len(received(effects)) == (0 if asked else needs)
            self.questions += [(request_id, each) for each in received(effects)]
        else:
            effects = self.harness.answer({"id": number}, {})
            assert [each["id"] for each in received(effects)] == ([] if asked else [request_id])
            if not asked:
                self._end(request_id)

    @precondition(lambda self: self.questions)
    @rule(pick=st.randoms(use_true_random=False), agrees=st.booleans())
    def client_answers(self, pick: Any, *, agrees: bool) -> None:
        place = pick.randrange(len(self.questions))
        request_id, question = self.questions.pop(place)
        outcome: Json = {"result": {}} if agrees else {"error": {"code": -1, "message": ""}}
        effects = self.harness.respond(question, **outcome)
        if request_id in self.over:
            assert effects == []
        elif not agrees:
            assert [each["id"] for each in received(effects)] == [request_id]
            self._end(request_id)
        elif any(each == request_id for each, _ in self.questions):
            assert effects == []
        else:
            (again,) = sent(effects)
            assert again["id"] not in self.known.values()
            self.known[request_id] = again["id"]

    @precondition(lambda self: self.known)
    @rule(pick=st.randoms(use_true_random=False))
    def cancel(self, pick: Any) -> None:
        request_id = pick.choice(list(self.known))
        asked = any(each == request_id for each, _ in self.questions)
        effects = self.harness.notify(methods.CANCELLED, requestId=request_id)
        assert cancelled(effects) == ([] if asked else [self.known[request_id]])
        self._end(request_id)

    def _end(self, request_id: int) -> None:
        number = self.known.pop(request_id)
        self.over.append(request_id)
        assert self.harness.answer({"id": number}, {}) == []


TestRounds = Rounds.TestCase
