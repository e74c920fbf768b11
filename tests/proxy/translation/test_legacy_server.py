"""Modern clients in a legacy session: what is translated, and what is refused."""

import json
from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from proxy.jsonrpc import methods
from proxy.jsonrpc.members import raw
from proxy.translation.effects import Changed
from proxy.translation.legacy_server import MOST_QUESTIONS, QUESTIONS_LIMIT, LegacyServer
from proxy.translation.parameters import Parameters
from proxy.translation.request import JsonRpcError, Request
from proxy.translation.subscription import closure
from tests.proxy.translation.messages import Json, delivered, fields, modern, sent

SERVER_INFO = {"name": "old", "version": "3"}
OFFERED: Json = {
    "protocolVersion": "2025-11-25",
    "serverInfo": SERVER_INFO,
    "instructions": "be kind",
    "capabilities": {
        "tools": {"listChanged": True},
        "prompts": {},
        "resources": {"subscribe": True, "listChanged": True},
        "logging": {},
        "tasks": {"list": {}},
    },
}
ALL_INPUTS: Json = {"sampling": {}, "elicitation": {"form": {}, "url": {}}, "roots": {}}
LOGS = {methods.LOG_LEVEL_KEY: "info"}


def session(client: Json | None = None, /, **offered: Any) -> LegacyServer:
    states = (f"state-{number}" for number in count(1))
    opened = raw({**OFFERED, **offered})
    return LegacyServer(opened, raw(client or {}), lambda: next(states), Parameters())


def only(effects: Any) -> tuple[int, Json]:
    """The one message that a client gets."""
    ((number, message),) = delivered(effects)
    return number, message


def test_a_request_loses_what_only_a_modern_server_reads() -> None:
    server = session()
    request = modern("tools/call", "a", name="t", more_meta={"progressToken": "p", "x/y": 1})
    number, effects = server.ask(request)
    (forwarded,) = sent(effects)
    assert forwarded == {
        "jsonrpc": "2.0",
        "id": number,
        "method": "tools/call",
        "params": {"name": "t", "_meta": {"progressToken": number, "x/y": 1}},
    }


def test_params_that_held_nothing_else_stay_an_object() -> None:
    (forwarded,) = sent(session().ask(modern("tools/list"))[1])
    assert forwarded["params"] == {}


@pytest.mark.parametrize(
    ("method", "cached"),
    [("tools/list", True), ("resources/read", True), ("tools/call", False), ("x/unknown", False)],
)
def test_a_result_gains_what_a_modern_client_expects(method: str, *, cached: bool) -> None:
    server = session()
    number, _ = server.ask(modern(method, 9))
    answered, message = only(server.receive(fields(id=number, result={"k": 1, "_meta": {"m": 2}})))
    assert (answered, message["id"]) == (number, 9)
    freshness = {"ttlMs": 0, "cacheScope": "private"} if cached else {}
    assert message["result"] == {
        "k": 1,
        "resultType": "complete",
        "_meta": {"m": 2, methods.SERVER_INFO_KEY: SERVER_INFO},
        **freshness,
    }


def test_discovery_repeats_the_result_of_initialize() -> None:
    _, message = only(session().ask(modern(methods.DISCOVER))[1])
    result = message["result"]
    assert result["supportedVersions"] == ["2026-07-28", "2025-11-25"]
    assert result["capabilities"] == {
        name: value for name, value in OFFERED["capabilities"].items() if name != "tasks"
    }
    assert result["instructions"] == "be kind"
    assert result["_meta"] == {methods.SERVER_INFO_KEY: SERVER_INFO}
    assert (result["resultType"], result["ttlMs"]) == ("complete", 0)


@pytest.mark.parametrize("method", sorted(methods.REMOVED_METHODS))
def test_a_method_that_the_revision_gave_up_is_not_found(method: str) -> None:
    server = session()
    number, effects = server.ask(modern(method))
    assert sent(effects) == []
    assert only(effects)[1]["error"]["code"] == -32601
    assert server.receive(fields(id=number, result={})) == []


@pytest.mark.parametrize(("legacy", "code"), [(-32002, -32602), (-32601, -32601), (-32000, -32000)])
def test_an_error_keeps_its_code_unless_the_revision_gave_it_up(legacy: int, code: int) -> None:
    server = session()
    number, _ = server.ask(modern("resources/read"))
    error = {"code": legacy, "message": "m", "data": {"uri": "u"}}
    _, message = only(server.receive(fields(id=number, error=error)))
    assert message["error"] == {**error, "code": code}


