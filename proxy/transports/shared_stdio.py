"""One process for all sessions: who keeps it running, and opens a share of it for each session."""

import asyncio
from collections.abc import Callable, Coroutine
from time import perf_counter

from ..outcome import EXITED
from .backoff import Attempts
from .base import Connector, LinkOwner, Unreachable
from .multiplexer import Hub, Share
from .stdio import Children

Spawn = Callable[[Coroutine[None, None, None]], object]

STEADY_SECONDS = 30.0
"""A process that lived so long did work, whatever ended it."""
PROOF_SECONDS = 1.0
"""How long a process that takes the place of a failed one must live to count as up."""


class Sharing(Connector):
    """Keeps one process of `children` running, from `run` on.

    When the process ends, so do its sessions, and clients initialize anew; a new one is started at
    once, and after a pause if it ended soon again and again.
    """

    def __init__(self, children: Children, spawn: Spawn, on_reach: Callable[[str], None]) -> None:
        self._children = children
        self._on_reach = on_reach
        self._attempts = Attempts(free=1)
        self._hub: Hub | None = None
        self._failure = ""
        self._started = 0.0
        self._settled = asyncio.Event()
        self._stopped = asyncio.Event()
        spawn(self._keep())

    def __repr__(self) -> str:
        return f"<Sharing {self._children!r} {self._hub!r}>"

    async def connect(self, owner: LinkOwner, headers: bytes, query: bytes) -> Share:
        """

        Waits for a process that is just being started, or asked for its era on behalf of another.
        """
        await self._settled.wait()
        while not (self._hub is None or self._hub.unprobed.is_set() or owner.probing):
            await self._hub.unprobed.wait()
            await self._settled.wait()
        if self._hub is None:
            raise Unreachable(self._why(), EXITED)
        return self._hub.open(owner)

    async def probe(self) -> str:
        await self._settled.wait()
        return "" if self._works() else self._why()

    async def close(self) -> None:
        self._stopped.set()
        if self._hub is not None:
            await self._hub.close()

    async def _keep(self) -> None:
        """Start the process, and again whenever it ended."""
        while not self._stopped.is_set():
            self._settled.clear()
            ended_by_probe = await self._live()
            if ended_by_probe and not self._stopped.is_set():
                continue
            self._settled.set()
            if not self._stopped.is_set():
                self._on_reach(self._why())
                await self._rest(self._attempts.pause(perf_counter()))

    async def _live(self) -> bool:
        """One life of the process; whether a probe ended it, which is no failure."""
        hub = Hub(self._settled.clear)
        try:
            hub.carry(await self._children.connect(hub))
        except Unreachable as error:
            self._failure = str(error)
            self._attempts.failed(perf_counter(), error.verdict.error_type)
            return False
        started = self._started = perf_counter()
        self._hub = hub
        self._settled.set()
        if self._works():
            self._on_reach("")
        if self._stopped.is_set():
            await hub.close()
        await hub.over.wait()
        self._hub = None
        now = perf_counter()
        if hub.probing:
            return True
        self._failure = hub.reason
        self._attempts.ended(now, hub.reason, worked=now - started >= STEADY_SECONDS)
        return False

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            pass

    def _works(self) -> bool:
        """After a failure a process has to prove itself: it speaks, or stays for a while."""
        hub = self._hub
        if hub is None:
            return False
        proven = hub.spoke or perf_counter() - self._started >= PROOF_SECONDS
        return proven or not self._attempts.failures

    def _why(self) -> str:
        pause = self._attempts.pause(perf_counter())
        return f"{self._failure}: it is started again in {pause:.1f} s"
