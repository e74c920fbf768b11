"""How many sessions the proxy keeps at one server, whichever era's clients they are for."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Protocol

from ..fair_limit import FairCap, Holder
from ..transports.base import Link

END_SECONDS = 5.0
"""How long links may take to end with the proxy, a process's SIGKILL included."""


class Session(Holder, Protocol):
    """What takes a place, until nothing of it is left."""

    gone: asyncio.Event
    over: bool

    @property
    def link(self) -> Link | None:
        """The way to the server, once it is there."""

    @property
    def client(self) -> bytes:
        """Whose it is."""

    @property
    def idle_since(self) -> float:
        """When it was last of use."""

    def evict(self) -> None:
        """Give way to another."""


class Places:
    """Room for `most` sessions, those that are ending included."""

    def __init__(self, most: int) -> None:
        self._cap: FairCap[Session] = FairCap(most)
        self._after: dict[Session, Sequence[Session]] = {}
        self._starting: set[Session] = set()
        self._ending: dict[Link, Session | None] = {}

    def __repr__(self) -> str:
        return f"<Places {self._cap!r} ending={len(self._ending)}>"

    @property
    def ending(self) -> int:
        """How many links are being closed."""
        return len(self._ending)

    def take(self, session: Session) -> bool:
        """Let a session have a place, for which others may end; whether there is room."""
        evicted = self._cap.hold(session)
        if evicted:
            self._after[session] = evicted
        return evicted is not None

    def refusal(self) -> str:
        """Why no more is opened."""
        return f"all {self._cap.most} sessions are taken"

    async def open(
        self, session: Session, start: Callable[[], Coroutine[None, None, None]]
    ) -> None:
        """Start a session once nothing is left of those that ended for it."""
        self._starting.add(session)
        for each in self._after.pop(session, ()):
            await each.gone.wait()
        if not session.over:
            await start()
        self._starting.discard(session)
        if session.over:
            self.leave(session)

    def leave(self, session: Session) -> None:
        """A session is over: its place is free once nothing of it is left."""
        if session.link is not None:
            self._ending[session.link] = session
            self.tick()
        elif session not in self._starting:
            self._free(session)

    def end(self, link: Link) -> None:
        """A link is being closed whose session goes on by another."""
        self._ending[link] = None

    def tick(self) -> None:
        """Give free the places of those that have ended."""
        for link, session in tuple(self._ending.items()):
            if link.exited.is_set():
                del self._ending[link]
                if session is not None:
                    self._free(session)

    async def close(self) -> None:
        """Wait for all that is ending, and kill what takes too long."""
        try:
            async with asyncio.timeout(END_SECONDS):
                await asyncio.gather(*(link.exited.wait() for link in self._ending))
        except TimeoutError:
            for link in self._ending:
                link.kill()
        for session in self._ending.values():
            if session is not None:
                self._free(session)
        self._ending.clear()

    def _free(self, session: Session) -> None:
        self._cap.release(session)
        self._after.pop(session, None)
        session.gone.set()
