"""A session at a streamable HTTP server, message by message, for other transports.

MCP specification, "Transports", "Streamable HTTP": each message is a POST; its answer is a JSON
body or a stream of events; what the server says of its own accord comes on a GET stream, if it
offers one.
"""

import asyncio
from collections.abc import Callable, Iterable

from ..http import request
from ..http.head import Header, without
from ..http.pool import Pool
from ..jsonrpc.message import Message
from ..outcome import UNREACHABLE, CallOutcome
from ..translation.headers import REPLACED
from .base import TransportListener
from .exchange import EventStream, Exchange, PostExchange, SessionDelete
from .http_transport import HttpTransport, StreamableHttpConfig
from .send_queue import OutgoingMessage, SendQueue

DELETE_SECONDS = 2.0
"""How long the server may take to end a session."""


class StreamableHttpTransport(HttpTransport):
    """One session at the server."""

    def __init__(
        self,
        config: StreamableHttpConfig,
        pool: Pool,
        owner: TransportListener,
        on_closed: Callable[[HttpTransport], None],
        query: bytes,
    ) -> None:
        super().__init__(config, pool, owner, on_closed, query)
        self._queue = SendQueue(self._deliver)
        self._requests: set[Exchange] = set()
        self._identity: tuple[Header, ...] = ()
        self._headers = b""
        self._listens = False
        self._farewell: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        return f"<StreamableHttpTransport over={self._owner is None} open={len(self._requests)}>"

    def send(self, message: bytes, headers: bytes = b"") -> bool:
        return self._owner is None or self._queue.send(message, without(headers, REPLACED))

    @property
    def has_event_stream(self) -> bool:
        return any(isinstance(each, EventStream) and each.is_open for each in self._requests)

    @property
    def held(self) -> int:
        return self._queue.held + sum(each.held for each in self._requests)

    def _exchanges(self) -> Iterable[Exchange]:
        return self._requests

    def end(self) -> None:
        """The server is notified by DELETE, if it opened a session."""
        self._drop_exchanges()
        if not self.session:
            self.kill()
        elif self._farewell is None:
            loop = asyncio.get_running_loop()
            self._farewell = loop.call_later(DELETE_SECONDS, self.kill)
            self._ask(SessionDelete(self), "DELETE")

    def kill(self) -> None:
        if self._farewell is not None:
            self._farewell.cancel()
        self.exited.set()
        self._on_closed(self)
        self._drop_exchanges()

    def on_initialized(self, session: bytes | None, answer: Message) -> None:
        """Remember what later requests must contain."""
        self.session = session or b""
        version = answer.result.protocol_version if answer.result else ""
        if not version.isascii() or not version.isprintable():
            version = ""
        named = ((b"mcp-session-id", self.session), (b"mcp-protocol-version", version.encode()))
        self._identity = tuple(each for each in named if each[1])

    def on_delivered(self, outgoing: OutgoingMessage) -> None:
        """The GET stream may be opened once the session is initialized."""
        self._queue.delivered(outgoing)
        if not outgoing.ids and not self._listens and self._owner is not None:
            self._listens = True
            self._ask(EventStream(self), "GET")

    def on_undelivered(self, outgoing: OutgoingMessage, outcome: CallOutcome, reason: str) -> None:
        super().on_undelivered(outgoing, outcome, reason)
        self._queue.delivered(outgoing)

    def reopen(self, request: Exchange, last_event: bytes) -> None:
        if self._owner is not None and request in self._requests:
            self._ask(request, "GET", *(((b"last-event-id", last_event),) if last_event else ()))

    def on_finished(self, request: Exchange) -> None:
        self._requests.discard(request)
        if isinstance(request, SessionDelete) and not self.exited.is_set():
            self.kill()

    def on_session_expired(self) -> None:
        owner = self._owner
        if owner is not None:
            self.session = b""
            self.end()
            owner.on_closed(UNREACHABLE, "the server ended the session")

    def _deliver(self, outgoing: OutgoingMessage) -> None:
        self._headers = outgoing.headers
        self._ask(PostExchange(self, outgoing), "POST", body=outgoing.message)

    def _ask(self, line: Exchange, method: str, *extra: Header, body: bytes = b"") -> None:
        accept = request.ACCEPT_EVENTS if method == "GET" else request.ACCEPT_BOTH
        typed = (request.CONTENT_JSON,) if body else ()
        own = (accept, *typed, *self._identity, *extra)
        start = request.start(method, self._target, self._config.fixed, *own)
        self._requests.add(line)
        headers = self._cookies.onto(self._headers, self._target)
        self._pool.send(line, request.complete(start + headers, body))
