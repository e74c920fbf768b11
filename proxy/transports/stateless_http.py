"""A streamable HTTP server of 2026-07-28, message by message, for sessions that the proxy keeps.

Each request is a POST whose headers repeat what the body says; closing it is the cancel. There
is no session, no GET stream, and no notification of clients.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress

from ..errors import MalformedMessage
from ..http import request
from ..http.head import Header, without
from ..http.pool import Pool
from ..jsonrpc import methods
from ..jsonrpc.members import members_or_empty
from ..jsonrpc.message import Message
from ..outcome import UNREACHABLE
from ..translation import headers, server_messages
from ..translation.parameters import Parameters
from ..translation.request import Request, identity, plain, text
from ..translation.versions import MODERN_VERSION
from .base import TransportListener
from .exchange import Exchange, PostExchange
from .http_transport import HttpTransport, StreamableHttpConfig
from .send_queue import OutgoingMessage


class StatelessHttpTransport(HttpTransport):
    """The requests of one session."""

    def __init__(
        self,
        config: StreamableHttpConfig,
        pool: Pool,
        owner: TransportListener,
        on_closed: Callable[[HttpTransport], None],
        query: bytes,
    ) -> None:
        super().__init__(config, pool, owner, on_closed, query)
        self._open: dict[object, PostExchange] = {}
        self._listing: set[object] = set()
        self._parameters = Parameters()

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
        """Only requests have streams."""
        return False

    @property
    def held(self) -> int:
        return sum(len(each.outgoing.message) + each.held for each in self._open.values())

    def _exchanges(self) -> Iterable[Exchange]:
        return self._open.values()

    def end(self) -> None:
        """There is no session to end at the server."""
        self._drop_exchanges()
        self.exited.set()
        self._on_closed(self)

    def kill(self) -> None:
        self.end()

    def on_message(self, data: bytes, arrived: float) -> None:
        if self._listing:
            with suppress(MalformedMessage):  # Of that its owner takes care.
                self._learn(data)
        super().on_message(data, arrived)

    def on_initialized(self, session: bytes | None, answer: Message) -> None:
        """There is no session to remember."""

    def on_delivered(self, outgoing: OutgoingMessage) -> None:
        pass

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
        """There is no session that could expire."""

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
        """Note which arguments of the listed tools are also sent as headers."""
        for message, _ in server_messages.read(data):
            if identity(message.get("id")) in self._listing:
                self._parameters.learn(plain(members_or_empty(message, "result").get("tools")))
