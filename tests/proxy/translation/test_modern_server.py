"""Modern clients share one channel to a modern server: each gets its own, and nothing else."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from proxy.jsonrpc import methods
from proxy.translation.effects import Answer, Close
from proxy.translation.modern_server import ModernServer
from proxy.translation.parameters import Parameters
from tests.proxy.translation.messages import delivered, fields, modern, sent

LOGS = {"more_meta": {methods.LOG_LEVEL_KEY: "info"}}


def tokened(token: Any) -> dict[str, Any]:
    return {"more_meta": {"progressToken": token}}


def test_a_request_travels_under_its_ticket_and_comes_back_under_its_own_id() -> None:
    server = ModernServer(Parameters())
    number, effects = server.ask(modern("tools/call", "a", name="t", arguments={"x": 1.0}))
    (request,) = sent(effects)
    assert request["id"] == number
    assert request["params"]["arguments"] == {"x": 1.0}
    assert request["params"]["_meta"][methods.VERSION_KEY] == "2026-07-28"
    answer = fields(id=number, result={"resultType": "complete", "more": [1]})
    ((recipient, message),) = delivered(server.receive(answer))
    assert recipient == number
    assert message == {
        "jsonrpc": "2.0",
        "id": "a",
        "result": {"resultType": "complete", "more": [1]},
    }


@pytest.mark.parametrize("token", [0, 1, "1", "a", 1.5])
def test_progress_goes_to_the_request_whose_token_it_was(token: Any) -> None:
    server = ModernServer(Parameters())
    first, asked = server.ask(modern("tools/call", 1, **tokened(token)))
    second, others = server.ask(modern("tools/call", 1, **tokened(token)))
    tokens = [sent(each)[0]["params"]["_meta"]["progressToken"] for each in (asked, others)]
    assert tokens == [first, second]
    progress = fields(method=methods.PROGRESS, params={"progressToken": second, "progress": 1})
    ((recipient, message),) = delivered(server.receive(progress))
    assert recipient == second
    assert message["params"] == {"progressToken": token, "progress": 1}


def test_a_second_and_a_late_answer_come_to_nothing() -> None:
    server = ModernServer(Parameters())
    number, _ = server.ask(modern())
    answer = fields(id=number, result={})
    assert len(server.receive(answer)) == 1
    assert server.receive(answer) == []
    cancelled, _ = server.ask(modern())
    (cancellation,) = sent(server.cancel(cancelled))
    assert cancellation["method"] == methods.CANCELLED
    assert cancellation["params"]["requestId"] == cancelled
    assert server.receive(fields(id=cancelled, result={})) == []
    assert server.cancel(cancelled) == []


@pytest.mark.parametrize("request_id", [None, "one", "01 ", 7, True, [1], {}, 1.5])
def test_an_answer_to_nothing_comes_to_nothing(request_id: Any) -> None:
    server = ModernServer(Parameters())
    server.ask(modern())
    assert server.receive(fields(id=request_id, result={})) == []


def test_only_one_request_at_a_time_receives_log_messages() -> None:
    server = ModernServer(Parameters())
    log = fields(method=methods.LOG, params={"level": "info", "data": 1})
    server.ask(modern())
    assert server.receive(log) == []
    number, _ = server.ask(modern(**LOGS))
    assert [each for each, _ in delivered(server.receive(log))] == [number]
    assert not server.can_serve(modern(**LOGS))
    assert server.can_serve(modern())
    other, _ = server.ask(modern(**LOGS))
    assert server.receive(log) == []
    server.receive(fields(id=number, result={}))
    server.receive(fields(id=other, result={}))
    assert server.can_serve(modern(**LOGS))


def test_a_subscription_is_named_by_its_clients_own_id() -> None:
    server = ModernServer(Parameters())
    number, _ = server.ask(modern(methods.LISTEN, "l-1", notifications={"toolsListChanged": True}))
    named = {"_meta": {methods.SUBSCRIPTION_KEY: number, "other": 1}, "notifications": {}}
    ((_, message),) = delivered(server.receive(fields(method=methods.ACKNOWLEDGED, params=named)))
    assert message["params"]["_meta"] == {methods.SUBSCRIPTION_KEY: "l-1", "other": 1}
    end = fields(id=number, result={"_meta": {methods.SUBSCRIPTION_KEY: number}})
    ((_, message),) = delivered(server.receive(end))
    assert message["id"] == message["result"]["_meta"][methods.SUBSCRIPTION_KEY] == "l-1"
    assert server.receive(fields(method=methods.ACKNOWLEDGED, params=named)) == []


def test_a_server_that_cancels_a_subscription_ends_its_stream() -> None:
    server = ModernServer(Parameters())
    number, _ = server.ask(modern(methods.LISTEN))
    cancelled = fields(method=methods.CANCELLED, params={"requestId": number})
    assert server.receive(cancelled) == [Close(number)]
    assert server.receive(cancelled) == []


def test_a_server_can_cancel_nothing_else() -> None:
    server = ModernServer(Parameters())
    number, _ = server.ask(modern())
    assert server.receive(fields(method=methods.CANCELLED, params={"requestId": number})) == []
    assert server.receive(fields(id=number, result={})) != []


def test_a_modern_server_may_not_ask() -> None:
    (rejection,) = sent(ModernServer(Parameters()).receive(fields(id=5, method="roots/list")))
    assert (rejection["id"], rejection["error"]["code"]) == (5, -32601)


class Interleaved(RuleBasedStateMachine):
    """Clients with equal ids ask, cancel, and are answered in any order, more than once."""

    def __init__(self) -> None:
        super().__init__()
        self.server = ModernServer(Parameters())
        self.waiting: dict[int, int | str] = {}
        self.ended: list[int] = []

    @rule(request_id=st.sampled_from([1, 2, "1", "x"]))
    def ask(self, request_id: int | str) -> None:
        number, effects = self.server.ask(modern("tools/call", request_id))
        assert number not in self.waiting
        assert number not in self.ended
        assert sent(effects)[0]["id"] == number
        self.waiting[number] = request_id

    @rule(pick=st.randoms(use_true_random=False))
    def answer(self, pick: Any) -> None:
        number = self._pick(pick, [*self.waiting, *self.ended])
        effects = self.server.receive(fields(id=number, result={"n": number}))
        if number in self.waiting:
            assert [type(each) for each in effects] == [Answer]
            assert delivered(effects)[0][1]["id"] == self.waiting.pop(number)
            self.ended.append(number)
        else:
            assert effects == []

    @rule(pick=st.randoms(use_true_random=False))
    def cancel(self, pick: Any) -> None:
        number = self._pick(pick, [*self.waiting, *self.ended])
        cancelled = sent(self.server.cancel(number))
        assert len(cancelled) == (number in self.waiting)
        if self.waiting.pop(number, None) is not None:
            self.ended.append(number)

    def _pick(self, pick: Any, numbers: Sequence[int]) -> int:
        chosen: int = pick.choice([*numbers, 10_000])
        return chosen


TestInterleaved = Interleaved.TestCase
