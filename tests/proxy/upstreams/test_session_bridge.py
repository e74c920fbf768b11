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


class ScriptedLink:
    """Records what it is sent and told."""

    def __init__(self) -> None:
        self.exited = asyncio.Event()
        self.sent: list[tuple[bytes, bytes]] = []
        self.told: list[str] = []
        self.reads = True
        self.held = 0

    def send(self, message: bytes, headers: bytes = b"") -> bool:
        self.sent.append((message, headers))
        return self.reads

    def pause(self) -> None:
        self.told.append("pause")

    def resume(self) -> None:
        self.told.append("resume")

    def end(self) -> None:
        self.told.append("end")

    def kill(self) -> None:
        self.told.append("kill")
        self.exited.set()


class ScriptedConnector:
    """Hands out one transport, or fails."""

    def __init__(self, failure: str = "") -> None:
        self.transport = ScriptedLink()
        self.headers = b""
        self._failure = failure

    async def connect(self, owner: TransportListener, headers: bytes, query: bytes) -> ScriptedLink:
        self.headers = headers
        if self._failure:
            raise Unreachable(self._failure, UNREACHABLE)
        return self.transport

    async def probe(self) -> str:
        return self._failure

    async def close(self) -> None:
        """Nothing is left."""


class Host:
    """Records what sessions tell."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def on_session_closed(self, bridge: SessionBridge, error_type: str) -> None:
        self.told.append(error_type)

    def evict(self, bridge: SessionBridge) -> None:
        self.told.append("evicted")


def run(start: Coroutine[None, None, None]) -> object:
    """Run a coroutine that never waits."""
    return asyncio.run(start)


class Talk:
    """a session with its scripted surroundings."""

    def __init__(self, failure: str = "", memory: int = 64 * MIB) -> None:
        self.memory = MemoryBudget(memory)
        self.connector = ScriptedConnector(failure)
        self.transport = self.connector.transport
        self.host = Host()
        self.recorder = recorder()
        config = SessionConfig(self.connector, 10.0, self.recorder, self.memory, run)
        self.conversation = SessionBridge("s", b"", config, self.host)

    def start(self) -> None:
        run(self.conversation.start(b"authorization: x\r\n", b""))

    def call(self, request_id: int) -> ScriptedClient:
        client = ScriptedClient()
        self.conversation.post(client_request(client, CALL % request_id))
        return client

    def outcomes(self) -> dict[tuple[Outcome | str, Fault | str], int]:
        return {(row[3], row[4]): count for row, count in counted(self.recorder).items()}


def error(client: ScriptedClient) -> tuple[int, int, str]:
    """Status, id and reason of the error that a client got."""
    answer = json.loads(client.body)
    return client.status, answer["id"], answer["error"]["message"]


def test_what_comes_before_the_link_is_sent_once_it_is_there_in_order() -> None:
    talk = Talk()
    talk.call(1)
    talk.call(2)
    assert talk.transport.sent == []
    talk.start()
    assert talk.connector.headers == b"authorization: x\r\n"
    assert [message for message, _ in talk.transport.sent] == [CALL % 1, CALL % 2]


def test_what_waits_for_a_link_that_does_not_come_is_bounded() -> None:
    talk = Talk()
    note = b'{"method":"x","params":"%b"}' % (b"x" * (OUTBOX_LIMIT // 2))
    clients = [ScriptedClient() for _ in range(4)]
    for client in clients:
        talk.conversation.post(client_request(client, note))
    assert [each.status for each in clients] == [202, 202, 503, 503]
    assert error(talk.call(1)) == (503, 1, "the server reads no more input")


@pytest.mark.parametrize("opened", [True, False])
def test_without_room_in_memory_only_small_messages_are_taken(opened: bool) -> None:
    talk = Talk(memory=1000)
    if opened:
        talk.start()
    long = CALL % 1 + b" " * FREE_BYTES
    first, second, note = (ScriptedClient() for _ in range(3))
    talk.conversation.post(client_request(first, long))
    talk.transport.held = len(long) * opened
    talk.conversation.post(client_request(second, long.replace(b":1,", b":2,") + b" " * 1000))
    talk.conversation.post(client_request(note, b'{"method":"x"}'))
    assert (first.status, error(second), note.status) == (0, (503, 2, NO_ROOM), 202)
    assert talk.outcomes() == {("rejected", "proxy"): 1}
    talk.conversation.end("", UNREACHABLE)
    assert talk.memory.cap.used == 0


def test_without_room_in_memory_the_server_is_read_no_further_until_there_is() -> None:
    talk = Talk(memory=1000)
    talk.start()
    waiting = talk.call(1)
    for held in (FREE_BYTES + 1001, FREE_BYTES + 1001, 0, 0):
        talk.transport.held = held
        talk.conversation.tick(perf_counter())
    assert talk.transport.told == ["pause", "resume"]
    talk.transport.held = FREE_BYTES + 1001
    talk.conversation.tick(perf_counter())
    talk.conversation.tick(perf_counter() + 1e6)
    assert error(waiting) == (504, 1, NO_ROOM)
    assert talk.outcomes() == {("rejected", "proxy"): 1}


def test_without_room_in_memory_what_waits_for_a_slow_client_is_given_up() -> None:
    talk = Talk(memory=1000)
    talk.start()
    slow = talk.call(1)
    assert slow.observer is not None
    slow.observer.on_client_paused()
    talk.transport.held = FREE_BYTES + 1001
    talk.conversation.tick(perf_counter())
    assert (error(slow)[0], talk.host.told) == (502, ["rejected"])


def test_without_room_in_memory_what_the_server_says_is_not_kept_for_a_stream() -> None:
    talk = Talk(memory=1000)
    talk.start()
    long = b'{"method":"x","params":"%b"}' % (b"x" * FREE_BYTES)
    for _ in range(3):
        talk.conversation.on_message(long, 0.0)
    assert talk.memory.cap.used <= 1000


def test_a_message_that_is_returned_ends_its_call_alone() -> None:
    talk = Talk()
    talk.start()
    first, second = talk.call(1), talk.call(2)
    talk.conversation.on_undelivered((1,), INVALID_RESPONSE, "the server answered 500")
    assert error(first) == (502, 1, "the server answered 500")
    assert not second.over
    talk.conversation.on_undelivered(None, TIMED_OUT, "too late")
    assert error(second)[0] == 504
    assert talk.outcomes() == {("transport_error", "server"): 1, ("timeout", "server"): 1}
    assert talk.host.told == []


def test_a_link_that_ends_ends_every_call_with_its_own_id_and_the_conversation() -> None:
    talk = Talk()
    talk.start()
    clients = [talk.call(1), talk.call(2)]
    talk.conversation.on_closed(EXITED, "the server's process ended")
    assert [error(each) for each in clients] == [
        (502, 1, "the server's process ended"),
        (502, 2, "the server's process ended"),
    ]
    assert talk.conversation.over
    assert talk.host.told == ["upstream_exited"]


def test_a_server_that_cannot_be_reached_ends_the_conversation() -> None:
    talk = Talk("cannot start 'x': no such file")
    client = talk.call(1)
    talk.start()
    assert error(client) == (502, 1, "cannot start 'x': no such file")
    assert talk.host.told == ["connection_error"]


def test_a_batch_loses_what_cannot_be_read_and_no_answer() -> None:
    talk = Talk()
    talk.start()
    client = talk.call(1)
    talk.conversation.on_message(b'[{"level":"info"},{"id":1,"result":{}}]', 0.0)
    assert json.loads(client.body)["result"] == {}


def test_a_link_that_takes_no_more_answers_the_call_at_once() -> None:
    talk = Talk()
    talk.start()
    talk.transport.reads = False
    assert error(talk.call(1)) == (503, 1, "the server reads no more input")


def test_a_slow_client_pauses_the_link_until_the_last_slow_one_caught_up() -> None:
    talk = Talk()
    talk.start()
    first, second = talk.call(1), talk.call(2)
    for client in (first, second):
        assert client.observer is not None
        client.observer.on_client_paused()
    assert first.observer is not None
    first.observer.on_client_resumed()
    assert talk.transport.told == ["pause", "pause"]
    assert second.observer is not None
    second.observer.on_client_resumed()
    assert talk.transport.told[-1] == "resume"


def test_a_call_behind_an_unread_stream_has_its_time_and_the_unread_one_what_it_is_read() -> None:
    talk, now = Talk(), perf_counter()
    talk.start()
    unread, other = talk.call(1), talk.call(2)
    assert unread.observer is not None
    unread.observer.on_client_paused()
    talk.conversation.tick(now + 11.0)
    assert error(other)[:2] == (504, 2)
    assert "does not read" in error(other)[2]
    assert talk.outcomes() == {("timeout", "caller"): 1}
    unread.observer.on_client_resumed()
    talk.conversation.tick(now + 20.0)
    assert not unread.over
    talk.conversation.tick(now + 22.0)
    assert b"the server did not answer in time" in unread.body
    assert talk.outcomes() == {("timeout", "caller"): 1, ("timeout", "server"): 1}


def test_a_server_is_told_that_nobody_waits_for_an_answer_any_more() -> None:
    talk = Talk()
    talk.start()
    initialize = b'{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}'
    talk.conversation.post(client_request(ScriptedClient(), initialize))
    talk.conversation.post(client_request(ScriptedClient(), CALL % 1, info(authorization="x")))
    talk.conversation.tick(perf_counter() + 11.0)
    told, headers = talk.transport.sent[-1]
    assert json.loads(told)["method"] == "notifications/cancelled"
    assert json.loads(told)["params"]["requestId"] == 1
    assert headers == b"authorization: x\r\n"
    assert len(talk.transport.sent) == 3


class Carried(Talk):
    """a session whose client speaks HTTP+SSE."""

    def __init__(self) -> None:
        super().__init__()
        self.stream = ScriptedClient()
        self.conversation.open_stream(client_request(self.stream, b""), b"/messages?session_id=s")

    def events(self) -> list[bytes]:
        """The payloads on the stream, the endpoint's left out."""
        return [each.data for each in EventReader(10_000).feed(self.stream.body)][1:]


