"""Answers that are awaited on a connection that carries all messages of a session."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import perf_counter

from lab.load.protocol import CallFailed, Request, SessionEnded, decode
from lab.load.session import OnMessage, Reply, ignore
from proxy.telemetry.catalogue import Outcome


class PendingAnswers:
    """Gives each answer to the request with its id, until the connection ends."""

    def __init__(self) -> None:
        self._futures: dict[int | str | None, asyncio.Future[Reply]] = {}
        self._ended = ""
        self.on_message: OnMessage = ignore

    async def ask(self, request: Request, send: Callable[[Request], Awaitable[None]]) -> Reply:
        """Send a request and wait for its answer. Raises CallFailed."""
        answer = self._expect(request.id)
        try:
            await send(request)
            return await answer
        finally:
            answer.cancel()

    def _expect(self, number: int | None) -> asyncio.Future[Reply]:
        """The answer to a request that is about to be sent; cancelled by whoever stops waiting."""
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._futures[number] = future
        future.add_done_callback(lambda _: self._futures.pop(number, None))
        if self._ended:
            future.set_exception(SessionEnded(Outcome.TRANSPORT_ERROR, self._ended))
        return future

    def deliver(self, data: bytes) -> None:
        """A message arrived; what is neither an answer to a request nor one is dropped."""
        with suppress(CallFailed):
            answer = decode(data)
            if answer.method:
                self.on_message(data)
                return
            future = self._futures.get(answer.id)
            if future is not None and not future.done():
                future.set_result(Reply(answer, perf_counter()))

    def end(self, reason: str) -> None:
        """The connection ended: there will be no more answers."""
        self._ended = reason
        for future in list(self._futures.values()):
            if not future.done():
                future.set_exception(SessionEnded(Outcome.TRANSPORT_ERROR, reason))
