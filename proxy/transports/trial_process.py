"""A stdio server's process before any session needs one, to see whether the command works."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from ..jsonrpc.message import RequestId
from ..outcome import CallOutcome
from .backoff import PROOF_SECONDS
from .base import TransportListener
from .stdio import StdioTransport

TRIAL_SECONDS = 10.0
"""So long a process waits for a session. Commands that install what they run fail late."""


class TrialProcess(TransportListener):
    """Listens to a process that is sent nothing. `over` is set once no more is to be seen by it.

    `on_lasted` is called if it still runs after `TRIAL_SECONDS`; then it is ended.
    """

    probing = False

    def __init__(self, on_lasted: Callable[[], None]) -> None:
        self.over = asyncio.Event()
        self._on_lasted = on_lasted
        self._transport: StdioTransport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        return f"<TrialProcess {self._transport!r} over={self.over.is_set()}>"

    def attach(self, transport: StdioTransport) -> None:
        """Its process is started."""
        self._transport = transport
        if not self.over.is_set():
            self._timer = asyncio.get_running_loop().call_later(TRIAL_SECONDS, self._end_lasted)

    async def live(self) -> None:
        """Wait as long as a process must live to count as up, or until it is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PROOF_SECONDS):
                await self.over.wait()

    def hand_over(self, owner: TransportListener) -> StdioTransport | None:
        """Give the process to a session; None if it has ended, or already sent a message."""
        transport = self._transport
        if transport is None or transport.exited.is_set() or self.over.is_set():
            return None
        self._finish()
        transport.set_listener(owner)
        return transport

    def end(self) -> None:
        """End the process."""
        self._finish()
        if self._transport is not None:
            self._transport.end()

    def on_message(self, data: bytes, arrived: float) -> None:
        """It works. A session would miss this message, so it gets another process."""
        self.end()

    def on_undelivered(
        self, ids: Sequence[RequestId] | None, outcome: CallOutcome, reason: str
    ) -> None:
        """What it sent in place of a message is noted by its transport."""

    def on_closed(self, outcome: CallOutcome, reason: str) -> None:
        self._finish()

    def _end_lasted(self) -> None:
        self._on_lasted()
        self.end()

    def _finish(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.over.set()