def test_progress_comes_back_under_the_clients_token() -> None:
    server = session()
    number, _ = server.ask(modern(more_meta={"progressToken": "p"}))
    quiet, _ = server.ask(modern())
    for token, expected in ((number, 1), (quiet, 0), ("p", 0), (99, 0)):
        progress = fields(method=methods.PROGRESS, params={"progressToken": token, "progress": 5})
        messages = delivered(server.receive(progress))
        assert len(messages) == expected
        assert all(each["params"]["progressToken"] == "p" for _, each in messages)


def test_a_log_level_is_set_before_the_request_that_asks_for_it() -> None:
    server = session()
    number, effects = server.ask(modern(more_meta=LOGS))
    level, request = sent(effects)
    assert (level["method"], level["params"]) == (methods.SET_LEVEL, {"level": "info"})
    assert request["id"] == number
    assert "_meta" not in request["params"]
    assert server.receive(fields(id=level["id"], result={})) == []
    log = fields(method=methods.LOG, params={"level": "error", "data": 1})
    assert [each for each, _ in delivered(server.receive(log))] == [number]
    server.receive(fields(id=number, result={}))
    assert server.receive(log) == []
    assert len(sent(server.ask(modern(more_meta=LOGS))[1])) == 1


def test_a_server_without_logging_is_asked_for_no_level() -> None:
    (request,) = sent(session(capabilities={}).ask(modern(more_meta=LOGS))[1])
    assert request["method"] == "tools/call"


def test_cancelling_notifies_the_server_once() -> None:
    server = session()
    number, _ = server.ask(modern())
    (cancelled,) = sent(server.cancel(number))
    assert (cancelled["method"], cancelled["params"]["requestId"]) == (methods.CANCELLED, number)
    assert server.cancel(number) == []
    assert server.receive(fields(id=number, result={})) == []


# What the server asks meanwhile


def asked(server: LegacyServer, method: str, request_id: Any = 77, **params: Any) -> Any:
    return server.receive(fields(id=request_id, method=method, params=params))


@pytest.mark.parametrize("method", sorted(methods.INPUTS))
def test_what_the_server_asks_ends_the_request_and_the_next_one_brings_it(method: str) -> None:
    server = session(ALL_INPUTS)
    number, _ = server.ask(modern("tools/call", 1, name="t"))
    answered, message = only(asked(server, method, "s-1", message="m", elicitationId="e"))
    assert (answered, message["id"]) == (number, 1)
    result = message["result"]
    assert result["resultType"] == "input_required"
    ((name, question),) = result["inputRequests"].items()
    assert question["method"] == method
    assert ("elicitationId" in question["params"]) == (method != "elicitation/create")
    assert server.waits(number)

    response = {"action": "accept"}
    state = result["requestState"]
    again = modern("tools/call", 2, name="t", inputResponses={name: response}, requestState=state)
    resumed = server.resume(again)
    assert not isinstance(resumed, JsonRpcError)
    assert resumed[0] == number
    assert sent(resumed[1]) == [{"jsonrpc": "2.0", "id": "s-1", "result": response}]
    _, message = only(server.receive(fields(id=number, result={"k": 1})))
    assert (message["id"], message["result"]["resultType"]) == (2, "complete")
    assert isinstance(server.resume(again), JsonRpcError)


