"""What passes a proxy becomes entries of the right session, whatever it is."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from lab.record.recorder import Recorder
from lab.recording.recording_file import Entry, Event, line
from lab.recording.redaction import Redaction
from proxy.frontend.message_tap import LONGEST, MessageTap
from proxy.http import response
from proxy.http.interfaces import Client
from proxy.http.rejection import HttpRejection
from proxy.http.request_policy import METADATA, RequestInfo
from proxy.http.sse import encode
from tests.proxy.scripted import GATE, ScriptedClient, info


class Tapped:
    """A recorder before a server that answers as each test says, now or later."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.recorder = Recorder(self.entries.append, Redaction(payloads=True), is_stdio=False)
        self.tap = MessageTap(self, self.recorder.observe)
        self.clients: list[Client] = []

    def request(self, client: Client, info: RequestInfo, body: bytes, started: float) -> None:
        self.clients.append(client)

    def refuse(self, info: RequestInfo | None, rejection: HttpRejection) -> None:
        """Not recorded."""

    def post(self, message: Any, client: ScriptedClient | None = None, **headers: str) -> Client:
        """Send a message: the client, to be answered."""
        body = message if isinstance(message, bytes) else msgspec.json.encode(message)
        self.tap.request(client or ScriptedClient(), info(**headers), body, 0.0)
        return self.clients[-1]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The entries without time, transport and era."""
        left_out = {"time", "transport", "era"}
        return [
            {key: value for key, value in json.loads(line(each)).items() if key not in left_out}
            for each in self.entries
        ]

    @property
    def sessions(self) -> list[str]:
        return [each.session for each in self.entries]


def reply(client: Client, message: Any, status: int = 200, session: str = "") -> None:
    headers = ((b"Mcp-Session-Id", session.encode()),) if session else ()
    body = message if isinstance(message, bytes) else msgspec.json.encode(message)
    client.respond(response.start(status, response.JSON, *headers), body, status)


def ping(number: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": "ping"}


def initialize() -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {}}


def result(number: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "result": {}}


def test_the_session_of_a_server_is_named_by_a_number() -> None:
    tapped = Tapped()
    for name in ("secret-a", "secret-b"):
        reply(tapped.post(initialize()), result(0), session=name)
    tapped.post(ping(), mcp_session_id="secret-b")
    tapped.post(ping(), mcp_session_id="secret-a")
    tapped.post(ping(), mcp_session_id="from-before")
    tapped.tap.request(ScriptedClient(), info("GET", mcp_session_id="secret-a"), b"", 0.0)
    tapped.tap.request(ScriptedClient(), info("DELETE", mcp_session_id="secret-b"), b"", 0.0)

    assert tapped.sessions == ["1", "1", "2", "2", "2", "1", "3", "1", "2"]
    assert [each.event for each in tapped.entries[-2:]] == [Event.STREAM, Event.END]
    assert "secret" not in str(tapped.lines)


def test_a_client_without_sessions_has_one_until_it_initializes_again() -> None:
    tapped = Tapped()
    for _ in range(2):
        reply(tapped.post(initialize()), result(0))
        reply(tapped.post(ping()), result())

    assert tapped.sessions == ["1"] * 4 + ["2"] * 4


def test_colliding_ids_of_clients_without_sessions_are_told_apart() -> None:
    tapped = Tapped()
    first, second = tapped.post(ping()), tapped.post(ping())
    reply(second, result())
    reply(first, result())
    other = ScriptedClient()
    other.address = b"192.0.2.1"
    tapped.post(ping(), other)
    tapped.post(ping(2))

    assert tapped.sessions == ["1", "2", "2", "1", "3", "1"]


def test_documents_of_oauth_are_not_recorded() -> None:
    tapped = Tapped()
    head = b"GET /.well-known/oauth-protected-resource/mcp HTTP/1.1\r\nhost: localhost\r\n\r\n"
    asked = replace(GATE, passes_metadata=True).evaluate(head)
    assert asked.route == METADATA
    tapped.tap.request(ScriptedClient(), asked, b"", 0.0)
    reply(tapped.clients[-1], {"resource": "x"})

    assert tapped.lines == []


def test_a_batch_is_recorded_message_by_message() -> None:
    tapped = Tapped()
    reply(tapped.post([ping(1), ping(2)]), [result(2), result(1)])

    assert [each["message"]["id"] for each in tapped.lines] == [1, 2, 2, 1]


def test_events_are_recorded_as_they_come() -> None:
    tapped = Tapped()
    client = tapped.post(ping("a"))
    client.start_response(response.start(200, response.EVENTS))
    for each in ({"method": "notifications/progress"}, {**ping(7)}, result("a")):
        client.write(encode(msgspec.json.encode(each)))
    client.write(b": comment\n\ndata:\n\nevent: other\ndata: x\n\n")
    client.end()

    assert [each["from"] for each in tapped.lines] == ["client", "server", "server", "server"]
    assert tapped.lines[1]["message"] == {"method": "notifications/progress"}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, b"", {"status": 401, "id": 1}),
        (404, b"<html>", {"status": 404, "id": 1, "bytes": 6}),
        (200, b"garbled", {"id": 1, "bytes": 7}),
        (200, b'"text"', {"id": 1, "bytes": 6}),
        (400, msgspec.json.encode(result()), {"status": 400, "message": result()}),
        (200, b'["%b"]' % (b"x" * LONGEST), {"id": 1, "bytes": LONGEST + 4}),
        (202, b"Accepted", None),
        (202, b"", None),
    ],
)
def test_what_is_not_a_message_is_known_by_status_and_size(
    status: int, body: bytes, expected: dict[str, Any] | None
) -> None:
    tapped = Tapped()
    reply(tapped.post(ping()), body, status)

    answer = {"session": "1", "from": "server", **(expected or {})}
    assert tapped.lines[1:] == ([answer] if expected else [])


@pytest.mark.parametrize("body", [b"garbled", b"\xff", b"[]", b"[" * 5000, b"x" * (LONGEST + 1)])
def test_an_unreadable_request_is_known_by_its_size(body: bytes) -> None:
    tapped = Tapped()
    tapped.post(body)

    assert tapped.lines == [{"session": "1", "from": "client", "bytes": len(body)}]


def test_a_message_that_nests_too_deep_to_redact_is_known_by_its_size() -> None:
    tapped = Tapped()
    deep = b'{"id":1,"method":"x","params":' + b'{"a":' * 700 + b"1" + b"}" * 701
    tapped.post(deep)

    [found] = tapped.lines
    assert set(found) <= {"session", "from", "bytes", "message"}


def test_a_session_of_http_sse_is_that_of_its_stream() -> None:
    tapped = Tapped()
    head = b"%b HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n"
    client = ScriptedClient()
    tapped.tap.request(client, GATE.evaluate(head % b"GET /sse"), b"", 0.0)
    stream = tapped.clients[-1]
    stream.start_response(response.start(200, response.EVENTS))
    stream.write(encode(b"messages?session_id=secret", b"endpoint"))
    post = GATE.evaluate(head % b"POST /messages?session_id=secret")
    tapped.tap.request(ScriptedClient(), post, msgspec.json.encode(ping()), 0.0)
    reply(tapped.clients[-1], b"", 202)
    stream.write(encode(msgspec.json.encode(result())))
    stream.on_client_gone()  # type: ignore[attr-defined]  # It is its client's observer.

    assert [(each["session"], each["from"]) for each in tapped.lines] == [
        ("1", "client"), ("1", "server"), ("1", "client")
    ]  # fmt: skip
    assert tapped.entries[-1].event is Event.END
    assert {each.transport for each in tapped.entries} == {"sse"}
