"""What a session and its connection to the server expect of each other."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from ..errors import ProxyError
from ..jsonrpc.message import RequestId
from ..outcome import CallOutcome


class Unreachable(ProxyError):
    """A server that cannot be started or connected to: a line, and the outcome on open calls."""

    def __init__(self, reason: str, outcome: CallOutcome) -> None:
        super().__init__(reason)
        self.outcome = outcome


class TransportListener(Protocol):
    """Receives what a server says on a transport; nothing follows after `on_closed`.

    While `probing`, the server was asked for nothing but its era: if it ends, that is its answer
    and no failed start.
    """

    @property
    def probing(self) -> bool:
        """Whether the server is still asked which era it speaks."""

    def on_message(self, data: bytes, arrived: float) -> None:
        """One message of the server, or what it sent in place of one; `arrived`: when it came."""

    def on_undelivered(
        self, ids: Sequence[RequestId] | None, outcome: CallOutcome, reason: str
    ) -> None:
        """The server did not take a message, or its answer is lost; the transport lives on.

        `ids` are those of the requests in it; None if that is unknown.
        """

    def on_closed(self, outcome: CallOutcome, reason: str) -> None:
        """The server can say nothing more on this transport; `outcome` is that on open calls."""


class Transport(Protocol):
    """A way to one server for the messages of one session, in both directions.

    `exited` is set once nothing of it is left here or at the server.
    """

    exited: asyncio.Event

    @property
    def held(self) -> int:
        """Bytes of messages that wait here: to be sent, or to be complete."""

    def send(self, message: bytes, headers: bytes = b"") -> bool:
        """Send one message, or a batch; False if the server does not take what it was sent before.

        `headers` are the end-to-end header lines of the client's request; only HTTP carries them.
        """

    def pause(self) -> None:
        """Read no more of the server for now."""

    def resume(self) -> None:
        """Read on."""

    def end(self) -> None:
        """End the session at the server as its transport has it; the owner gets no more events."""

    def kill(self) -> None:
        """End it at once; the owner gets no more events."""


class Connector(Protocol):
    """Opens transports to one server."""

    async def connect(self, owner: TransportListener, headers: bytes, query: bytes) -> Transport:
        """A new transport. Raises Unreachable.

        `headers` are those of the request that needs it, `query` is that of its target; only HTTP
        carries them.
        """

    async def probe(self) -> str:
        """Why no transport could be opened now, in one line; "" if one could."""

    async def close(self) -> None:
        """Let go of what is left once all transports have ended."""
