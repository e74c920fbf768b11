"""The limit of sessions at one server, for clients of both eras."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Protocol

from ..fair_limit import FairLimit, Holder
from ..transports.base import Transport

END_SECONDS = 5.0
"""How long transports may take to end with the proxy, a process's SIGKILL included."""


class LimitedSession(Holder, Protocol):
    """A session that counts until it has closed."""

    gone: asyncio.Event

    @property
    def over(self) -> bool:
        """Whether it is closed, though its transport may still be ending."""

    @property
    def transport(self) -> Transport | None:
        """The transport to the server, once it is open."""

    @property
    def client(self) -> bytes:
        """The client that it belongs to."""

    @property
    def idle_since(self) -> float:
        """When it was last in use."""

    def evict(self) -> None:
        """End in favour of another."""


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
        """Admit a session, for which others may end; whether it is admitted."""
        evicted = self._cap.hold(session)
        if evicted:
            self._after[session] = evicted
        return evicted is not None

    def refusal(self) -> str:
        """The reason for refusing a session."""
        return f"all {self._cap.most} sessions are taken"

    async def open(
        self, session: LimitedSession, start: Callable[[], Coroutine[None, None, None]]
    ) -> None:
        """Start a session once those that ended for it are closed."""
        self._starting.add(session)
        for each in self._after.pop(session, ()):
            await each.gone.wait()
        if not session.over:
            await start()
        self._starting.discard(session)
        if session.over:
            self.release(session)

    def release(self, session: LimitedSession) -> None:
        """A session is over; it counts until it has closed."""
        if session.transport is not None:
            self._ending[session.transport] = session
            self.tick()
        elif session not in self._starting:
            self._free(session)

    def end(self, transport: Transport) -> None:
        """A transport is being closed; its session continues on another."""
        self._ending[transport] = None

    def tick(self) -> None:
        """Release the places of closed sessions."""
        for transport, session in tuple(self._ending.items()):
            if transport.exited.is_set():
                del self._ending[transport]
                if session is not None:
                    self._free(session)

    async def close(self) -> None:
        """Wait for ending transports, and kill those that take too long."""
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
