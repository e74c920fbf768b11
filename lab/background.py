"""An event loop in a thread, beside what the main thread does.

Children must be started by the main thread: the kernel kills them with the thread that did.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Self, TypeVar

import uvloop

T = TypeVar("T")


class Background:
    """Runs coroutines in its own thread; leaving the `with` block cancels those still running."""

    def __init__(
        self, new_loop: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    ) -> None:
        self._new_loop = new_loop

    def __enter__(self) -> Self:
        self._loop = self._new_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="background")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            asyncio.run_coroutine_threadsafe(_cancel_others(), self._loop).result()
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def start(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Start it and wait for its result."""
        return self.start(coroutine).result()


async def _cancel_others() -> None:
    """Cancel every other task of the loop, and wait for their ends."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for each in others:
        each.cancel()
    await asyncio.gather(*others, return_exceptions=True)
