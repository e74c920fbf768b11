"""A conversation over a scripted link: who is told what when the link does not deliver."""

import asyncio
import json
from collections.abc import Coroutine

from proxy.conversation import Conversation, Terms
from proxy.errors import Unreachable
from proxy.telemetry.catalogue import Fault, Outcome
from proxy.transports.port import LinkOwner
from proxy.verdict import EXITED, GARBLED, TIMED_OUT, UNREACHABLE
from tests.proxy.scripted import ScriptedClient, books, counted, post

CALL = b'{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"echo"}}'


class ScriptedLink:
    """Records what it is sent and told."""

    def __init__(self) -> None:
        self.exited = asyncio.Event()
        self.sent: list[tuple[bytes, bytes]] = []
        self.told: list[str] = []
        self.reads = True

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
    """Hands out one link, or fails."""

    def __init__(self, failure: str = "") -> None:
        self.link = ScriptedLink()
        self.headers = b""
        self._failure = failure

    async def connect(self, owner: LinkOwner, headers: bytes) -> ScriptedLink:
        self.headers = headers
        if self._failure:
            raise Unreachable(self._failure, UNREACHABLE)
        return self.link

    async def probe(self) -> str:
        return self._failure

    async def close(self) -> None:
        """Nothing is left."""


class Host:
    """Records what conversations tell."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def conversation_over(self, conversation: Conversation, error_type: str) -> None:
        self.told.append(error_type)


def run(start: Coroutine[None, None, None]) -> object:
    """Run a coroutine that never waits."""
    return asyncio.run(start)


class Talk:
    """A conversation with its scripted surroundings."""

    def __init__(self, failure: str = "") -> None:
        self.connector = ScriptedConnector(failure)
        self.link = self.connector.link
        self.host = Host()
        self.books = books()
        terms = Terms(self.connector, 10.0, self.books, run)
        self.conversation = Conversation("s", terms, self.host)

    def start(self) -> None:
        run(self.conversation.start(b"authorization: x\r\n"))

    def call(self, request_id: int) -> ScriptedClient:
        client = ScriptedClient()
        self.conversation.post(post(client, CALL % request_id))
        return client

    def outcomes(self) -> dict[tuple[Outcome | str, Fault | str], int]:
        return {(row[3], row[4]): count for row, count in counted(self.books).items()}


def error(client: ScriptedClient) -> tuple[int, int, str]:
    """Status, id and reason of the error that a client got."""
    answer = json.loads(client.body)
    return client.status, answer["id"], answer["error"]["message"]


def test_what_comes_before_the_link_is_sent_once_it_is_there_in_order() -> None:
    talk = Talk()
    talk.call(1)
    talk.call(2)
    assert talk.link.sent == []
    talk.start()
    assert talk.connector.headers == b"authorization: x\r\n"
    assert [message for message, _ in talk.link.sent] == [CALL % 1, CALL % 2]


def test_a_message_that_is_returned_ends_its_call_alone() -> None:
    talk = Talk()
    talk.start()
    first, second = talk.call(1), talk.call(2)
    talk.conversation.link_returned(CALL % 1, GARBLED, "the server answered 500")
    assert error(first) == (502, 1, "the server answered 500")
    assert not second.over
    talk.conversation.link_returned(CALL % 2, TIMED_OUT, "too late")
    assert error(second)[0] == 504
    assert talk.outcomes() == {("transport_error", "server"): 1, ("timeout", "server"): 1}
    assert talk.host.told == []


def test_a_link_that_ends_ends_every_call_with_its_own_id_and_the_conversation() -> None:
    talk = Talk()
    talk.start()
    clients = [talk.call(1), talk.call(2)]
    talk.conversation.link_ended(EXITED, "the server's process ended")
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


def test_a_link_that_takes_no_more_answers_the_call_at_once() -> None:
    talk = Talk()
    talk.start()
    talk.link.reads = False
    assert error(talk.call(1)) == (503, 1, "the server reads no more input")


def test_a_slow_client_pauses_the_link_until_the_last_slow_one_caught_up() -> None:
    talk = Talk()
    talk.start()
    first, second = talk.call(1), talk.call(2)
    for client in (first, second):
        assert client.visitor is not None
        client.visitor.client_paused()
    assert first.visitor is not None
    first.visitor.client_resumed()
    assert talk.link.told == ["pause", "pause"]
    assert second.visitor is not None
    second.visitor.client_resumed()
    assert talk.link.told[-1] == "resume"
