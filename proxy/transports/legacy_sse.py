"""A server that speaks HTTP+SSE: messages to it by POST, those from it on one event stream.

MCP specification, revision 2024-11-05, "Transports", "HTTP with SSE": the stream's first event
names the endpoint for the POSTs. Stream and session live and die together.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from urllib.parse import SplitResult

from ..http import request
from ..http.cookies import Cookies
from ..http.error_response import HttpError
from ..http.head import Content, ResponseHead, without
from ..http.interfaces import ResponseHandler, UpstreamReader
from ..http.origin import endpoint, target_of
from ..http.pool import Pool
from ..http.sse import ENDPOINT, Event, EventReader
from ..outcome import INVALID_RESPONSE, TIMED_OUT, UNREACHABLE, CallOutcome, classify_http
from ..translation.headers import REPLACED
from .base import Transport, TransportListener, Unreachable
from .connector import HttpConnector
from .oversized_message import labels, refuse
from .post_delivery import PostDelivery
from .send_queue import OutgoingMessage, SendQueue

_ADVICE = "if it speaks streamable HTTP, set --upstream-transport streamable-http"


@dataclass(frozen=True, slots=True)
class LegacySseConfig:
    """How the server is spoken to: `url` is that of the event stream.

    `timeout` (seconds) is how long the endpoint, or a notification's taking, is waited for;
    `message_limit` is in bytes.
    """

    url: SplitResult
    fixed: bytes = field(repr=False)
    timeout: float
    message_limit: int

    @property
    def target(self) -> bytes:
        """The request target of the event stream."""
        return target_of(self.url)


class LegacySseTransport(Transport, ResponseHandler):
    """One session at the server: the handler of its event stream.

    `opened` resolves to the transport itself, or to Unreachable.
    """

    def __init__(
        self,
        config: LegacySseConfig,
        pool: Pool,
        owner: TransportListener,
        on_closed: "OnClosed",
        query: bytes,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.exited = asyncio.Event()
        self.opened: asyncio.Future[LegacySseTransport] = loop.create_future()
        self._config = config
        self._target = request.target(config.target, query)
        self._pool = pool
        self._owner: TransportListener | None = owner
        self._on_closed = on_closed
        self._reader = EventReader(config.message_limit)
        self._source: UpstreamReader | None = None
        self._endpoint = b""
        self._cookies = Cookies()
        self._queue = SendQueue(self._deliver)
        self._deliveries: set[PostDelivery] = set()
        self._timeout = loop.call_later(config.timeout, self._on_timeout)

    def __repr__(self) -> str:
        return f"<LegacySseTransport over={self._owner is None} {self._queue!r}>"

    def open(self, headers: bytes) -> None:
        """Ask for the event stream."""
        start = request.start("GET", self._target, self._config.fixed, request.ACCEPT_EVENTS)
        self._pool.send(self, start + without(headers, REPLACED) + b"\r\n")

    def send(self, message: bytes, headers: bytes = b"") -> bool:
        return self._owner is None or self._queue.send(message, without(headers, REPLACED))

    @property
    def held(self) -> int:
        return self._queue.held + self._reader.held

    def pause(self) -> None:
        if self._source is not None:
            self._source.pause(self)

    def resume(self) -> None:
        if self._source is not None:
            self._source.resume(self)

    def end(self) -> None:
        """The end of the stream is the end of the session."""
        self._owner = None
        self._timeout.cancel()
        source, self._source = self._source, None
        if source is not None:
            source.abort(self)
        for delivery in tuple(self._deliveries):
            delivery.drop()
        if not self.opened.done():
            self.opened.set_exception(Unreachable("the session ended", UNREACHABLE))
        self.exited.set()
        self._on_closed(self)

    def kill(self) -> None:
        self.end()

    def on_delivered(self, delivery: "PostDelivery") -> None:
        """The server took a message."""
        self._deliveries.discard(delivery)
        self._queue.delivered(delivery.outgoing)

    def on_undelivered(self, delivery: "PostDelivery", outcome: CallOutcome, reason: str) -> None:
        """The server did not take a message."""
        if self._owner is not None:
            self._owner.on_undelivered(delivery.outgoing.ids, outcome, reason)
        self.on_delivered(delivery)

    def on_head(self, head: ResponseHead) -> None:
        """The head of an answer came, to a message or to the request for the stream."""
        if head.cookies:
            self._cookies.keep(head.cookies, self._endpoint or self._target)

    def connected(self, source: UpstreamReader) -> bool:
        self._source = source
        return self._owner is not None

    def on_response(self, head: ResponseHead, body: bytes, arrived: float) -> None:
        self._source = None
        self._refuse(head, body)

    def on_headers(self, head: ResponseHead) -> None:
        self.on_head(head)
        if head.status != 200 or head.content is not Content.EVENTS or head.encoded:
            self._refuse(head, b"")

    def on_data(self, data: bytes, arrived: float) -> None:
        for event in self._reader.feed(data):
            self._on_event(event, arrived)

    def on_end(self, arrived: float) -> None:
        self.on_error("the server ended its event stream")

    def on_error(self, reason: str) -> None:
        """An event that lacks only its last line end still counts."""
        self._source = None
        event = self._reader.end()
        if event is not None and labels(event.data):
            self._on_event(event, perf_counter())
        self._fail(UNREACHABLE, reason)

    def _on_event(self, event: Event, arrived: float) -> None:
        owner = self._owner
        if owner is None:
            return
        if not self.opened.done():
            self._on_endpoint(event)
        elif event.is_message and event.length:
            refuse(self, owner, event.data, event.length, self._config.message_limit)
        elif event.is_message:
            owner.on_message(event.data, arrived)

    def _on_endpoint(self, event: Event) -> None:
        if event.is_message:
            self._fail(INVALID_RESPONSE, f"the server's first event is not the endpoint; {_ADVICE}")
        if event.type != ENDPOINT:
            return
        target = endpoint(self._config.url, event.data)
        if target is None:
            self._fail(INVALID_RESPONSE, "the server's endpoint is not a URL of its own origin")
            return
        self._endpoint = target
        self._timeout.cancel()
        self.opened.set_result(self)

    def _refuse(self, head: ResponseHead, body: bytes) -> None:
        error = HttpError(head.status, body, own=True, sse=True)
        self._fail(classify_http(error), error.text)

    def _on_timeout(self) -> None:
        self._fail(TIMED_OUT, f"the server named no endpoint in time; {_ADVICE}")

    def _fail(self, outcome: CallOutcome, reason: str) -> None:
        """End because the server did, or must."""
        owner = self._owner
        if owner is None:
            return
        if not self.opened.done():
            self.opened.set_exception(Unreachable(reason, outcome))
            self.end()
        else:
            self.end()
            owner.on_closed(outcome, reason)

    def _deliver(self, outgoing: OutgoingMessage) -> None:
        delivery = PostDelivery(outgoing, self)
        self._deliveries.add(delivery)
        fixed = self._config.fixed
        start = request.start("POST", self._endpoint, fixed, request.CONTENT_JSON)
        headers = self._cookies.onto(outgoing.headers, self._endpoint)
        self._pool.send(delivery, request.complete(start + headers, outgoing.message))
        delivery.wait(self._config.timeout)


OnClosed = Callable[[LegacySseTransport], None]


class LegacySseConnector(HttpConnector[LegacySseTransport]):
    """Opens a session at the server for each transport."""

    async def connect(
        self, owner: TransportListener, headers: bytes, query: bytes
    ) -> LegacySseTransport:
        transport = await super().connect(owner, headers, query)
        transport.open(headers)
        return await transport.opened