@pytest.mark.parametrize(("size", "most"), [(10, MOST_QUESTIONS), (QUESTIONS_LIMIT // 4, 3)])
def test_no_more_questions_wait_for_a_client_than_it_can_be_asked(size: int, most: int) -> None:
    server = session(ALL_INPUTS)
    number, _ = server.ask(modern("tools/call", 1))
    for each in range(most):
        assert sent(asked(server, "sampling/createMessage", each, text="x" * size)) == []
    (refused,) = sent(asked(server, "sampling/createMessage", "more", text="x" * size))
    assert (refused["id"], refused["error"]["code"]) == ("more", -32600)
    assert [each["id"] for each in sent(server.cancel(number))[:-1]] == list(range(most))


def test_input_that_is_missing_is_asked_for_again() -> None:
    server = session(ALL_INPUTS)
    server.ask(modern("tools/call", 1))
    first = only(asked(server, "roots/list", "s-1"))[1]["result"]
    assert asked(server, "sampling/createMessage", "s-2") == []
    again = modern(
        "tools/call", 2, requestState=first["requestState"], inputResponses={"input-1": {}}
    )
    resumed = server.resume(again)
    assert not isinstance(resumed, JsonRpcError)
    assert [each["id"] for each in sent(resumed[1])] == ["s-1"]
    second = only(resumed[1])[1]["result"]
    assert list(second["inputRequests"]) == ["input-2"]
    assert second["requestState"] != first["requestState"]
    assert isinstance(server.resume(again), JsonRpcError)


def test_a_server_that_answers_without_its_input_is_not_lost() -> None:
    server = session(ALL_INPUTS)
    number, _ = server.ask(modern("tools/call", 1))
    state = only(asked(server, "roots/list"))[1]["result"]["requestState"]
    assert server.receive(fields(id=number, result={"k": 1})) == []
    resumed = server.resume(modern("tools/call", 2, requestState=state))
    assert not isinstance(resumed, JsonRpcError)
    assert only(resumed[1])[1]["result"]["k"] == 1
    assert not server.busy


@pytest.mark.parametrize(
    "again",
    [
        modern("tools/call", 2, name="t", requestState="guessed"),
        modern("tools/call", 2, name="other", requestState="state-1"),
        modern("prompts/get", 2, name="t", requestState="state-1"),
        modern("tools/call", 2, name="t"),
    ],
)
def test_a_state_serves_the_request_it_was_made_for_only(again: Request) -> None:
    server = session(ALL_INPUTS)
    server.ask(modern("tools/call", 1, name="t"))
    asked(server, "roots/list")
    refused = server.resume(again)
    assert isinstance(refused, JsonRpcError)
    assert refused.code == -32602


def test_giving_up_a_request_refuses_what_was_asked_for_it() -> None:
    server = session(ALL_INPUTS)
    number, _ = server.ask(modern("tools/call", 1))
    asked(server, "roots/list", "s-1")
    rejection, cancelled = sent(server.cancel(number))
    assert (rejection["id"], "error" in rejection) == ("s-1", True)
    assert cancelled["params"]["requestId"] == number
    assert not server.waits(number)


@pytest.mark.parametrize(
    ("capabilities", "request_method", "question"),
    [
        ({}, "tools/call", "roots/list"),
        ({"roots": {}}, "tools/call", "sampling/createMessage"),
        ({"roots": {}}, "tools/list", "roots/list"),
        ({"roots": {}}, "completion/complete", "roots/list"),
        (ALL_INPUTS, "tools/call", "x/unknown"),
    ],
)
def test_what_no_client_could_be_asked_is_refused_to_the_server(
    capabilities: Json, request_method: str, question: str
) -> None:
    server = session(capabilities)
    server.ask(modern(request_method))
    effects = asked(server, question)
    assert delivered(effects) == []
    assert [each["error"]["code"] for each in sent(effects)] == [-32601]


def test_a_ping_of_the_server_is_answered() -> None:
    assert sent(asked(session(), "ping")) == [{"jsonrpc": "2.0", "id": 77, "result": {}}]


def test_requests_that_may_be_asked_for_input_go_one_at_a_time() -> None:
    server = session({"roots": {}})
    number, _ = server.ask(modern("tools/call", 1))
    assert not server.can_serve(modern("tools/call", 2))
    assert server.can_serve(modern("tools/list", 2))
    server.receive(fields(id=number, result={}))
    assert server.can_serve(modern("tools/call", 2))
    plain = session()
    plain.ask(modern("tools/call", 1))
    assert plain.can_serve(modern("tools/call", 2))
    assert plain.can_serve(modern("tools/call", 2, more_meta=LOGS))


def test_an_error_that_sends_the_user_to_a_url_becomes_input_required() -> None:
    elicitation = {"mode": "url", "url": "https://x", "message": "m", "elicitationId": "e"}
    error = {"code": -32042, "message": "", "data": {"elicitations": [elicitation]}}
    for capabilities, code in ((ALL_INPUTS, None), ({"elicitation": {}}, -32021)):
        server = session(capabilities)
        number, _ = server.ask(modern("tools/call", 1))
        _, message = only(server.receive(fields(id=number, error=error)))
        if code is None:
            (question,) = message["result"]["inputRequests"].values()
            assert question["params"] == {"mode": "url", "url": "https://x", "message": "m"}
            again = modern("tools/call", 2, inputResponses={"url-0": {"action": "accept"}})
            assert "inputResponses" not in sent(server.ask(again)[1])[0]["params"]
        else:
            assert message["error"]["code"] == code


# subscriptions/listen


def change(what: str = "tools") -> Changed:
    method = f"notifications/{what}/list_changed"
    return Changed(method, fields(method=method))


def updated(uri: str) -> Changed:
    return Changed(methods.UPDATED, fields(method=methods.UPDATED, params={"uri": uri}))


def test_listening_honors_what_the_server_offers_and_nothing_else() -> None:
    server = session()
    wanted = {"toolsListChanged": True, "promptsListChanged": True, "resourcesListChanged": False}
    number, effects = server.ask(modern(methods.LISTEN, "l", notifications=wanted))
    _, message = only(effects)
    assert message["method"] == methods.ACKNOWLEDGED
    named = {methods.SUBSCRIPTION_KEY: "l"}
    assert message["params"] == {"_meta": named, "notifications": {"toolsListChanged": True}}
    (changed,) = server.receive(fields(method="notifications/tools/list_changed"))
    assert isinstance(changed, Changed)
    recipient, message = only(server.announce(changed))
    assert (recipient, message["params"]) == (number, {"_meta": named})
    assert server.announce(change("prompts")) == server.announce(change("resources")) == []


def test_resources_are_subscribed_to_before_the_stream_is_acknowledged() -> None:
    server = session()
    wanted = {"resourceSubscriptions": ["a:1", "a:2"]}
    number, effects = server.ask(modern(methods.LISTEN, "l", notifications=wanted))
    first, second = sent(effects)
    assert (first["method"], first["params"]) == (methods.SUBSCRIBE, {"uri": "a:1"})
    assert server.announce(updated("a:1")) == []
    assert server.receive(fields(id=first["id"], result={})) == []
    _, message = only(server.receive(fields(id=second["id"], error={"code": -32602})))
    assert message["params"]["notifications"] == {"resourceSubscriptions": ["a:1"]}
    assert only(server.announce(updated("a:1/part")))[0] == number
    assert server.announce(updated("a:2")) == []


def test_the_last_one_to_leave_unsubscribes() -> None:
    server = session()
    numbers = []
    for name in ("l", "m"):
        wanted = {"resourceSubscriptions": ["a:1"]}
        number, effects = server.ask(modern(methods.LISTEN, name, notifications=wanted))
        server.receive(fields(id=sent(effects)[0]["id"], result={}))
        numbers.append(number)
    assert len(delivered(server.announce(updated("a:1")))) == 2
    assert sent(server.cancel(numbers[0])) == []
    (left,) = sent(server.cancel(numbers[1]))
    assert (left["method"], left["params"]) == (methods.UNSUBSCRIBE, {"uri": "a:1"})
    assert not server.busy


def test_a_stream_ends_with_an_answer_that_names_it() -> None:
    message = json.loads(closure(raw("l")))
    assert (message["id"], message["result"]["resultType"]) == ("l", "complete")
    assert message["result"]["_meta"] == {methods.SUBSCRIPTION_KEY: "l"}


class Rounds(RuleBasedStateMachine):
    """A server that asks, answers and is cancelled at any moment never loses or mixes a request."""

    def __init__(self) -> None:
        super().__init__()
        self.server = session(ALL_INPUTS)
        self.ids = count(1)
        self.number = 0
        self.attached = False
        self.state = ""
        self.answered = False
        self.open: list[str] = []

    def _receive(self, effects: Sequence[Any], request_id: int) -> None:
        for number, message in delivered(effects):
            assert (number, message["id"]) == (self.number, request_id)
            assert self.attached
            self.attached = False
            self.state = message["result"].get("requestState", "")
            assert bool(self.state) == (message["result"]["resultType"] == "input_required")

    @precondition(lambda self: not self.server.busy)
    @rule()
    def ask(self) -> None:
        self.request_id = next(self.ids)
        self.number, _ = self.server.ask(modern("tools/call", self.request_id))
        self.attached, self.answered, self.state, self.open = True, False, "", []

    @precondition(lambda self: self.server.busy and not self.answered)
    @rule()
    def server_asks(self) -> None:
        name = f"s-{next(self.ids)}"
        self.open.append(name)
        self._receive(asked(self.server, "roots/list", name), self.request_id)
        assert not self.attached

    @rule()
    def server_answers(self) -> None:
        self._receive(self.server.receive(fields(id=self.number, result={})), self.request_id)
        self.answered = True

    @precondition(lambda self: self.state)
    @rule(brings=st.booleans())
    def client_comes_back(self, *, brings: bool) -> None:
        self.request_id, state = next(self.ids), self.state
        names = [f"input-{number}" for number in range(1, 99)] if brings else []
        again = modern(
            "tools/call",
            self.request_id,
            requestState=state,
            inputResponses=dict.fromkeys(names, {}),
        )
        self.attached, self.state = True, ""
        resumed = self.server.resume(again)
        assert not isinstance(resumed, JsonRpcError)
        self._receive(resumed[1], self.request_id)
        if not self.answered and brings:
            assert [each["id"] for each in sent(resumed[1])] == self.open
            self.open = []
            assert self.attached

    @precondition(lambda self: self.server.busy)
    @rule()
    def give_up(self) -> None:
        effects = sent(self.server.cancel(self.number))
        assert [each["id"] for each in effects if "id" in each] == self.open
        assert not self.server.busy
        self.attached, self.state = False, ""

    request_id = 0


TestRounds = Rounds.TestCase
