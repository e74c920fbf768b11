"""A session at a streamable HTTP server, message by message, for clients that do not speak it.

MCP specification, "Transports", "Streamable HTTP": each message is a POST; its answer is a JSON
body or a stream of events; what the server says of its own accord comes on a GET stream, if it
offers one.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from ..http import request
from ..http.cookies import Cookies
from ..http.head import Header, ResponseHead, without
from ..http.pool import Pool
from ..jsonrpc.message import Message
from ..outcome import UNREACHABLE, CallOutcome
from ..translation.headers import REPLACED
from .base import Transport, TransportListener
from .exchange import EventStream, Exchange, ExchangeOwner, PostExchange, SessionDelete
from .send_queue import OutgoingMessage, SendQueue

DELETE_SECONDS = 2.0
"""How long the server may take to end a session."""


@dataclass(frozen=True, slots=True)
class StreamableHttpConfig:
    """How the server is spoken to. `fixed` are the header lines of every request.

    `timeout` is in seconds, `message_limit` in bytes.
    """

    target: bytes
    fixed: bytes = field(repr=False)
    timeout: float
    message_limit: int


class StreamableHttpTransport(Transport, ExchangeOwner):
    """One session at the server."""

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
        self._queue = SendQueue(self._deliver)
        self._requests: set[Exchange] = set()
        self._identity: tuple[Header, ...] = ()
        self._headers = b""
        self._cookies = Cookies()
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

    def pause(self) -> None:
        """All that the server has open for this session is held back."""
        self.paused = True
        for each in self._requests:
            each.pause()

    def resume(self) -> None:
        self.paused = False
        for each in self._requests:
            each.resume()

    def end(self) -> None:
        """The server is notified by DELETE, if it opened a session."""
        self._drop_requests()
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
        self._drop_requests()

    def on_message(self, data: bytes, arrived: float) -> None:
        if self._owner is not None:
            self._owner.on_message(data, arrived)

    def on_initialized(self, session: bytes | None, answer: Message) -> None:
        """What later requests must carry."""
        self.session = session or b""
        version = answer.result.protocol_version if answer.result else ""
        if not version.isascii() or not version.isprintable():
            version = ""
        named = ((b"mcp-session-id", self.session), (b"mcp-protocol-version", version.encode()))
        self._identity = tuple(each for each in named if each[1])

    def on_head(self, head: ResponseHead) -> None:
        if head.cookies:
            self._cookies.keep(head.cookies, self._target)

    def on_delivered(self, outgoing: OutgoingMessage) -> None:
        """The GET stream may be opened once the session is initialized."""
        self._queue.delivered(outgoing)
        if not outgoing.ids and not self._listens and self._owner is not None:
            self._listens = True
            self._ask(EventStream(self), "GET")

    def on_undelivered(self, outgoing: OutgoingMessage, outcome: CallOutcome, reason: str) -> None:
        if self._owner is not None:
            self._owner.on_undelivered(outgoing.ids, outcome, reason)
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

    def _drop_requests(self) -> None:
        self._owner = None
        for each in tuple(self._requests):
            each.drop()


OnClosed = Callable[[StreamableHttpTransport], None]
