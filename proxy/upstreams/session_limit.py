"""How many sessions the proxy keeps at one server, whichever era's clients they are for."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Protocol

from ..fair_limit import FairLimit, Holder
from ..transports.base import Transport

END_SECONDS = 5.0
"""How long transports may take to end with the proxy, a process's SIGKILL included."""


class LimitedSession(Holder, Protocol):
    """What takes a place, until it has closed."""

    gone: asyncio.Event

    @property
    def over(self) -> bool:
        """Whether it is closed, though its transport may still be ending."""

    @property
    def transport(self) -> Transport | None:
        """The way to the server, once it is there."""

    @property
    def client(self) -> bytes:
        """Whose it is."""

    @property
    def idle_since(self) -> float:
        """When it was last of use."""

    def evict(self) -> None:
        """Give way to another."""


class SessionLimit:
    """Room for `most` sessions, those that are ending included."""

    def __init__(self, most: int) -> None:
        self._cap: FairLimit[LimitedSession] = FairLimit(most)
        self._after: dict[LimitedSession, Sequence[LimitedSession]] = {}
        self._starting: set[LimitedSession] = set()
        self._ending: dict[Transport, LimitedSession | None] = {}

    def __repr__(self) -> str:
        return f"<SessionLimit {self._cap!r} ending={len(self._ending)}>"

    @property
    def ending(self) -> int:
        """How many transports are being closed."""
        return len(self._ending)

    def acquire(self, session: LimitedSession) -> bool:
        """Let a session have a place, for which others may end; whether there is room."""
        evicted = self._cap.hold(session)
        if evicted:
            self._after[session] = evicted
        return evicted is not None

    def refusal(self) -> str:
        """Why no more is opened."""
        return f"all {self._cap.most} sessions are taken"

    async def open(
        self, session: LimitedSession, start: Callable[[], Coroutine[None, None, None]]
    ) -> None:
        """Start a session once nothing is left of those that ended for it."""
        self._starting.add(session)
        for each in self._after.pop(session, ()):
            await each.gone.wait()
        if not session.over:
            await start()
        self._starting.discard(session)
        if session.over:
            self.release(session)

    def release(self, session: LimitedSession) -> None:
        """A session is over: its place is free once it has closed."""
        if session.transport is not None:
            self._ending[session.transport] = session
            self.tick()
        elif session not in self._starting:
            self._free(session)

    def end(self, transport: Transport) -> None:
        """A transport is being closed; its session continues on another."""
        self._ending[transport] = None

    def tick(self) -> None:
        """Give free the places of those that have ended."""
        for transport, session in tuple(self._ending.items()):
            if transport.exited.is_set():
                del self._ending[transport]
                if session is not None:
                    self._free(session)

    async def close(self) -> None:
        """Wait for all that is ending, and kill what takes too long."""
        try:
            async with asyncio.timeout(END_SECONDS):
                await asyncio.gather(*(transport.exited.wait() for transport in self._ending))
        except TimeoutError:
            for transport in self._ending:
                transport.kill()
        for session in self._ending.values():
            if session is not None:
                self._free(session)
        self._ending.clear()

    def _free(self, session: LimitedSession) -> None:
        self._cap.release(session)
        self._after.pop(session, None)
        session.gone.set()
