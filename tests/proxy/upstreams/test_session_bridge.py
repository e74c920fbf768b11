"""a session over a scripted link: who is notified what when the transport does not deliver."""

import asyncio
import json
from collections.abc import Coroutine
from time import perf_counter

import pytest

from proxy.app.options import MIB
from proxy.http.sse import KEEP_ALIVE_SECONDS, EventReader
from proxy.memory_budget import FREE_BYTES, NO_ROOM, MemoryBudget
from proxy.outcome import EXITED, INVALID_RESPONSE, TIMED_OUT, UNREACHABLE
from proxy.telemetry.catalogue import Fault, Outcome
from proxy.transports.base import TransportListener, Unreachable
from proxy.upstreams.session_bridge import OUTBOX_LIMIT, SessionBridge, SessionConfig
from tests.proxy.scripted import ScriptedClient, client_request, counted, info, recorder

CALL = b'{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"echo"}}'


class ScriptedTransport:
    """Records its messages and calls."""

    def __init__(self) -> None:
        self.exited = asyncio.Event()
        self.sent: list[tuple[bytes, bytes]] = []
        self.sent_times: list[float] = []
        self.calls: list[str] = []
        self.reads = True
        self.held = 0

    def send(self, message: bytes, headers: bytes = b"") -> bool:
        self.sent.append((message, headers))
        self.sent_times.append(perf_counter())
        return self.reads

    def pause(self) -> None:
        self.calls.append("pause")

    def resume(self) -> None:
        self.calls.append("resume")

    def end(self) -> None:
        self.calls.append("end")

    def kill(self) -> None:
        self.calls.append("kill")
        self.exited.set()


class ScriptedConnector:
    """Hands out one transport, or fails."""

    def __init__(self, failure: str = "") -> None:
        self.transport = ScriptedTransport()
        self.headers = b""
        self._failure = failure

    async def connect(
        self, owner: TransportListener, headers: bytes, query: bytes
    ) -> ScriptedTransport:
        self.headers = headers
        if self._failure:
            raise Unreachable(self._failure, UNREACHABLE)
        return self.transport

    async def probe(self) -> str:
        return self._failure

    async def close(self) -> None:
        """Nothing is left."""


