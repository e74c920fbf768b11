"""One message on its way to a server that answers elsewhere: a POST whose status is its receipt."""

import asyncio
from typing import Protocol

from ..http.error_response import HttpError
from ..http.head import ResponseHead
from ..http.interfaces import ResponseHandler, UpstreamReader
from ..outcome import TIMED_OUT, UNREACHABLE, CallOutcome, classify_http
from .send_queue import OutgoingMessage


class DeliveryOwner(Protocol):
    """Is notified whether a message was delivered."""

    def on_head(self, head: ResponseHead) -> None:
        """The head of the answer came."""

    def on_delivered(self, delivery: "PostDelivery") -> None:
        """The server took it."""

    def on_undelivered(self, delivery: "PostDelivery", outcome: CallOutcome, reason: str) -> None:
        """The server did not take it."""


class PostDelivery(ResponseHandler):
    """One POST of a message: the handler of its answer, of which only the status is read."""

    __slots__ = ("_over", "_sender", "_source", "_timer", "outgoing")

    def __init__(self, outgoing: OutgoingMessage, sender: DeliveryOwner) -> None:
        self.outgoing = outgoing
        self._sender = sender
        self._over = False
        self._source: UpstreamReader | None = None
        self._timer: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        return f"<PostDelivery {self.outgoing!r} over={self._over}>"

    def wait(self, timeout: float) -> None:
        """Wait no longer than that for the receipt. A call has a time-out of its own."""
        if not self.outgoing.ids and not self._over:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(timeout, self._on_timeout)

    def drop(self) -> None:
        """The response is no longer wanted."""
        self._end()
        self._abort()

    def connected(self, source: UpstreamReader) -> bool:
        self._source = source
        return not self._over

    def on_response(self, head: ResponseHead, body: bytes, arrived: float) -> None:
        self._on_complete(head, body)

    def on_headers(self, head: ResponseHead) -> None:
        """What a long answer says beyond its status is not read."""
        self._abort()
        self._on_complete(head, b"")

    def on_data(self, data: bytes, arrived: float) -> None:
        """Never called, since the connection is closed by then."""

    def on_end(self, arrived: float) -> None:
        """Never called, since the connection is closed by then."""

    def on_error(self, reason: str) -> None:
        self._fail(UNREACHABLE, reason)

    def _on_complete(self, head: ResponseHead, body: bytes) -> None:
        self._sender.on_head(head)
        if 200 <= head.status < 300:
            if self._end():
                self._sender.on_delivered(self)
        else:
            error = HttpError(head.status, body, in_session=True, own=True)
            self._fail(classify_http(error), error.text)

    def _on_timeout(self) -> None:
        self._abort()
        self._fail(TIMED_OUT, "the server did not take the message in time")

    def _fail(self, outcome: CallOutcome, reason: str) -> None:
        if self._end():
            self._sender.on_undelivered(self, outcome, reason)

    def _abort(self) -> None:
        if self._source is not None:
            self._source.abort(self)

    def _end(self) -> bool:
        """Whether it was not over already."""
        over, self._over = self._over, True
        if self._timer is not None:
            self._timer.cancel()
        return not over
