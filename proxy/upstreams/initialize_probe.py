"""Whether a server takes what a client opens a session with, seen by its answer.

A client with sessions need not wait for a probe: its `initialize` is sent as it came. Only a
refusal is held back, until it is known whether the server speaks another era's way.
"""

from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Protocol

from ..calls.client_request import ClientRequest
from ..errors import MalformedMessage
from ..http.head import Content, ResponseHead
from ..http.interfaces import ResponseHandler, UpstreamReader
from ..http.sse import EventReader
from ..jsonrpc import codec

SILENT = frozenset((401, 403, 407, 408, 429))
"""Statuses that do not reveal a server's era: it requires something else first."""
HELD_LIMIT = 64 * 1024
"""Bytes of an event stream that are held back while the answer may be yet to come."""


class ProbedExchange(ResponseHandler, Protocol):
    """The exchange that the server's answer belongs to."""

    request: ClientRequest

    @property
    def over(self) -> bool:
        """Whether nothing more will happen in this exchange."""

    def abandon(self) -> None:
        """Another handles the client's request: nothing of this exchange is counted."""


class InitializeProbe(ResponseHandler, UpstreamReader):
    """Between an `exchange` and the server: its handler, and its source.

    In the end it calls `taken`, or `refused`, or neither where the answer says nothing. After
    `refused` the caller passes the refusal on (`resume_response`), or abandons the exchange.
    """

    exchange: ProbedExchange

    def __init__(
        self, accepted: Callable[[], None], refused: "Callable[[InitializeProbe], None]"
    ) -> None:
        self._on_accepted = accepted
        self._on_refused = refused
        self._source: UpstreamReader | None = None
        self._reader: EventReader | None = None
        self._held: list[Callable[[], None]] | None = []
        self._decided = False
        self._bytes = 0

    def __repr__(self) -> str:
        return f"<InitializeProbe decided={self._decided}>"

    def before(self, exchange: ProbedExchange) -> "InitializeProbe":
        """Stand between the server and that exchange."""
        self.exchange = exchange
        return self

    def resume_response(self) -> None:
        """Pass on what is held back, and from now on whatever comes."""
        held, self._held = self._held or [], None
        self.resume(self)
        for each in held:
            if not self.exchange.over:
                each()

    def connected(self, source: UpstreamReader) -> bool:
        self._source = source
        return self.exchange.connected(self)

    def on_response(self, head: ResponseHead, body: bytes, arrived: float) -> None:
        self._source = None
        self._pass(lambda: self.exchange.on_response(head, body, perf_counter()))
        self._decide(_accepts(head.status, body))

    def on_headers(self, head: ResponseHead) -> None:
        self._pass(partial(self.exchange.on_headers, head))
        if head.status == 200 and head.content is Content.EVENTS and not head.encoded:
            self._reader = EventReader(HELD_LIMIT)
        else:
            self._decide(True if head.status < 300 else None)

    def on_data(self, data: bytes, arrived: float) -> None:
        self._pass(lambda: self.exchange.on_data(data, perf_counter()))
        if self._reader is None or self._decided:
            return
        self._bytes += len(data)
        said = [each.data for each in self._reader.feed(data) if each.is_message]
        answer = next(filter(codec.has_answer, said), None)
        if answer is not None:
            self._decide(_accepts(200, answer))
        elif self._bytes > HELD_LIMIT:
            self._decide(None)

    def on_end(self, arrived: float) -> None:
        self._source = None
        self._pass(lambda: self.exchange.on_end(perf_counter()))
        self._decide(None)

    def on_error(self, reason: str) -> None:
        self._source = None
        self._pass(partial(self.exchange.on_error, reason))
        self._decide(None)

    def pause(self, handler: ResponseHandler) -> None:
        if self._source is not None:
            self._source.pause(self)

    def resume(self, handler: ResponseHandler) -> None:
        if self._source is not None:
            self._source.resume(self)

    def abort(self, handler: ResponseHandler) -> None:
        if self._source is not None:
            self._source.abort(self)

    def _pass(self, step: Callable[[], None]) -> None:
        if self._held is None:
            step()
        else:
            self._held.append(step)

    def _decide(self, accepts: bool | None) -> None:
        """The first that is known decides; None says nothing."""
        if self._decided:
            return
        self._decided = True
        if accepts is False:
            self.pause(self)
            self._on_refused(self)
            return
        if accepts:
            self._on_accepted()
        self.resume_response()


def _accepts(status: int, body: bytes) -> bool | None:
    """Whether a whole answer opens the session; None if it is another matter."""
    if status in SILENT or status >= 500:
        return None
    if status >= 400:
        return False
    try:
        return not any(each.error for each in codec.decode_all(body))
    except MalformedMessage:
        return None
