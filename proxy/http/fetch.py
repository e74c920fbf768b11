"""A request of the proxy itself to an HTTP server, and its whole response."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ..jsonrpc import codec
from .head import Content, ResponseHead
from .interfaces import ResponseHandler, UpstreamReader
from .sse import Event, EventReader


@dataclass(frozen=True, slots=True)
class FetchResult:
    """The answer: `body` is the JSON, or the first answer on a stream.

    `head` are its status line and end-to-end header lines.
    """

    status: int
    session: bytes
    body: bytes
    head: bytes = b""


class Fetch(ResponseHandler):
    """An answer longer than `limit` bytes counts as none.

    Of a stream the first event is the answer that `wanted` says yes to.

    `reason` says in one line why there is no result; `reached` is whether there was a connection,
    `streamed` whether the answer came as an event, `too_long` whether it exceeds the limit.
    """

    def __init__(self, limit: int, wanted: Callable[[Event], bool] | None = None) -> None:
        self._wanted = wanted or _answers
        self.reason = ""
        self.reached = self.streamed = self.too_long = False
        self._limit = limit
        self._source: UpstreamReader | None = None
        self._head: ResponseHead | None = None
        self._reader: EventReader | None = None
        self._body = bytearray()
        self._answer: asyncio.Future[FetchResult | None] = (
            asyncio.get_running_loop().create_future()
        )

    def __repr__(self) -> str:
        return f"<Fetch {self._answer!r}>"

    async def result(self) -> FetchResult | None:
        """The response; None without one. Cancelling the wait closes the connection."""
        try:
            return await self._answer
        finally:
            self._drop()

    def cancel(self) -> None:
        """Stop waiting."""
        self._end(None)

    def connected(self, source: UpstreamReader) -> bool:
        self._source = source
        self.reached = True
        return not self._answer.done()

    def on_response(self, head: ResponseHead, body: bytes, arrived: float) -> None:
        self._source = None
        if len(body) > self._limit:
            self._refuse()
        else:
            self._complete(head, body)

    def on_headers(self, head: ResponseHead) -> None:
        self._head = head
        if head.content is Content.EVENTS:
            self._reader = EventReader(self._limit)

    def on_data(self, data: bytes, arrived: float) -> None:
        if self._reader is None:
            self._body += data
            if len(self._body) > self._limit:
                self._refuse()
            return
        events = self._reader.feed(data)
        found = next((each.data for each in events if self._wanted(each)), None)
        if found is not None and self._head is not None:
            self.streamed = True
            self._complete(self._head, found)

    def on_end(self, arrived: float) -> None:
        self._source = None
        if self._head is not None:
            self._complete(self._head, bytes(self._body))

    def on_error(self, reason: str) -> None:
        self._source = None
        self._fail(reason)

    def _refuse(self) -> None:
        self.too_long = True
        self._fail(f"an answer of more than {self._limit} bytes")

    def _fail(self, reason: str) -> None:
        self.reason = reason
        self._end(None)

    def _complete(self, head: ResponseHead, body: bytes) -> None:
        self._end(FetchResult(head.status, head.session or b"", body, head.forward))

    def _end(self, result: FetchResult | None) -> None:
        if not self._answer.done():
            self._answer.set_result(result)

    def _drop(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.abort(self)


def _answers(event: Event) -> bool:
    """Whether an event is an answer; progress notifications may come before it."""
    return event.is_message and codec.has_answer(event.data)
