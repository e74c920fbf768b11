"""Messages are observed as they pass, and pass unchanged."""

from typing import Any

from proxy.frontend.message_tap import LONGEST, ExchangeObserver, MessageTap
from proxy.http import response
from proxy.http.interfaces import Client, ClientObserver
from proxy.http.rejection import HttpRejection
from proxy.http.request_policy import RequestInfo
from proxy.http.sse import Event
from tests.proxy.scripted import ScriptedClient, info


class Seen(ExchangeObserver, ClientObserver):
    """Notes what an exchange's observer, and that of the client, are notified of."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def on_head(self, head: bytes) -> None:
        self.events.append(head[9:12])

    def on_body(self, body: bytes, length: int) -> None:
        self.events.append((body[:5], length))

    def on_event(self, event: Event) -> None:
        self.events.append(event.data)

    def on_end(self) -> None:
        self.events.append("end")

    def on_client_paused(self) -> None:
        self.events.append("paused")

    def on_client_resumed(self) -> None:
        self.events.append("resumed")

    def on_client_gone(self) -> None:
        self.events.append("gone")


class Held:
    """A handler that keeps the client."""

    client: Client

    def request(self, client: Client, info: RequestInfo, body: bytes, started: float) -> None:
        self.client = client

    def refuse(self, info: RequestInfo | None, rejection: HttpRejection) -> None:
        raise AssertionError


def tapped() -> tuple[Client, ScriptedClient, Seen]:
    """The client as the handler sees it, as it is, and what is observed."""
    held, client, seen = Held(), ScriptedClient(), Seen()

    def observe(client: Client, info: RequestInfo, body: bytes) -> Seen:
        seen.events.append(body)
        return seen

    MessageTap(held, observe).request(client, info(), b"asked", 0.0)
    return held.client, client, seen


def test_a_response_is_observed_as_a_whole() -> None:
    inner, client, seen = tapped()
    inner.respond(response.start(404, response.JSON), b"{}", 404)

    assert seen.events == [b"asked", b"404", (b"{}", 2), "end"]
    assert (client.status, client.body) == (404, b"{}")
    assert (inner.principal, inner.address) == (client.principal, client.address)


def test_a_response_in_pieces_is_observed_as_one_unless_it_is_long() -> None:
    for piece in (b"a", b"x" * LONGEST):
        inner, client, seen = tapped()
        inner.start_response(response.start(200, response.JSON))
        inner.write(piece)
        inner.write(b"b")
        inner.end()

        whole = b"ab" if piece == b"a" else b""
        assert seen.events[2:] == [(whole, len(piece) + 1), "end"]
        assert (client.body, client.over) == (piece + b"b", True)


def test_events_are_observed_when_they_are_complete() -> None:
    inner, client, seen = tapped()
    inner.start_response(response.start(200, response.EVENTS))
    inner.write(b"data: 1\n\ndata:")
    inner.write(b" 2\n\n")
    inner.abort()

    assert seen.events[2:] == [b"1", b"2", "end"]
    assert client.aborted


def test_what_the_client_does_reaches_its_observer() -> None:
    inner, client, seen = tapped()
    inner.attach(seen)
    assert client.observer is not None
    client.observer.on_client_paused()
    client.observer.on_client_resumed()
    client.observer.on_client_gone()

    assert seen.events[1:] == ["paused", "resumed", "end", "gone"]
