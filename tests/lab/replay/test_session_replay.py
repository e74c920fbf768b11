"""The client of a recorded session, against a scripted server."""

import asyncio
import json
from collections.abc import Callable
from time import perf_counter
from typing import Any

import pytest

from lab.load.protocol import CallFailed, Request, decode
from lab.load.session import OnMessage, Reply, ignore
from lab.recording.recording_file import Entry
from lab.replay.recorded_session import sessions
from lab.replay.session_replay import Replayed, SessionReplay
from proxy.telemetry.catalogue import Outcome
from tests.lab.recording.entries import OPENED, answered, asked, entry, notified, recording

Answer = Callable[["ScriptedServer", dict[str, Any]], Any]


class ScriptedServer:
    """A connection whose requests are answered by a function: a result, None, or an exception.

    `seen` are the messages of the client, each answer of ours as (id, "answer").
    """

    def __init__(self, answer: Answer = lambda server, message: {}) -> None:
        self._answer = answer
        self.on_message: OnMessage = ignore
        self.seen: list[dict[str, Any]] = []
        self.version = ""
        self.closed = False

    def observe(self, on_message: OnMessage) -> None:
        self.on_message = on_message

    async def connect(self) -> None:
        pass

    async def ask(self, request: Request) -> Reply:
        message = json.loads(request.body)
        self.seen.append(message)
        result = self._answer(self, message)
        if isinstance(result, asyncio.Event):
            await result.wait()
            result = {}
        if isinstance(result, Exception):
            raise result
        for _ in range(5):  # The client goes on meanwhile.
            await asyncio.sleep(0)
        answer = {"id": request.id, **(result if "error" in result else {"result": result})}
        self.seen.append({"answered": request.id})
        return Reply(decode(json.dumps(answer).encode()), perf_counter())

    async def notify(self, request: Request) -> None:
        self.seen.append(json.loads(request.body))
        await asyncio.sleep(0)

    def negotiated(self, version: str) -> None:
        self.version = version

    async def close(self) -> None:
        self.closed = True


def replay(
    server: ScriptedServer, *entries: Entry, opened: bool = True, timeout: float = 5.0
) -> list[Replayed]:
    """The calls, but for `initialize`."""
    replayed: list[Replayed] = []

    async def pace(time: float) -> None:
        pass

    async def run() -> None:
        [recorded] = sessions(recording(*(OPENED if opened else ()), *entries))
        session = SessionReplay(
            recorded, server, lambda call: call.params, replayed.append, timeout=timeout
        )
        await session.run(pace)

    asyncio.run(run())
    assert server.closed
    return replayed[1:] if opened else replayed


def methods(server: ScriptedServer) -> list[str]:
    return [
        each.get("method", "answered" if "answered" in each else "reply") for each in server.seen
    ]


def test_a_message_follows_the_answers_that_came_before_it() -> None:
    server = ScriptedServer()

    replay(server, asked(1), asked(2), answered(2), answered(1), asked(3), answered(3))

    assert methods(server)[3:] == [
        "tools/call", "tools/call", "answered", "answered", "tools/call", "answered"
    ]  # fmt: skip
    assert server.version == ""


def test_the_version_that_the_server_chooses_is_used() -> None:
    server = ScriptedServer(lambda server, message: {"protocolVersion": "2025-06-18"})
    replay(server)
    assert server.version == "2025-06-18"


def test_a_session_that_began_before_the_recording_is_initialized() -> None:
    server = ScriptedServer(lambda server, message: {"protocolVersion": "2025-11-25"})

    [call] = replay(server, asked(5), answered(5), opened=False)

    assert methods(server)[::2] == ["initialize", "notifications/initialized", "answered"]
    assert not call.differs


