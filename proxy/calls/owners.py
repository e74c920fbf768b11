"""Who opened each session: nobody else may use it, list what it says, or end it.

MCP specification, "Security best practices", session hijacking: an id alone proves nothing.
"""

MOST_OWNED = 100_000
"""Sessions whose owner is remembered; for one more the longest unused is forgotten."""


class Owners:
    """Principals by session, the longest unused first.

    Where clients need no token there are none, and all is allowed.
    """

    __slots__ = ("_owners",)

    def __init__(self) -> None:
        self._owners: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return f"<Owners of={len(self._owners)}>"

    def allows(self, session: str, principal: bytes) -> bool:
        """Whether a session is that principal's, or nobody's as far as is known."""
        owner = self._owners.pop(session, None)
        if owner is not None:
            self._owners[session] = owner
        return owner is None or owner == principal

    def claim(self, session: str, principal: bytes) -> None:
        """A session proved to be that principal's, unless it is somebody's already."""
        if not principal or not session or session in self._owners:
            return
        if len(self._owners) >= MOST_OWNED:
            del self._owners[next(iter(self._owners))]
        self._owners[session] = principal

    def release(self, session: str) -> None:
        """A session is over."""
        self._owners.pop(session, None)
