"""Keeps one process running for all sessions."""

import asyncio
from collections.abc import Callable, Coroutine
from time import perf_counter

from ..outcome import EXITED
from .backoff import PROOF_SECONDS, RestartBackoff
from .base import Connector, TransportListener, Unreachable
from .multiplexer import Multiplexer
from .shared_session import SharedSession

Spawn = Callable[[Coroutine[None, None, None]], object]

STEADY_SECONDS = 30.0
"""A process that lived so long did work, whatever ended it."""


class SharedProcess(Connector):
    """Keeps one process of those that `factory` starts running.

    When the process ends, so do its sessions, and clients initialize again; a new one is started at
    once, and after a pause if it ended soon again and again.
    """

    def __init__(self, factory: Connector, spawn: Spawn, on_reach: Callable[[str], None]) -> None:
        self._factory = factory
        self._on_reach = on_reach
        self._backoff = RestartBackoff(free=1)
        self._multiplexer: Multiplexer | None = None
        self._failure = ""
        self._started = 0.0
        self._decided = asyncio.Event()
        self._stopped = asyncio.Event()
        spawn(self._keep_running())

    def __repr__(self) -> str:
        return f"<SharedProcess {self._factory!r} {self._multiplexer!r}>"

    async def connect(
        self, owner: TransportListener, headers: bytes, query: bytes
    ) -> SharedSession:
        """

        Waits while the process is being started, or probed for another session.
        """
        await self._decided.wait()
        while not (
            self._multiplexer is None or self._multiplexer.unprobed.is_set() or owner.probing
        ):
            await self._multiplexer.unprobed.wait()
            await self._decided.wait()
        if self._multiplexer is None:
            raise Unreachable(self._reason(), EXITED)
        return self._multiplexer.open(owner)

    async def probe(self) -> str:
        await self._decided.wait()
        return "" if self._is_proven() else self._reason()

    async def close(self) -> None:
        self._stopped.set()
        if self._multiplexer is not None:
            await self._multiplexer.close()

    async def _keep_running(self) -> None:
        """Start the process, and restart it whenever it ends."""
        while not self._stopped.is_set():
            self._decided.clear()
            ended_by_probe = await self._run_once()
            if ended_by_probe and not self._stopped.is_set():
                continue
            self._decided.set()
            if not self._stopped.is_set():
                self._on_reach(self._reason())
                await self._wait(self._backoff.pause(perf_counter()))

    async def _run_once(self) -> bool:
        """Run the process once; whether a probe ended it, which is not a failure."""
        multiplexer = Multiplexer(self._decided.clear)
        try:
            multiplexer.attach(await self._factory.connect(multiplexer, b"", b""))
        except Unreachable as error:
            self._failure = str(error)
            self._backoff.failed(perf_counter(), error.outcome.error_type)
            return False
        started = self._started = perf_counter()
        self._multiplexer = multiplexer
        self._decided.set()
        if self._is_proven():
            self._on_reach("")
        if self._stopped.is_set():
            await multiplexer.close()
        await multiplexer.over.wait()
        self._multiplexer = None
        now = perf_counter()
        if multiplexer.probing:
            return True
        self._failure = multiplexer.reason
        self._backoff.ended(now, multiplexer.reason, worked=now - started >= STEADY_SECONDS)
        return False

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            pass

    def _is_proven(self) -> bool:
        """Whether a process works after a failure: it sent a message, or ran for a while."""
        multiplexer = self._multiplexer
        if multiplexer is None:
            return False
        proven = multiplexer.spoke or perf_counter() - self._started >= PROOF_SECONDS
        return proven or not self._backoff.failures

    def _reason(self) -> str:
        pause = self._backoff.pause(perf_counter())
        return f"{self._failure}: it is started again in {pause:.1f} s"
