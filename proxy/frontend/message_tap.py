"""Observes the messages between clients and another RequestHandler, which pass unchanged."""

from collections.abc import Callable
from typing import Protocol

from ..http import response
from ..http.interfaces import Client, ClientObserver, RequestHandler
from ..http.rejection import HttpRejection
from ..http.request_policy import RequestInfo
from ..http.sse import Event, EventReader

LONGEST = 1024 * 1024
"""Bytes of a message that is still observed as a whole."""


class ExchangeObserver(Protocol):
    """Observes the response to one request."""

    def on_head(self, head: bytes) -> None:
        """The response starts; `head` is as `http.response.start` makes it."""

    def on_body(self, body: bytes, length: int) -> None:
        """The whole body, which is no event stream; `body` is empty if it is over LONGEST."""

    def on_event(self, event: Event) -> None:
        """An event of a stream, truncated if it is over LONGEST."""

    def on_end(self) -> None:
        """The response is complete or broken off, or the client is gone."""


Observe = Callable[[Client, RequestInfo, bytes], ExchangeObserver]
"""Called with each request, and its body, before it is handled."""


class MessageTap(RequestHandler):
    """Passes requests on to `within`, and responses back, as `observe` sees them."""

    def __init__(self, within: RequestHandler, observe: Observe) -> None:
        self._within = within
        self._observe = observe

    def request(self, client: Client, info: RequestInfo, body: bytes, started: float) -> None:
        observed = _ObservedClient(client, self._observe(client, info, body))
        self._within.request(observed, info, body, started)

    def refuse(self, info: RequestInfo | None, rejection: HttpRejection) -> None:
        self._within.refuse(info, rejection)


class _ObservedClient(Client, ClientObserver):
    """A client whose responses are observed; for the client, the observer of its response."""

    def __init__(self, client: Client, observer: ExchangeObserver) -> None:
        self._client = client
        self._observer = observer
        self._attached: ClientObserver | None = None
        self._events: EventReader | None = None
        self._held = bytearray()
        self._bytes = 0

    @property
    def principal(self) -> bytes:
        return self._client.principal

    @property
    def address(self) -> bytes:
        return self._client.address

    def attach(self, observer: ClientObserver) -> None:
        self._attached = observer
        self._client.attach(self)

    def on_client_paused(self) -> None:
        if self._attached is not None:
            self._attached.on_client_paused()

    def on_client_resumed(self) -> None:
        if self._attached is not None:
            self._attached.on_client_resumed()

    def on_client_gone(self) -> None:
        self._observer.on_end()
        if self._attached is not None:
            self._attached.on_client_gone()

    def respond(self, head: bytes, body: bytes, status: int) -> None:
        self._observer.on_head(head)
        self._observer.on_body(body if len(body) <= LONGEST else b"", len(body))
        self._observer.on_end()
        self._client.respond(head, body, status)

    def start_response(self, head: bytes, length: int | None = None) -> None:
        self._observer.on_head(head)
        self._events = EventReader(LONGEST) if response.EVENTS in head else None
        self._client.start_response(head, length)

    def write(self, data: bytes) -> None:
        if self._events is not None:
            for event in self._events.feed(data):
                self._observer.on_event(event)
        else:
            self._bytes += len(data)
            self._held += data if self._bytes <= LONGEST else b""
        self._client.write(data)

    def end(self) -> None:
        if self._events is None:
            whole = self._bytes == len(self._held)
            self._observer.on_body(bytes(self._held) if whole else b"", self._bytes)
        self._observer.on_end()
        self._client.end()

    def abort(self) -> None:
        self._observer.on_end()
        self._client.abort()
