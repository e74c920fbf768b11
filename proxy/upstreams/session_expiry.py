"""Sessions by id: when each began and was last active, and which were abandoned."""

from itertools import takewhile

from ..jsonrpc.ids import id_key

MOST_SESSIONS = 100_000
"""Sessions that are followed; for one more the longest silent is forgotten."""


class SessionExpiry:
    """Times of open sessions, in seconds of the caller's clock. A lease ends after `idle`.

    They are kept by `id_key`, which `open` and `abandoned` return. `_last_seen` is in the order of
    its times, the longest silent first.
    """

    __slots__ = ("_opened_at", "_last_seen", "_idle")

    def __init__(self, idle: float) -> None:
        self._idle = idle
        self._opened_at: dict[str, float] = {}
        self._last_seen: dict[str, float] = {}

    def __repr__(self) -> str:
        return f"<SessionExpiry open={len(self._opened_at)}>"

    def __len__(self) -> int:
        return len(self._opened_at)

    def __contains__(self, session: str) -> bool:
        return id_key(session) in self._opened_at

    def open(self, session: str, now: float) -> str:
        """A session begins; the one that is forgotten for it, "" if none."""
        forgotten, session = "", id_key(session)
        if len(self._opened_at) >= MOST_SESSIONS:
            forgotten = next(iter(self._last_seen))
            self.close(forgotten, now)
        self._opened_at[session] = self._last_seen[session] = now
        return forgotten

    def touch(self, session: str, now: float) -> None:
        """Note activity; ignored if the session is not open."""
        session = id_key(session)
        if self._last_seen.pop(session, None) is not None:
            self._last_seen[session] = now

    def close(self, session: str, now: float) -> float | None:
        """End a session: its duration in seconds, None if it is not open."""
        session = id_key(session)
        begun = self._opened_at.pop(session, None)
        if begun is None:
            return None
        del self._last_seen[session]
        return now - begun

    def abandoned(self, now: float) -> tuple[str, ...]:
        """The sessions that have been silent for longer than their lease."""
        silent = takewhile(lambda lease: now - lease[1] > self._idle, self._last_seen.items())
        return tuple([session for session, _ in silent])