def test_colliding_ids_become_different_ones() -> None:
    server = ScriptedServer()

    calls = replay(server, asked(1), asked(1), answered(1))

    ids = [each["id"] for each in server.seen if each.get("method") == "tools/call"]
    assert len(set(ids)) == 2
    assert [each.call.outcome for each in calls] == ["timeout", "ok"]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({}, Outcome.OK),
        ({"isError": True}, Outcome.TOOL_ERROR),
        ({"error": {"code": -32602, "message": "no"}}, Outcome.PROTOCOL_ERROR),
        (CallFailed(Outcome.REJECTED, "HTTP 401"), Outcome.REJECTED),
        (asyncio.Event(), Outcome.TIMEOUT),
    ],
)
def test_outcomes_are_compared(answer: Any, outcome: Outcome) -> None:
    server = ScriptedServer(lambda server, message: answer if "arguments" in str(message) else {})

    seconds = 0.05 if outcome is Outcome.TIMEOUT else 5.0
    [call] = replay(server, asked(1, arguments={}), answered(1), timeout=seconds)

    assert (call.outcome, call.differs) == (outcome, outcome is not Outcome.OK)


def test_unknown_methods_and_notifications_are_sent_as_they_are() -> None:
    server = ScriptedServer()

    [call] = replay(
        server, notified("client", "acme/note", x=1), asked(1, "acme/own", x=[1]), answered(1)
    )

    assert call.outcome is Outcome.OK
    assert {"jsonrpc": "2.0", "method": "acme/note", "params": {"x": 1}} in server.seen
    assert methods(server)[-3:] == ["acme/note", "acme/own", "answered"]


def test_a_cancelled_call_is_cancelled_by_its_new_id() -> None:
    hanging = asyncio.Event()
    server = ScriptedServer(lambda server, message: hanging if "arguments" in str(message) else {})

    [call] = replay(
        server,
        asked("a", arguments={}),
        notified("client", "notifications/cancelled", requestId="a", reason="x"),
        notified("client", "notifications/cancelled", requestId="unknown"),
    )

    [sent] = [each["id"] for each in server.seen if each.get("method") == "tools/call"]
    cancels = [each for each in server.seen if each.get("method") == "notifications/cancelled"]
    assert [each["params"]["requestId"] for each in cancels] == [sent]
    assert (call.outcome, call.differs) == (Outcome.CANCELLED, False)


def test_requests_of_the_server_get_the_recorded_answers_in_turn() -> None:
    def sampling(server: ScriptedServer, message: dict[str, Any]) -> dict[str, Any]:
        if message["method"] == "tools/call":
            for number, method in enumerate(("roots/list", "sampling/createMessage") * 2):
                request = {"jsonrpc": "2.0", "id": f"s{number}", "method": method}
                server.on_message(json.dumps(request).encode())
            server.on_message(b'{"method": "notifications/message"}')
            server.on_message(b"not JSON")
        return {}

    server = ScriptedServer(sampling)
    replay(
        server,
        asked(1),
        entry("server", {"id": 0, "method": "sampling/createMessage", "params": {}}),
        entry("server", {"id": 9, "method": "roots/list"}),
        entry("client", {"id": 9, "result": {"roots": []}}),
        entry("client", {"id": 0, "result": {"model": "x"}}),
        entry("client", {"id": 77, "result": {"never": "asked"}}),
        answered(1),
        asked(2, "ping"),
        answered(2),
    )

    replies = {each["id"]: each for each in server.seen if "method" not in each and "id" in each}
    assert {key: each.get("result") for key, each in replies.items()} == {
        "s0": {"roots": []}, "s1": {"model": "x"}, "s2": None, "s3": None
    }  # fmt: skip
    assert replies["s3"]["error"]["code"] == -32601


def test_cursors_of_the_server_are_sent_back() -> None:
    server = ScriptedServer(lambda server, message: {"nextCursor": "new", "tools": []})

    replay(
        server,
        asked(1, "tools/list"),
        answered(1, result={"nextCursor": "xx1", "tools": []}),
        asked(2, "tools/list", cursor="xx1"),
        answered(2),
    )

    assert server.seen[-2]["params"] == {"cursor": "new"}


def test_a_subscription_lasts_until_the_end() -> None:
    forever = asyncio.Event()
    server = ScriptedServer(
        lambda server, message: forever if message["method"] == "subscriptions/listen" else {}
    )

    calls = replay(server, asked(1, "subscriptions/listen"), asked(2), answered(2))

    assert [(each.call.method, each.differs) for each in calls] == [
        ("tools/call", False), ("subscriptions/listen", False)
    ]  # fmt: skip
