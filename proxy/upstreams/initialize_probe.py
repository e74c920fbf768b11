"""Whether a server takes what a client opens a session with, seen by its answer.

A client with sessions need not wait for a probe: its `initialize` is sent as it came. Only a
refusal is held back, until it is known whether the server speaks another era's way.
"""

from collections.abc import Callable
from functools import partial
from time import perf_counter

from ..errors import MalformedMessage
from ..http.head import Content, ResponseHead
from ..http.interfaces import Sink, Source
from ..http.sse import EventReader
from ..jsonrpc import codec
from .passthrough_exchange import Exchange

SILENT = frozenset((401, 403, 407, 408, 429))
"""Statuses that say nothing about a server's era: it wants something else first."""
HELD_LIMIT = 64 * 1024
"""Bytes of an event stream that are held back while the answer may be yet to come."""


class Trial(Sink, Source):
    """Between an `exchange` and the server: its sink, and its source.

    In the end it calls `taken`, or `refused`, or neither where the answer says nothing. After
    `refused` somebody calls `go_on` to pass the refusal on, or lets the exchange withdraw.
    """

    exchange: Exchange

    def __init__(self, taken: Callable[[], None], refused: "Callable[[Trial], None]") -> None:
        self._taken = taken
        self._refused = refused
        self._source: Source | None = None
        self._reader: EventReader | None = None
        self._held: list[Callable[[], None]] | None = []
        self._decided = False
        self._bytes = 0

    def __repr__(self) -> str:
        return f"<Trial decided={self._decided}>"

    def before(self, exchange: Exchange) -> "Trial":
        """Stand between the server and that exchange."""
        self.exchange = exchange
        return self

    def go_on(self) -> None:
        """Pass on what is held back, and from now on whatever comes."""
        held, self._held = self._held or [], None
        self.resume(self)
        for each in held:
            if not self.exchange.gone:
                each()

    def connected(self, source: Source) -> bool:
        self._source = source
        return self.exchange.connected(self)

    def answer_whole(self, head: ResponseHead, body: bytes, arrived: float) -> None:
        self._source = None
        self._pass(lambda: self.exchange.answer_whole(head, body, perf_counter()))
        self._decide(_takes(head.status, body))

    def answer_begins(self, head: ResponseHead) -> None:
        self._pass(partial(self.exchange.answer_begins, head))
        if head.status == 200 and head.content is Content.EVENTS and not head.encoded:
            self._reader = EventReader(HELD_LIMIT)
        else:
            self._decide(True if head.status < 300 else None)

    def answer_piece(self, data: bytes, arrived: float) -> None:
        self._pass(lambda: self.exchange.answer_piece(data, perf_counter()))
        if self._reader is None or self._decided:
            return
        self._bytes += len(data)
        said = [each.data for each in self._reader.feed(data) if each.is_message]
        answer = next(filter(codec.has_answer, said), None)
        if answer is not None:
            self._decide(_takes(200, answer))
        elif self._bytes > HELD_LIMIT:
            self._decide(None)

    def answer_ends(self, arrived: float) -> None:
        self._source = None
        self._pass(lambda: self.exchange.answer_ends(perf_counter()))
        self._decide(None)

    def answer_lost(self, reason: str) -> None:
        self._source = None
        self._pass(partial(self.exchange.answer_lost, reason))
        self._decide(None)

    def pause(self, sink: Sink) -> None:
        if self._source is not None:
            self._source.pause(self)

    def resume(self, sink: Sink) -> None:
        if self._source is not None:
            self._source.resume(self)

    def abort(self, sink: Sink) -> None:
        if self._source is not None:
            self._source.abort(self)

    def _pass(self, step: Callable[[], None]) -> None:
        if self._held is None:
            step()
        else:
            self._held.append(step)

    def _decide(self, takes: bool | None) -> None:
        """The first that is known decides; None says nothing."""
        if self._decided:
            return
        self._decided = True
        if takes is False:
            self.pause(self)
            self._refused(self)
            return
        if takes:
            self._taken()
        self.go_on()


def _takes(status: int, body: bytes) -> bool | None:
    """Whether a whole answer opens the session; None if it is another matter."""
    if status in SILENT or status >= 500:
        return None
    if status >= 400:
        return False
    try:
        return not any(each.error for each in codec.decode_all(body))
    except MalformedMessage:
        return None
