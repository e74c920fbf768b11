"""One message on its way to a server that answers elsewhere: a POST whose status is its receipt."""

import asyncio
from typing import Protocol

from ..http.error_response import HttpError
from ..http.head import ResponseHead
from ..http.interfaces import Sink, Source
from ..outcome import TIMED_OUT, UNREACHABLE, Verdict, judge_http
from .send_queue import Parcel


class Sender(Protocol):
    """Who is told what became of a message."""

    def note(self, head: ResponseHead) -> None:
        """The head of the answer came."""

    def delivered(self, delivery: "Delivery") -> None:
        """The server took it."""

    def returned(self, delivery: "Delivery", verdict: Verdict, reason: str) -> None:
        """The server did not take it."""


class Delivery(Sink):
    """One POST of a message: the sink of its answer, of which only the status is read."""

    __slots__ = ("_over", "_sender", "_source", "_timer", "parcel")

    def __init__(self, parcel: Parcel, sender: Sender) -> None:
        self.parcel = parcel
        self._sender = sender
        self._over = False
        self._source: Source | None = None
        self._timer: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        return f"<Delivery {self.parcel!r} over={self._over}>"

    def wait(self, patience: float) -> None:
        """Wait no longer than that for the receipt. A call has a time-out of its own."""
        if not self.parcel.ids and not self._over:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(patience, self._lose_patience)

    def drop(self) -> None:
        """Nobody wants to know any more."""
        self._end()
        self._abort()

    def connected(self, source: Source) -> bool:
        self._source = source
        return not self._over

    def answer_whole(self, head: ResponseHead, body: bytes, arrived: float) -> None:
        self._settle(head, body)

    def answer_begins(self, head: ResponseHead) -> None:
        """What a long answer says beyond its status is not read."""
        self._abort()
        self._settle(head, b"")

    def answer_piece(self, data: bytes, arrived: float) -> None:
        """Never called, since the connection is closed by then."""

    def answer_ends(self, arrived: float) -> None:
        """Never called, since the connection is closed by then."""

    def answer_lost(self, reason: str) -> None:
        self._give_back(UNREACHABLE, reason)

    def _settle(self, head: ResponseHead, body: bytes) -> None:
        self._sender.note(head)
        if 200 <= head.status < 300:
            if self._end():
                self._sender.delivered(self)
        else:
            error = HttpError(head.status, body, in_session=True, own=True)
            self._give_back(judge_http(error), error.text)

    def _lose_patience(self) -> None:
        self._abort()
        self._give_back(TIMED_OUT, "the server did not take the message in time")

    def _give_back(self, verdict: Verdict, reason: str) -> None:
        if self._end():
            self._sender.returned(self, verdict, reason)

    def _abort(self) -> None:
        if self._source is not None:
            self._source.abort(self)

    def _end(self) -> bool:
        """Whether it was not over already."""
        over, self._over = self._over, True
        if self._timer is not None:
            self._timer.cancel()
        return not over
