"""A streamable HTTP server of 2026-07-28, message by message, for sessions that the proxy keeps.

Each request is a POST whose headers repeat what the body says; closing it is the cancel. There
is no session, no GET stream, and no notification of clients.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from ..errors import MalformedMessage
from ..http import request
from ..http.cookies import Cookies
from ..http.head import Header, ResponseHead, without
from ..http.pool import Pool
from ..jsonrpc import methods
from ..jsonrpc.members import members_or_empty
from ..jsonrpc.message import Message
from ..outcome import UNREACHABLE, CallOutcome
from ..translation import headers, server_messages
from ..translation.parameters import Parameters
from ..translation.request import Request, identity, plain, text
from ..translation.versions import MODERN_VERSION
from .base import Transport, TransportListener
from .exchange import Exchange, ExchangeOwner, PostExchange
from .send_queue import OutgoingMessage
from .streamable_http import StreamableHttpConfig


class StatelessHttpTransport(Transport, ExchangeOwner):
    """The requests of one session."""

    def __init__(
        self,
        config: StreamableHttpConfig,
        pool: Pool,
        owner: TransportListener,
        on_closed: "OnClosed",
        query: bytes,
    ) -> None:
        self.exited = asyncio.Event()
        self.timeout = config.timeout
        self.message_limit = config.message_limit
        self.session = b""
        self.paused = False
        self._config = config
        self._target = request.target(config.target, query)
        self._pool = pool
        self._owner: TransportListener | None = owner
        self._on_closed = on_closed
        self._open: dict[object, PostExchange] = {}
        self._listing: set[object] = set()
        self._parameters = Parameters()
        self._cookies = Cookies()

    def __repr__(self) -> str:
        return f"<StatelessHttpTransport over={self._owner is None} open={len(self._open)}>"

    def send(self, message: bytes, lines: bytes = b"") -> bool:
        """A cancellation closes its request; other notifications are dropped."""
        asked = Request(message)
        if asked.method == methods.CANCELLED:
            question = self._open.get(plain(asked.params.get("requestId")))
            if question is not None:
                question.drop()
        elif asked.method and "id" in asked.fields and self._owner is not None:
            self._ask(asked, OutgoingMessage(message, without(lines, headers.REPLACED)))
        return True

    @property
    def has_event_stream(self) -> bool:
        """There is no stream but those of requests."""
        return False

    @property
    def held(self) -> int:
        return sum(len(each.outgoing.message) + each.held for each in self._open.values())

    def pause(self) -> None:
        self.paused = True
        for each in self._open.values():
            each.pause()

    def resume(self) -> None:
        self.paused = False
        for each in self._open.values():
            each.resume()

    def end(self) -> None:
        """Nothing stays at the server."""
        self._owner = None
        for each in tuple(self._open.values()):
            each.drop()
        self.exited.set()
        self._on_closed(self)

    def kill(self) -> None:
        self.end()

    def on_message(self, data: bytes, arrived: float) -> None:
        if self._listing:
            with suppress(MalformedMessage):  # Of that its owner takes care.
                self._learn(data)
        if self._owner is not None:
            self._owner.on_message(data, arrived)

    def on_initialized(self, session: bytes | None, answer: Message) -> None:
        """There is no session to agree on."""

    def on_head(self, head: ResponseHead) -> None:
        if head.cookies:
            self._cookies.keep(head.cookies, self._target)

    def on_delivered(self, outgoing: OutgoingMessage) -> None:
        pass

    def on_undelivered(self, outgoing: OutgoingMessage, outcome: CallOutcome, reason: str) -> None:
        if self._owner is not None:
            self._owner.on_undelivered(outgoing.ids, outcome, reason)

    def reopen(self, request: Exchange, last_event: bytes) -> None:
        """Streams of this revision cannot be resumed."""
        if isinstance(request, PostExchange):
            request.drop()
            self.on_undelivered(request.outgoing, UNREACHABLE, "the server's stream ended")

    def on_finished(self, request: Exchange) -> None:
        for number, each in tuple(self._open.items()):
            if each is request:
                del self._open[number]
                self._listing.discard(number)

    def on_session_expired(self) -> None:
        """There is no session that could."""

    def _ask(self, asked: Request, outgoing: OutgoingMessage) -> None:
        number = plain(asked.id)
        question = self._open[number] = PostExchange(self, outgoing)
        if asked.method == methods.TOOLS_LIST:
            self._listing.add(number)
        made = headers.made_of(asked.method, asked.params, MODERN_VERSION)
        own: tuple[Header, ...] = (request.ACCEPT_BOTH, request.CONTENT_JSON, *made)
        if asked.method == methods.TOOLS_CALL:
            arguments = plain(asked.params.get("arguments"))
            own += tuple(self._parameters.headers_of(text(asked.params.get("name")), arguments))
        start = request.start("POST", self._target, self._config.fixed, *own)
        given = self._cookies.onto(outgoing.headers, self._target)
        block = request.complete(start + given, outgoing.message)
        self._pool.send(question, block)

    def _learn(self, data: bytes) -> None:
        """Note which arguments of the listed tools travel as headers too."""
        for message, _ in server_messages.read(data):
            if identity(message.get("id")) in self._listing:
                self._parameters.learn(plain(members_or_empty(message, "result").get("tools")))


OnClosed = Callable[[StatelessHttpTransport], None]