class RecordingOwner:
    """Records the ends of sessions."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def on_session_closed(self, bridge: SessionBridge, error_type: str) -> None:
        self.calls.append(error_type)

    def evict(self, bridge: SessionBridge) -> None:
        self.calls.append("evicted")


def run(start: Coroutine[None, None, None]) -> object:
    """Run a coroutine that never waits."""
    return asyncio.run(start)


class Harness:
    """A session with a scripted transport and owner."""

    def __init__(self, failure: str = "", memory: int = 64 * MIB) -> None:
        self.memory = MemoryBudget(memory)
        self.connector = ScriptedConnector(failure)
        self.transport = self.connector.transport
        self.owner = RecordingOwner()
        self.recorder = recorder()
        config = SessionConfig(self.connector, 10.0, self.recorder, self.memory, run)
        self.bridge = SessionBridge("s", b"", config, self.owner)

    def start(self) -> None:
        run(self.bridge.start(b"authorization: x\r\n", b""))

    def call(self, request_id: int) -> ScriptedClient:
        client = ScriptedClient()
        self.bridge.post(client_request(client, CALL % request_id))
        return client

    def outcomes(self) -> dict[tuple[Outcome | str, Fault | str], int]:
        return {(row[3], row[4]): count for row, count in counted(self.recorder).items()}


def error(client: ScriptedClient) -> tuple[int, int, str]:
    """Status, id and reason of the error that a client got."""
    answer = json.loads(client.body)
    return client.status, answer["id"], answer["error"]["message"]


def test_what_comes_before_the_link_is_sent_once_it_is_there_in_order() -> None:
    harness = Harness()
    harness.call(1)
    harness.call(2)
    assert harness.transport.sent == []
    harness.start()
    assert harness.connector.headers == b"authorization: x\r\n"
    assert [message for message, _ in harness.transport.sent] == [CALL % 1, CALL % 2]


def test_the_time_of_the_server_begins_before_it_can_read_the_call() -> None:
    harness = Harness()
    harness.start()
    request = client_request(ScriptedClient(), CALL % 1)
    harness.bridge.post(request)
    assert request.calls[0].sent_at <= harness.transport.sent_times[0]


def test_what_waits_for_a_link_that_does_not_come_is_bounded() -> None:
    harness = Harness()
    note = b'{"method":"x","params":"%b"}' % (b"x" * (OUTBOX_LIMIT // 2))
    clients = [ScriptedClient() for _ in range(4)]
    for client in clients:
        harness.bridge.post(client_request(client, note))
    assert [each.status for each in clients] == [202, 202, 503, 503]
    assert error(harness.call(1)) == (503, 1, "the server reads no more input")


@pytest.mark.parametrize("opened", [True, False])
def test_without_room_in_memory_only_small_messages_are_taken(opened: bool) -> None:
    harness = Harness(memory=1000)
    if opened:
        harness.start()
    long = CALL % 1 + b" " * FREE_BYTES
    first, second, note = (ScriptedClient() for _ in range(3))
    harness.bridge.post(client_request(first, long))
    harness.transport.held = len(long) * opened
    harness.bridge.post(client_request(second, long.replace(b":1,", b":2,") + b" " * 1000))
    harness.bridge.post(client_request(note, b'{"method":"x"}'))
    assert (first.status, error(second), note.status) == (0, (503, 2, NO_ROOM), 202)
    assert harness.outcomes() == {("rejected", "proxy"): 1}
    harness.bridge.end("", UNREACHABLE)
    assert harness.memory.cap.used == 0


def test_without_room_in_memory_the_server_is_read_no_further_until_there_is() -> None:
    harness = Harness(memory=1000)
    harness.start()
    waiting = harness.call(1)
    for held in (FREE_BYTES + 1001, FREE_BYTES + 1001, 0, 0):
        harness.transport.held = held
        harness.bridge.tick(perf_counter())
    assert harness.transport.calls == ["pause", "resume"]
    harness.transport.held = FREE_BYTES + 1001
    harness.bridge.tick(perf_counter())
    harness.bridge.tick(perf_counter() + 1e6)
    assert error(waiting) == (504, 1, NO_ROOM)
    assert harness.outcomes() == {("rejected", "proxy"): 1}


def test_without_room_in_memory_what_waits_for_a_slow_client_is_given_up() -> None:
    harness = Harness(memory=1000)
    harness.start()
    slow = harness.call(1)
    assert slow.observer is not None
    slow.observer.on_client_paused()
    harness.transport.held = FREE_BYTES + 1001
    harness.bridge.tick(perf_counter())
    assert (error(slow)[0], harness.owner.calls) == (502, ["rejected"])


def test_without_room_in_memory_what_the_server_says_is_not_kept_for_a_stream() -> None:
    harness = Harness(memory=1000)
    harness.start()
    long = b'{"method":"x","params":"%b"}' % (b"x" * FREE_BYTES)
    for _ in range(3):
        harness.bridge.on_message(long, 0.0)
    assert harness.memory.cap.used <= 1000


def test_a_message_that_is_returned_ends_its_call_alone() -> None:
    harness = Harness()
    harness.start()
    first, second = harness.call(1), harness.call(2)
    harness.bridge.on_undelivered((1,), INVALID_RESPONSE, "the server answered 500")
    assert error(first) == (502, 1, "the server answered 500")
    assert not second.over
    harness.bridge.on_undelivered(None, TIMED_OUT, "too late")
    assert error(second)[0] == 504
    assert harness.outcomes() == {("transport_error", "server"): 1, ("timeout", "server"): 1}
    assert harness.owner.calls == []


def test_a_link_that_ends_ends_every_call_with_its_own_id_and_the_conversation() -> None:
    harness = Harness()
    harness.start()
    clients = [harness.call(1), harness.call(2)]
    harness.bridge.on_closed(EXITED, "the server's process ended")
    assert [error(each) for each in clients] == [
        (502, 1, "the server's process ended"),
        (502, 2, "the server's process ended"),
    ]
    assert harness.bridge.over
    assert harness.owner.calls == ["upstream_exited"]


def test_a_server_that_cannot_be_reached_ends_the_conversation() -> None:
    harness = Harness("cannot start 'x': no such file")
    client = harness.call(1)
    harness.start()
    assert error(client) == (502, 1, "cannot start 'x': no such file")
    assert harness.owner.calls == ["connection_error"]


def test_a_batch_loses_what_cannot_be_read_and_no_answer() -> None:
    harness = Harness()
    harness.start()
    client = harness.call(1)
    harness.bridge.on_message(b'[{"level":"info"},{"id":1,"result":{}}]', 0.0)
    assert json.loads(client.body)["result"] == {}


def test_a_link_that_takes_no_more_answers_the_call_at_once() -> None:
    harness = Harness()
    harness.start()
    harness.transport.reads = False
    assert error(harness.call(1)) == (503, 1, "the server reads no more input")


def test_a_slow_client_pauses_the_link_until_the_last_slow_one_caught_up() -> None:
    harness = Harness()
    harness.start()
    first, second = harness.call(1), harness.call(2)
    for client in (first, second):
        assert client.observer is not None
        client.observer.on_client_paused()
    assert first.observer is not None
    first.observer.on_client_resumed()
    assert harness.transport.calls == ["pause", "pause"]
    assert second.observer is not None
    second.observer.on_client_resumed()
    assert harness.transport.calls[-1] == "resume"


def test_a_call_behind_an_unread_stream_has_its_time_and_the_unread_one_what_it_is_read() -> None:
    harness, now = Harness(), perf_counter()
    harness.start()
    unread, other = harness.call(1), harness.call(2)
    assert unread.observer is not None
    unread.observer.on_client_paused()
    harness.bridge.tick(now + 11.0)
    assert error(other)[:2] == (504, 2)
    assert "does not read" in error(other)[2]
    assert harness.outcomes() == {("timeout", "caller"): 1}
    unread.observer.on_client_resumed()
    harness.bridge.tick(now + 20.0)
    assert not unread.over
    harness.bridge.tick(now + 22.0)
    assert b"the server did not answer in time" in unread.body
    assert harness.outcomes() == {("timeout", "caller"): 1, ("timeout", "server"): 1}


def test_an_overdue_call_is_cancelled_at_the_server() -> None:
    harness = Harness()
    harness.start()
    initialize = b'{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}'
    harness.bridge.post(client_request(ScriptedClient(), initialize))
    harness.bridge.post(client_request(ScriptedClient(), CALL % 1, info(authorization="x")))
    harness.bridge.tick(perf_counter() + 11.0)
    cancellation, headers = harness.transport.sent[-1]
    assert json.loads(cancellation)["method"] == "notifications/cancelled"
    assert json.loads(cancellation)["params"]["requestId"] == 1
    assert headers == b"authorization: x\r\n"
    assert len(harness.transport.sent) == 3


class Carried(Harness):
    """a session whose client speaks HTTP+SSE."""

    def __init__(self) -> None:
        super().__init__()
        self.stream = ScriptedClient()
        self.bridge.open_stream(client_request(self.stream, b""), b"/messages?session_id=s")

    def events(self) -> list[bytes]:
        """The payloads on the stream, the endpoint's left out."""
        return [each.data for each in EventReader(10_000).feed(self.stream.body)][1:]


