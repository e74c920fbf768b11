"""What the transports of streamable HTTP have in common, whichever revision the server speaks."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..http import request
from ..http.cookies import Cookies
from ..http.head import ResponseHead
from ..http.pool import Pool
from ..outcome import CallOutcome
from .base import Transport, TransportListener
from .exchange import Exchange, ExchangeOwner
from .send_queue import OutgoingMessage


@dataclass(frozen=True, slots=True)
class StreamableHttpConfig:
    """How the server is spoken to. `fixed` are the header lines of every request.

    `timeout` is in seconds, `message_limit` in bytes.
    """

    target: bytes
    fixed: bytes = field(repr=False)
    timeout: float
    message_limit: int


class HttpTransport(Transport, ExchangeOwner):
    """The messages of one session, each a POST of its own."""

    def __init__(
        self,
        config: StreamableHttpConfig,
        pool: Pool,
        owner: TransportListener,
        on_closed: "Callable[[HttpTransport], None]",
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
        self._cookies = Cookies()

    def _exchanges(self) -> Iterable[Exchange]:
        """Those that are open."""
        raise NotImplementedError

    def pause(self) -> None:
        """All that the server has open for this session is held back."""
        self.paused = True
        for each in self._exchanges():
            each.pause()

    def resume(self) -> None:
        self.paused = False
        for each in self._exchanges():
            each.resume()

    def on_message(self, data: bytes, arrived: float) -> None:
        if self._owner is not None:
            self._owner.on_message(data, arrived)

    def on_head(self, head: ResponseHead) -> None:
        if head.cookies:
            self._cookies.keep(head.cookies, self._target)

    def on_undelivered(self, outgoing: OutgoingMessage, outcome: CallOutcome, reason: str) -> None:
        if self._owner is not None:
            self._owner.on_undelivered(outgoing.ids, outcome, reason)

    def _drop_exchanges(self) -> None:
        """The owner gets no more events."""
        self._owner = None
        for each in tuple(self._exchanges()):
            each.drop()
