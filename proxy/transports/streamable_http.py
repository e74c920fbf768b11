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
from ..outcome import UNREACHABLE, Verdict
from ..translation.headers import REPLACED
from .base import Link, LinkOwner
from .exchange import Asker, Farewell, Listening, Question, Request
from .send_queue import Lane, Parcel

FAREWELL_SECONDS = 2.0
"""How long the server may take to end a session."""


@dataclass(frozen=True, slots=True)
class StreamableTerms:
    """How the server is spoken to. `fixed` are the header lines of every request.

    `patience` is in seconds, `message_limit` in bytes.
    """

    target: bytes
    fixed: bytes = field(repr=False)
    patience: float
    message_limit: int


class StreamableLink(Link, Asker):
    """One session at the server."""

    def __init__(
        self, terms: StreamableTerms, pool: Pool, owner: LinkOwner, leave: "Leave", query: bytes
    ) -> None:
        self.exited = asyncio.Event()
        self.patience = terms.patience
        self.message_limit = terms.message_limit
        self.session = b""
        self.paused = False
        self._terms = terms
        self._target = request.target(terms.target, query)
        self._pool = pool
        self._owner: LinkOwner | None = owner
        self._leave = leave
        self._lane = Lane(self._deliver)
        self._requests: set[Request] = set()
        self._identity: tuple[Header, ...] = ()
        self._headers = b""
        self._cookies = Cookies()
        self._listens = False
        self._farewell: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        return f"<StreamableLink over={self._owner is None} open={len(self._requests)}>"

    def send(self, message: bytes, headers: bytes = b"") -> bool:
        return self._owner is None or self._lane.send(message, without(headers, REPLACED))

    @property
    def listening(self) -> bool:
        return any(isinstance(each, Listening) and each.is_open for each in self._requests)

    @property
    def held(self) -> int:
        return self._lane.held + sum(each.held for each in self._requests)

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
        """The server is told by DELETE, if it opened a session."""
        self._drop_requests()
        if not self.session:
            self.kill()
        elif self._farewell is None:
            loop = asyncio.get_running_loop()
            self._farewell = loop.call_later(FAREWELL_SECONDS, self.kill)
            self._ask(Farewell(self), "DELETE")

    def kill(self) -> None:
        if self._farewell is not None:
            self._farewell.cancel()
        self.exited.set()
        self._leave(self)
        self._drop_requests()

    def hear(self, data: bytes, arrived: float) -> None:
        if self._owner is not None:
            self._owner.link_message(data, arrived)

    def agree(self, session: bytes | None, answer: Message) -> None:
        """What later requests must carry."""
        self.session = session or b""
        version = answer.result.protocol_version if answer.result else ""
        if not version.isascii() or not version.isprintable():
            version = ""
        named = ((b"mcp-session-id", self.session), (b"mcp-protocol-version", version.encode()))
        self._identity = tuple(each for each in named if each[1])

    def note(self, head: ResponseHead) -> None:
        if head.cookies:
            self._cookies.keep(head.cookies, self._target)

    def delivered(self, parcel: Parcel) -> None:
        """The GET stream may be opened once the session is initialized."""
        self._lane.delivered(parcel)
        if not parcel.ids and not self._listens and self._owner is not None:
            self._listens = True
            self._ask(Listening(self), "GET")

    def returned(self, parcel: Parcel, verdict: Verdict, reason: str) -> None:
        if self._owner is not None:
            self._owner.link_returned(parcel.ids, verdict, reason)
        self._lane.delivered(parcel)

    def ask_again(self, request: Request, last_event: bytes) -> None:
        if self._owner is not None and request in self._requests:
            self._ask(request, "GET", *(((b"last-event-id", last_event),) if last_event else ()))

    def gone(self, request: Request) -> None:
        self._requests.discard(request)
        if isinstance(request, Farewell) and not self.exited.is_set():
            self.kill()

    def expired(self) -> None:
        owner = self._owner
        if owner is not None:
            self.session = b""
            self.end()
            owner.link_ended(UNREACHABLE, "the server ended the session")

    def _deliver(self, parcel: Parcel) -> None:
        self._headers = parcel.headers
        self._ask(Question(self, parcel), "POST", body=parcel.message)

    def _ask(self, line: Request, method: str, *extra: Header, body: bytes = b"") -> None:
        accept = request.ACCEPT_EVENTS if method == "GET" else request.ACCEPT_BOTH
        typed = (request.CONTENT_JSON,) if body else ()
        own = (accept, *typed, *self._identity, *extra)
        start = request.start(method, self._target, self._terms.fixed, *own)
        self._requests.add(line)
        headers = self._cookies.onto(self._headers, self._target)
        self._pool.exchange(line, request.complete(start + headers, body))

    def _drop_requests(self) -> None:
        self._owner = None
        for each in tuple(self._requests):
            each.drop()


Leave = Callable[[StreamableLink], None]
