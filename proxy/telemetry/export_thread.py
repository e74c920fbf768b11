"""One daemon thread that does the slow work of one signal: encoding, sending, waiting.

Not an executor, whose threads the interpreter joins when it ends: a collector that hangs must
not keep the proxy's process alive beyond its drain.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue


class ExportThread:
    """Runs jobs one after the other beside the event loop that created it."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def run(self, job: Callable[[], bool]) -> bool:
        """The job's answer, or the exception it raised."""
        answer: asyncio.Future[bool] = self._loop.create_future()
        self._jobs.put(lambda: self._settle(job, answer))
        return await answer

    def end(self) -> None:
        """Let the thread end after the jobs that wait; does not wait for it."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def _settle(self, job: Callable[[], bool], answer: asyncio.Future[bool]) -> None:
        try:
            done = job()
        except BaseException as error:  # noqa: BLE001  # raised again in the awaiting task
            self._tell(answer, partial(answer.set_exception, error))
        else:
            self._tell(answer, partial(answer.set_result, done))

    def _tell(self, answer: asyncio.Future[bool], settle: Callable[[], None]) -> None:
        # The loop is closed and raises RuntimeError once nobody waits any more.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(lambda: None if answer.done() else settle())
