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
from ..http.interfaces import Sink, Source
from ..http.origin import endpoint, target_of
from ..http.pool import Pool
from ..http.sse import ENDPOINT, Event, EventReader
from ..outcome import GARBLED, TIMED_OUT, UNREACHABLE, Verdict, judge_http
from ..translation.headers import REPLACED
from .base import Link, LinkOwner, Unreachable
from .connector import HttpConnector
from .oversized_message import labels, refuse
from .post_delivery import Delivery
from .send_queue import Lane, Parcel

_ADVICE = "if it speaks streamable HTTP, set --upstream-transport streamable-http"


@dataclass(frozen=True, slots=True)
class SseTerms:
    """How the server is spoken to: `url` is that of the event stream.

    `patience` (seconds) is how long the endpoint, or a notification's taking, is waited for;
    `message_limit` is in bytes.
    """

    url: SplitResult
    fixed: bytes = field(repr=False)
    patience: float
    message_limit: int

    @property
    def target(self) -> bytes:
        """The request target of the event stream."""
        return target_of(self.url)


class SseLink(Link, Sink):
    """One session at the server: the sink of its event stream.

    `opened` comes to the link itself, or to Unreachable.
    """

    def __init__(
        self, terms: SseTerms, pool: Pool, owner: LinkOwner, leave: "Leave", query: bytes
    ) -> None:
        loop = asyncio.get_running_loop()
        self.exited = asyncio.Event()
        self.opened: asyncio.Future[SseLink] = loop.create_future()
        self._terms = terms
        self._target = request.target(terms.target, query)
        self._pool = pool
        self._owner: LinkOwner | None = owner
        self._leave = leave
        self._reader = EventReader(terms.message_limit)
        self._source: Source | None = None
        self._endpoint = b""
        self._cookies = Cookies()
        self._lane = Lane(self._deliver)
        self._deliveries: set[Delivery] = set()
        self._patience = loop.call_later(terms.patience, self._lose_patience)

    def __repr__(self) -> str:
        return f"<SseLink over={self._owner is None} {self._lane!r}>"

    def open(self, headers: bytes) -> None:
        """Ask for the event stream."""
        start = request.start("GET", self._target, self._terms.fixed, request.ACCEPT_EVENTS)
        self._pool.exchange(self, start + without(headers, REPLACED) + b"\r\n")

    def send(self, message: bytes, headers: bytes = b"") -> bool:
        return self._owner is None or self._lane.send(message, without(headers, REPLACED))

    @property
    def held(self) -> int:
        return self._lane.held + self._reader.held

    def pause(self) -> None:
        if self._source is not None:
            self._source.pause(self)

    def resume(self) -> None:
        if self._source is not None:
            self._source.resume(self)

    def end(self) -> None:
        """The end of the stream is the end of the session."""
        self._owner = None
        self._patience.cancel()
        source, self._source = self._source, None
        if source is not None:
            source.abort(self)
        for delivery in tuple(self._deliveries):
            delivery.drop()
        if not self.opened.done():
            self.opened.set_exception(Unreachable("the session ended", UNREACHABLE))
        self.exited.set()
        self._leave(self)

    def kill(self) -> None:
        self.end()

    def delivered(self, delivery: "Delivery") -> None:
        """The server took a message."""
        self._deliveries.discard(delivery)
        self._lane.delivered(delivery.parcel)

    def returned(self, delivery: "Delivery", verdict: Verdict, reason: str) -> None:
        """The server did not take a message."""
        if self._owner is not None:
            self._owner.link_returned(delivery.parcel.ids, verdict, reason)
        self.delivered(delivery)

    def note(self, head: ResponseHead) -> None:
        """The head of an answer came, to a message or to the request for the stream."""
        if head.cookies:
            self._cookies.keep(head.cookies, self._endpoint or self._target)

    def connected(self, source: Source) -> bool:
        self._source = source
        return self._owner is not None

    def answer_whole(self, head: ResponseHead, body: bytes, arrived: float) -> None:
        self._source = None
        self._refuse(head, body)

    def answer_begins(self, head: ResponseHead) -> None:
        self.note(head)
        if head.status != 200 or head.content is not Content.EVENTS or head.encoded:
            self._refuse(head, b"")

    def answer_piece(self, data: bytes, arrived: float) -> None:
        for event in self._reader.feed(data):
            self._hear(event, arrived)

    def answer_ends(self, arrived: float) -> None:
        self.answer_lost("the server ended its event stream")

    def answer_lost(self, reason: str) -> None:
        """An event that lacks its line end only is one all the same."""
        self._source = None
        event = self._reader.end()
        if event is not None and labels(event.data):
            self._hear(event, perf_counter())
        self._fail(UNREACHABLE, reason)

    def _hear(self, event: Event, arrived: float) -> None:
        owner = self._owner
        if owner is None:
            return
        if not self.opened.done():
            self._take_endpoint(event)
        elif event.is_message and event.length:
            refuse(self, owner, event.data, event.length, self._terms.message_limit)
        elif event.is_message:
            owner.link_message(event.data, arrived)

    def _take_endpoint(self, event: Event) -> None:
        if event.is_message:
            self._fail(GARBLED, f"the server's first event is not the endpoint; {_ADVICE}")
        if event.type != ENDPOINT:
            return
        target = endpoint(self._terms.url, event.data)
        if target is None:
            self._fail(GARBLED, "the server's endpoint is not a URL of its own origin")
            return
        self._endpoint = target
        self._patience.cancel()
        self.opened.set_result(self)

    def _refuse(self, head: ResponseHead, body: bytes) -> None:
        error = HttpError(head.status, body, own=True, sse=True)
        self._fail(judge_http(error), error.text)

    def _lose_patience(self) -> None:
        self._fail(TIMED_OUT, f"the server named no endpoint in time; {_ADVICE}")

    def _fail(self, verdict: Verdict, reason: str) -> None:
        """End because the server did, or must."""
        owner = self._owner
        if owner is None:
            return
        if not self.opened.done():
            self.opened.set_exception(Unreachable(reason, verdict))
            self.end()
        else:
            self.end()
            owner.link_ended(verdict, reason)

    def _deliver(self, parcel: Parcel) -> None:
        delivery = Delivery(parcel, self)
        self._deliveries.add(delivery)
        fixed = self._terms.fixed
        start = request.start("POST", self._endpoint, fixed, request.CONTENT_JSON)
        headers = self._cookies.onto(parcel.headers, self._endpoint)
        self._pool.exchange(delivery, request.complete(start + headers, parcel.message))
        delivery.wait(self._terms.patience)


Leave = Callable[[SseLink], None]


class SseConnector(HttpConnector[SseLink]):
    """Opens a session at the server for each link."""

    async def connect(self, owner: LinkOwner, headers: bytes, query: bytes) -> SseLink:
        link = await super().connect(owner, headers, query)
        link.open(headers)
        return await link.opened
