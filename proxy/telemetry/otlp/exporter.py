"""One signal's way out: take batches when they are due, deliver them one by one, count losses.

A collector that is down, slow or lying costs counted losses, never a call: at most one request is
on its way, and what waits for it is bounded where it waits.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from ..ledger import Ledger
from ..vocabulary import DropReason, Signal
from .retry import ExportResult, ExportTransport, deliver

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """One request: `weight` is how many spans, log records, or exports of metrics it carries."""

    weight: int
    encode: Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class SignalConfig:
    """What a signal has to send, and where.

    `endpoint` is as logs may show it, `timeout_seconds` is for a request with all its attempts.
    `due` gives the batches of one round, `waiting` is the weight of what is not yet taken, and
    `open` opens the way to the collector.
    """

    signal: Signal
    endpoint: str
    period_seconds: float
    timeout_seconds: float
    due: Callable[[], Iterator[Batch]]
    waiting: Callable[[], int]
    open: Callable[[], Awaitable[ExportTransport]]


class Exporter:
    """Sends what its source has, each period or when woken, until stopped."""

    def __init__(self, source: SignalConfig, ledger: Ledger) -> None:
        self._source = source
        self._ledger = ledger
        self._in_flight = 0
        self._trouble = ""
        self._stopping = False
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Exporter {self._source.signal} in_flight={self._in_flight}>"

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._task = asyncio.create_task(self._run(), name=f"push {self._source.signal}")
        self._task.add_done_callback(_log_failure)

    def wake(self) -> None:
        """Start the next round now."""
        self._woken.set()

    async def stop(self, seconds: float) -> None:
        """Make a last round within `seconds`; count what did not get out as lost.

        Raises what pushing broke down for, if that was for another reason than the collector.
        """
        if self._task is None:
            return
        self._stopping = True
        self.wake()
        try:
            async with asyncio.timeout(seconds):
                await self._task
        except TimeoutError:
            lost = self._in_flight + self._source.waiting()
            self._ledger.dropped(self._source.signal, DropReason.SHUTDOWN, lost)

    async def _run(self) -> None:
        transport = await self._source.open()
        try:
            last = False
            while not last:
                await self._next_round()
                last = self._stopping
                for batch in self._source.due():
                    await self._send(transport, batch)
        finally:
            await transport.close()

    async def _next_round(self) -> None:
        try:
            async with asyncio.timeout(self._source.period_seconds):
                await self._woken.wait()
        except TimeoutError:
            return
        finally:
            self._woken.clear()

    async def _send(self, transport: ExportTransport, batch: Batch) -> None:
        self._in_flight = batch.weight
        body = await batch.encode()
        reply = await deliver(transport, body, self._source.timeout_seconds)
        signal = self._source.signal
        if not reply.accepted:
            self._ledger.dropped(signal, DropReason.EXPORT_FAILED, batch.weight)
        elif reply.rejected:
            # Of metrics points are refused, while exports are counted.
            lost = min(reply.rejected, batch.weight)
            self._ledger.dropped(signal, DropReason.REJECTED, lost)
        self._in_flight = 0
        self._note(reply)

    def _note(self, reply: ExportResult) -> None:
        """Log that losses begin or end; what happens in between is for the counters."""
        trouble = reply.reason or (f"partly: {reply.remark!r}" if reply.rejected else "")
        if bool(trouble) == bool(self._trouble):
            return
        self._trouble = trouble
        signal, endpoint = self._source.signal, self._source.endpoint
        if trouble:
            words = "%s are not accepted by %s (%s): losses are counted"
            LOG.warning(words, signal, endpoint, trouble)
        else:
            LOG.info("%s are accepted by %s again", signal, endpoint)


def _log_failure(task: asyncio.Task[None]) -> None:
    """Report at once, not only at the end, that pushing broke down for an unforeseen reason."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        LOG.error("pushing has ended", exc_info=error)