def test_a_stream_names_the_endpoint_first() -> None:
    assert Carried().stream.body == b"event: endpoint\ndata: /messages?session_id=s\n\n"


def test_a_message_gets_202_and_its_answer_goes_to_the_stream() -> None:
    harness = Carried()
    harness.start()
    client = harness.call(1)
    assert (client.status, client.body) == (202, b"")
    answer = b'{"jsonrpc":"2.0","id":1,"result":{}}'
    for message in (answer, answer, b'{"method":"notifications/x"}'):
        harness.bridge.on_message(message, 0.0)
    assert harness.events() == [answer, b'{"method":"notifications/x"}']
    assert counted(harness.recorder) == {("tools/call", "echo", 202, "ok", "none"): 1}


def test_the_end_of_the_server_is_reported_on_the_stream_which_then_ends() -> None:
    harness = Carried()
    harness.start()
    harness.call(1)
    harness.call(2)
    harness.bridge.on_closed(EXITED, "the server's process ended")
    assert [json.loads(each)["id"] for each in harness.events()] == [1, 2]
    assert harness.stream.over
    assert harness.recorder.ledger.streams == 0


def test_the_end_of_the_stream_ends_everything_as_the_clients_wish() -> None:
    harness = Carried()
    harness.start()
    harness.call(1)
    assert harness.stream.observer is not None
    harness.stream.observer.on_client_gone()
    assert harness.transport.calls[-1] == "end"
    assert harness.owner.calls == [""]
    assert harness.outcomes() == {("cancelled", "caller"): 1}
    assert (harness.recorder.ledger.streams, harness.bridge.over) == (0, True)


def test_an_idle_stream_gets_comments() -> None:
    harness, now = Carried(), perf_counter()
    for seconds in (1, KEEP_ALIVE_SECONDS + 1, KEEP_ALIVE_SECONDS + 2, 2 * KEEP_ALIVE_SECONDS + 3):
        harness.bridge.tick(now + seconds)
    assert harness.stream.body.count(b": keep-alive") == 2
    assert harness.stream.body.endswith(b"\n\n: keep-alive\n\n: keep-alive\n\n")


def test_calls_are_labelled_with_the_revision_that_initialize_agreed_on() -> None:
    harness = Carried()
    harness.start()
    client = ScriptedClient()
    harness.bridge.post(client_request(client, b'{"id":0,"method":"initialize"}'))
    agreed = b'{"id":0,"result":{"protocolVersion":"2024-11-05"}}'
    harness.bridge.on_message(agreed, 0.0)
    harness.call(1)
    harness.bridge.on_message(b'{"id":1,"result":{}}', 0.0)
    assert {row[7] for row in harness.recorder.ledger.rows} == {"", "2024-11-05"}