def test_a_stream_names_the_endpoint_first() -> None:
    assert Carried().stream.body == b"event: endpoint\ndata: /messages?session_id=s\n\n"


def test_a_message_gets_202_and_its_answer_goes_to_the_stream() -> None:
    talk = Carried()
    talk.start()
    client = talk.call(1)
    assert (client.status, client.body) == (202, b"")
    answer = b'{"jsonrpc":"2.0","id":1,"result":{}}'
    for message in (answer, answer, b'{"method":"notifications/x"}'):
        talk.conversation.on_message(message, 0.0)
    assert talk.events() == [answer, b'{"method":"notifications/x"}']
    assert counted(talk.recorder) == {("tools/call", "echo", 202, "ok", "none"): 1}


def test_the_end_of_the_server_is_told_on_the_stream_which_then_ends() -> None:
    talk = Carried()
    talk.start()
    talk.call(1)
    talk.call(2)
    talk.conversation.on_closed(EXITED, "the server's process ended")
    assert [json.loads(each)["id"] for each in talk.events()] == [1, 2]
    assert talk.stream.over
    assert talk.recorder.ledger.streams == 0


def test_the_end_of_the_stream_ends_everything_as_the_clients_wish() -> None:
    talk = Carried()
    talk.start()
    talk.call(1)
    assert talk.stream.observer is not None
    talk.stream.observer.on_client_gone()
    assert talk.transport.told[-1] == "end"
    assert talk.host.told == [""]
    assert talk.outcomes() == {("cancelled", "caller"): 1}
    assert (talk.recorder.ledger.streams, talk.conversation.over) == (0, True)


def test_an_idle_stream_gets_comments() -> None:
    talk, now = Carried(), perf_counter()
    for seconds in (1, KEEP_ALIVE_SECONDS + 1, KEEP_ALIVE_SECONDS + 2, 2 * KEEP_ALIVE_SECONDS + 3):
        talk.conversation.tick(now + seconds)
    assert talk.stream.body.count(b": keep-alive") == 2
    assert talk.stream.body.endswith(b"\n\n: keep-alive\n\n: keep-alive\n\n")


def test_calls_are_labelled_with_the_revision_that_initialize_agreed_on() -> None:
    talk = Carried()
    talk.start()
    client = ScriptedClient()
    talk.conversation.post(client_request(client, b'{"id":0,"method":"initialize"}'))
    agreed = b'{"id":0,"result":{"protocolVersion":"2024-11-05"}}'
    talk.conversation.on_message(agreed, 0.0)
    talk.call(1)
    talk.conversation.on_message(b'{"id":1,"result":{}}', 0.0)
    assert {row[7] for row in talk.recorder.ledger.rows} == {"", "2024-11-05"}
