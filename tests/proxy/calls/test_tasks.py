"""Tools that run as tasks: each call is counted once, as what its task came to, and when it did."""

from collections import Counter
from typing import Any

import pytest

from proxy.calls.recorder import CallRecorder
from proxy.calls.tasks import LONGEST_NAME, MOST_TASKS, SILENT_SECONDS, Tasks
from proxy.in_flight import Call, Finished, InFlightCalls
from proxy.jsonrpc import codec
from proxy.jsonrpc.members import encode
from proxy.outcome import OK
from proxy.telemetry.listed_tools import ToolHints
from tests.proxy.scripted import recorder

ID = "786512e2"
CREATED = {"task": {"taskId": ID, "status": "working", "ttl": 60000}}
DONE = {"content": [{"type": "text", "text": "done"}]}
FAILED = {"content": [], "isError": True}


def ask(
    kept: CallRecorder, method: str, *, session: str = "s", size: int = 0, **answer: Any
) -> None:
    """A request, and its answer."""
    params = {"name": "t", "task": {}} if method == "tools/call" else {"taskId": ID}
    asked = codec.decode(encode({"id": 1, "method": method, "params": params}))
    call = Call(asked, 0.0, "2025-11-25", session)
    waiting = InFlightCalls(10.0)
    waiting.begin((call,), 0.0)
    effect = waiting.receive(codec.decode(encode({"id": 1, **answer})), 0.0)
    assert isinstance(effect, Finished)
    call.answer_size = size
    kept.ledger.in_flight += 1
    kept.finish(effect, 200, 0.0)


def status(of: str) -> dict[str, Any]:
    return {"taskId": ID, "status": of, "ttl": None}


def came_to(kept: CallRecorder) -> Counter[tuple[str, str]]:
    rows = kept.ledger.rows.items()
    return Counter({(row[0], row[4]): sum(each.counts) for row, each in rows})


def test_the_size_of_a_tasks_result_is_counted_for_its_tool() -> None:
    kept = recorder()
    ask(kept, "tools/call", result=CREATED)
    ask(kept, "tasks/get", result=status("completed"))
    ask(kept, "tasks/result", result=DONE)
    assert kept.ledger.result_sizes == {}  # None of the answers had a size.
    ask(kept, "tools/call", size=1, result=CREATED)
    ask(kept, "tasks/result", size=500, result=DONE)
    [(key, sizes)] = kept.ledger.result_sizes.items()
    assert (key, sizes.total) == (("tools/call", "t"), 500)
    assert sum(each.received for each in kept.ledger.clients.rows.values()) == 500


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"result": DONE}, "ok"),
        ({"result": FAILED}, "tool_error"),
        ({"error": {"code": -32603, "message": "oh"}}, "protocol_error"),
    ],
)
def test_a_call_is_what_its_task_comes_to_and_to_deliver_that_is_ok(
    answer: dict[str, Any], outcome: str
) -> None:
    kept = recorder()
    kept.ledger.tools_listed({"t": ToolHints()})
    ask(kept, "tools/call", result=CREATED)
    assert came_to(kept) == {}
    assert kept.ledger.in_flight == 0
    ask(kept, "tasks/get", result=status("working"))
    assert came_to(kept) == {("tasks/get", "ok"): 1}
    for times in (1, 2):
        ask(kept, "tasks/result", **answer)
        assert came_to(kept) == {
            ("tasks/get", "ok"): 1,
            ("tools/call", outcome): 1,
            ("tasks/result", "ok"): times,
        }
    (row,) = (each for each in kept.ledger.rows if each[0] == "tools/call")
    assert row[1] == "t"
    callers = {row[2:]: tally.requests for row, tally in kept.ledger.clients.rows.items()}
    assert callers == {("", "ok"): 3, ("unannotated", outcome): 1}


@pytest.mark.parametrize(
    ("method", "last", "outcome"),
    [
        ("tasks/get", "failed", "tool_error"),
        ("tasks/get", "cancelled", "cancelled"),
        ("tasks/cancel", "cancelled", "cancelled"),
    ],
)
def test_a_task_that_ended_badly_is_counted_when_that_is_seen(
    method: str, last: str, outcome: str
) -> None:
    kept = recorder()
    ask(kept, "tools/call", result=CREATED)
    ask(kept, method, result=status(last))
    assert came_to(kept) == {("tools/call", outcome): 1, (method, "ok"): 1}
    ask(kept, "tasks/result", error={"code": -32603, "message": "it failed"})
    kept.tasks.close()
    assert came_to(kept)["tools/call", outcome] == 1


def test_a_request_for_a_task_that_the_server_does_not_know_says_nothing_of_it() -> None:
    kept = recorder()
    ask(kept, "tools/call", result=CREATED)
    ask(kept, "tasks/result", error={"code": -32602, "message": "expired"})
    ask(kept, "tasks/result", session="other", result=FAILED)
    kept.tasks.close()
    assert came_to(kept) == {
        ("tasks/result", "protocol_error"): 1,
        ("tasks/result", "tool_error"): 1,
        ("tools/call", "ok"): 1,
    }


@pytest.mark.parametrize("given", [7, {"taskId": 7}, {}, None, {"taskId": "x" * LONGEST_NAME * 2}])
def test_what_is_no_task_is_counted_at_once(given: object) -> None:
    kept = recorder()
    ask(kept, "tools/call", result={"task": given})
    ask(kept, "tasks/get", result={"status": 5})
    assert came_to(kept) == {("tools/call", "ok"): 1, ("tasks/get", "ok"): 1}


class Harness:
    """Tasks, each of a call that came at second 0 and was answered at second 1."""

    def __init__(self) -> None:
        self.recorder = recorder()
        self.tasks = Tasks(self.recorder.ledger)

    def begin(self, name: str) -> None:
        self.tasks.add(self._about("tools/call", name), 200, 1.0, 0.0, 1.0)

    def see(self, name: str, last: str, now: float) -> None:
        call = self._about("tasks/get", name)
        call.task_status = last
        self.tasks.follow(Finished(call, OK), now)

    @property
    def seconds(self) -> list[float]:
        return [each.total for each in self.recorder.ledger.rows.values()]

    def _about(self, method: str, name: str) -> Call:
        asked = {"id": 1, "method": method, "params": {"name": "t"}}
        call = Call(codec.decode(encode(asked)), 0.0, "2025-11-25", "s")
        call.task = name
        return call


def test_a_task_is_timed_to_when_its_end_was_first_seen() -> None:
    harness = Harness()
    harness.begin("a")
    harness.see("a", "working", 3.0)
    harness.see("a", "completed", 5.0)
    harness.see("a", "completed", 8.0)
    assert harness.seconds == []
    harness.tasks.close()
    assert harness.seconds == [5.0]


def test_a_task_whose_end_is_not_seen_is_timed_to_its_calls_answer() -> None:
    harness = Harness()
    harness.begin("a")
    harness.begin("b")
    harness.see("a", "working", 100.0)
    harness.tasks.tick(SILENT_SECONDS + 2.0)
    assert harness.seconds == [1.0]
    harness.tasks.tick(SILENT_SECONDS + 101.0)
    assert harness.seconds == [2.0]


def test_no_more_than_so_many_tasks_are_followed() -> None:
    harness = Harness()
    for number in range(MOST_TASKS):
        harness.begin(str(number))
    harness.see("0", "working", 2.0)
    harness.begin("one more")
    assert harness.seconds == [1.0]
    harness.see("0", "failed", 7.0)
    assert sorted(harness.seconds) == [1.0, 7.0]
