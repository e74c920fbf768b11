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
from ..jsonrpc.members import inside
from ..jsonrpc.message import Message
from ..outcome import UNREACHABLE, Verdict
from ..translation import headers, server_messages
from ..translation.parameters import Parameters
from ..translation.request import Request, identity, plain, text
from ..translation.versions import MODERN_VERSION
from .base import Link, LinkOwner
from .exchange import Asker, Question
from .exchange import Request as Exchange
from .send_queue import Parcel
from .streamable_http import StreamableTerms


class ModernLink(Link, Asker):
    """The requests of one session."""

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
        self._open: dict[object, Question] = {}
        self._listing: set[object] = set()
        self._parameters = Parameters()
        self._cookies = Cookies()

    def __repr__(self) -> str:
        return f"<ModernLink over={self._owner is None} open={len(self._open)}>"

    def send(self, message: bytes, lines: bytes = b"") -> bool:
        """A cancellation closes; what else is no request has no place here."""
        asked = Request(message)
        if asked.method == methods.CANCELLED:
            question = self._open.get(plain(asked.params.get("requestId")))
            if question is not None:
                question.drop()
        elif asked.method and "id" in asked.fields and self._owner is not None:
            self._ask(asked, Parcel(message, without(lines, headers.REPLACED)))
        return True

    @property
    def listening(self) -> bool:
        """There is no stream but those of requests."""
        return False

    @property
    def held(self) -> int:
        return sum(len(each.parcel.message) + each.held for each in self._open.values())

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
        self._leave(self)

    def kill(self) -> None:
        self.end()

    def hear(self, data: bytes, arrived: float) -> None:
        if self._listing:
            with suppress(MalformedMessage):  # Of that its owner takes care.
                self._learn(data)
        if self._owner is not None:
            self._owner.link_message(data, arrived)

    def agree(self, session: bytes | None, answer: Message) -> None:
        """There is no session to agree on."""

    def note(self, head: ResponseHead) -> None:
        if head.cookies:
            self._cookies.keep(head.cookies, self._target)

    def delivered(self, parcel: Parcel) -> None:
        pass

    def returned(self, parcel: Parcel, verdict: Verdict, reason: str) -> None:
        if self._owner is not None:
            self._owner.link_returned(parcel.ids, verdict, reason)

    def ask_again(self, request: Exchange, last_event: bytes) -> None:
        """Streams of this revision cannot be resumed."""
        if isinstance(request, Question):
            request.drop()
            self.returned(request.parcel, UNREACHABLE, "the server's stream ended")

    def gone(self, request: Exchange) -> None:
        for number, each in tuple(self._open.items()):
            if each is request:
                del self._open[number]
                self._listing.discard(number)

    def expired(self) -> None:
        """There is no session that could."""

    def _ask(self, asked: Request, parcel: Parcel) -> None:
        number = plain(asked.id)
        question = self._open[number] = Question(self, parcel)
        if asked.method == methods.LIST_TOOLS:
            self._listing.add(number)
        made = headers.made_of(asked.method, asked.params, MODERN_VERSION)
        own: tuple[Header, ...] = (request.ACCEPT_BOTH, request.CONTENT_JSON, *made)
        if asked.method == methods.CALL_TOOL:
            arguments = plain(asked.params.get("arguments"))
            own += tuple(self._parameters.headers_of(text(asked.params.get("name")), arguments))
        start = request.start("POST", self._target, self._terms.fixed, *own)
        given = self._cookies.onto(parcel.headers, self._target)
        block = request.complete(start + given, parcel.message)
        self._pool.exchange(question, block)

    def _learn(self, data: bytes) -> None:
        """Note which arguments of the listed tools travel as headers too."""
        for message, _ in server_messages.read(data):
            if identity(message.get("id")) in self._listing:
                self._parameters.learn(plain(inside(message, "result").get("tools")))


Leave = Callable[[ModernLink], None]
