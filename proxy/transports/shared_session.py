"""One session of a server that several sessions share, and its requests."""

import asyncio
from typing import Protocol

from ..jsonrpc import codec, methods
from ..jsonrpc.members import Fields
from ..jsonrpc.message import NO_META, NO_PARAMS, Message, RequestId
from ..outcome import REJECTED, CallOutcome
from ..translation.id_map import MappedRequest
from .base import Transport, TransportListener

BACKLOG_LIMIT = 8 * 1024 * 1024
"""Bytes that may wait for a session whose client reads slowly; one more message ends it."""


class SessionRouter(Protocol):
    """What sends the messages of all sessions to the server."""

    def forward(self, session: "SharedSession", message: Message, data: bytes) -> bool:
        """Send a session's message on; False if the server does not take it."""

    def remove(self, session: "SharedSession") -> None:
        """A session ended."""


class SessionRequest(MappedRequest):
    """A session's request at the server."""

    __slots__ = ("initializes", "key", "session")

    def __init__(self, session: "SharedSession", message: Message, fields: Fields) -> None:
        self.number = 0
        self.session = session
        self.id = fields["id"]
        self.key: RequestId = message.id  # type: ignore[assignment]  # a request has one
        self.initializes = message.method == methods.INITIALIZE
        self.token = ((message.params or NO_PARAMS).meta or NO_META).progress_token


class SharedSession(Transport):
    """One session's transport to the shared server."""

    def __init__(self, router: SessionRouter, owner: TransportListener) -> None:
        self.exited = asyncio.Event()
        self.numbers: dict[RequestId, int] = {}
        self._router = router
        self._owner: TransportListener | None = owner
        self._held: list[tuple[bytes, float]] = []
        self._held_bytes = 0
        self._paused = False

    def __repr__(self) -> str:
        return f"<SharedSession open={len(self.numbers)} over={self._owner is None}>"

    @property
    def probing(self) -> bool:
        """Whether its owner asks the server which era it speaks."""
        return self._owner is not None and self._owner.probing

    def send(self, message: bytes, headers: bytes = b"") -> bool:
        if self._owner is None:
            return True
        return all([self._router.forward(self, each, data) for each, data in codec.split(message)])

    @property
    def held(self) -> int:
        return self._held_bytes

    def pause(self) -> None:
        """Hold messages, within a limit; the server is still read for other sessions."""
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        held, self._held = self._held, []
        self._held_bytes = 0
        for number, (message, arrived) in enumerate(held):
            if self._paused:
                self._held = held[number:] + self._held
                self._held_bytes = sum(len(each) for each, _ in self._held)
                return
            self.deliver(message, arrived)

    def end(self) -> None:
        self._owner = None
        self._held.clear()
        self.exited.set()
        self._router.remove(self)

    def kill(self) -> None:
        self.end()

    def deliver(self, message: bytes, arrived: float) -> None:
        """A message of the server for this session."""
        owner = self._owner
        if owner is None:
            return
        if not self._paused:
            owner.on_message(message, arrived)
            return
        if self._held_bytes > BACKLOG_LIMIT:
            self.end()
            owner.on_closed(REJECTED, "the client reads too slowly")
            return
        self._held.append((message, arrived))
        self._held_bytes += len(message)

    def on_undelivered(self, request_id: RequestId, outcome: CallOutcome, reason: str) -> None:
        """The response to a request is lost."""
        if self._owner is not None:
            self._owner.on_undelivered((request_id,), outcome, reason)

    def on_lost(self, outcome: CallOutcome, reason: str) -> None:
        """The server is gone; its earlier messages are still delivered."""
        owner, held = self._owner, self._held
        self._held = []
        for message, arrived in held:
            if owner is not None:
                owner.on_message(message, arrived)
        self._owner = None
        self.exited.set()
        if owner is not None:
            owner.on_closed(outcome, reason)
