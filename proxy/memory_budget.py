"""The memory for all messages in transit, in addition to the limit of each message.

Every buffer that a client or a server can fill has an account: bodies that are not complete or not
answered, what was sent ahead, what waits for a reader, and messages that are not whole. A small
part of each is free, so that small messages cost nothing, and pass while others fill the rest.
"""

from collections.abc import Callable
from math import inf
from typing import Final

from .fair_limit import FairLimit

NO_ROOM: Final = "the proxy holds as much as it may of other messages: try again"
FREE_BYTES: Final = 16 * 1024
"""What a buffer may hold without being counted: more than a usual message."""


class MemoryBudget:
    """At most `most` bytes for all accounts."""

    __slots__ = ("cap",)

    def __init__(self, most: int) -> None:
        self.cap: FairLimit[MemoryAccount] = FairLimit(most)

    def __repr__(self) -> str:
        return f"<MemoryBudget {self.cap!r}>"

    def account(
        self, client: bytes = b"", evict: Callable[[], None] | None = None
    ) -> "MemoryAccount":
        """A buffer's account: `client` is who fills it; `evict` empties it for others."""
        return MemoryAccount(self, client, evict)


class MemoryAccount:
    """What one buffer holds. Implements Holder."""

    __slots__ = ("_counted", "_evict", "_memory", "client", "idle_since")

    def __init__(
        self, memory: MemoryBudget, client: bytes, evict: Callable[[], None] | None
    ) -> None:
        self._memory = memory
        self._evict = evict
        self._counted = False
        self.client = client
        self.idle_since = inf

    def __repr__(self) -> str:
        return f"<MemoryAccount of={self.client!r} counted={self._counted}>"

    def hold(self, size: int, idle_since: float = inf) -> bool:
        """Let the buffer have so many bytes; whether there is room.

        `idle_since` is since when its client does nothing about it: it may be emptied for others
        then. `inf` is for one that is in use.
        """
        self.idle_since = idle_since
        if size <= FREE_BYTES and not self._counted:
            return True
        room = self._memory.cap.hold(self, max(0, size - FREE_BYTES)) is not None
        self._counted = size > FREE_BYTES if room else self._counted
        return room

    def close(self) -> None:
        """The buffer is gone."""
        if self._counted:
            self._counted = False
            self._memory.cap.release(self)

    def evict(self) -> None:
        self._counted = False
        if self._evict is not None:
            self._evict()
