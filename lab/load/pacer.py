"""The clock of a load test: a thread that announces when calls are due.

Timers of an event loop are rounded to milliseconds; a thread wakes within a tenth of that.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Sequence
from threading import Event, Thread
from time import perf_counter


class Pacer(Thread):
    """Calls `on_due(n)` in the event loop when the first n calls are due, until all are."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        start: float,
        times: Sequence[float],
        on_due: Callable[[int], None],
    ) -> None:
        """`times` are in seconds after `start`, which is of `perf_counter`."""
        super().__init__(name="pacer", daemon=True)
        self._loop = loop
        self._start = start
        self._times = times
        self._on_due = on_due
        self._stopped = Event()

    def run(self) -> None:
        due = 0
        while due < len(self._times):
            wait = self._start + self._times[due] - perf_counter()
            if self._stopped.wait(max(0.0, wait)):
                return
            due = bisect_right(self._times, perf_counter() - self._start, due)
            self._loop.call_soon_threadsafe(self._on_due, due)

    def stop(self) -> None:
        """Announce nothing more."""
        self._stopped.set()
        self.join()
