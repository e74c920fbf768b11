"""One signal's way out: take batches when they are due, have a thread send them, count losses."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from proxy.telemetry.export_thread import ExportThread
from proxy.telemetry.ledger import Ledger
from proxy.telemetry.vocabulary import DropReason, Signal

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """One export: `send` runs in the thread and says whether the collector accepted it.

    `weight` is how many spans, or exports of metrics, are lost if it did not.
    """

    weight: int
    send: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Source:
    """What a signal has to send.

    `due` gives the batches of one round, `waiting` is the weight of what is not yet taken, and
    `abort` makes a running `send` give up.
    """

    signal: Signal
    endpoint: str
    period_seconds: float
    due: Callable[[], Iterator[Batch]]
    waiting: Callable[[], int]
    abort: Callable[[], None]


class Push:
    """Sends what its source has, each period or when woken, until stopped."""

    def __init__(self, source: Source, ledger: Ledger) -> None:
        self._source = source
        self._ledger = ledger
        self._in_flight = 0
        self._accepted = True
        self._stopping = False
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Push {self._source.signal} in_flight={self._in_flight}>"

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._task = asyncio.create_task(self._run(), name=f"push {self._source.signal}")
        self._task.add_done_callback(_say_why)

    def wake(self) -> None:
        """Start the next round now."""
        self._woken.set()

    async def stop(self, seconds: float) -> None:
        """Make a last round within `seconds`; count what did not get out as lost.

        Raises what the sending thread raised, if it failed for another reason than the
        collector.
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
        finally:
            self._source.abort()

    async def _run(self) -> None:
        thread = ExportThread(f"push {self._source.signal}")
        try:
            last = False
            while not last:
                await self._next_round()
                last = self._stopping
                for batch in self._source.due():
                    await self._send(thread, batch)
        finally:
            thread.end()

    async def _next_round(self) -> None:
        try:
            async with asyncio.timeout(self._source.period_seconds):
                await self._woken.wait()
        except TimeoutError:
            return
        finally:
            self._woken.clear()

    async def _send(self, thread: ExportThread, batch: Batch) -> None:
        self._in_flight = batch.weight
        accepted = await thread.run(batch.send)
        if not accepted:
            self._ledger.dropped(self._source.signal, DropReason.EXPORT_FAILED, batch.weight)
        self._in_flight = 0
        self._note(accepted)

    def _note(self, accepted: bool) -> None:
        """Log that losses begin or end; what happens in between is for the counters."""
        if accepted == self._accepted:
            return
        self._accepted = accepted
        signal, endpoint = self._source.signal, self._source.endpoint
        if accepted:
            LOG.info("%s are accepted by %s again", signal, endpoint)
        else:
            LOG.warning("%s are not accepted by %s: losses are counted", signal, endpoint)


def _say_why(task: asyncio.Task[None]) -> None:
    """Report at once, not only at the end, that pushing broke down for an unforeseen reason."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        LOG.error("pushing has ended", exc_info=error)
