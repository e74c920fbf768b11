"""The owner of each session: no other client may use it, read its streams, or end it.

MCP specification, "Security best practices", session hijacking: an id alone proves nothing.
"""

from ..fair_limit import SPARE
from ..jsonrpc.ids import id_key

MOST_OWNED = 100_000
"""Sessions whose owner is remembered; for one more the longest unused is forgotten."""
MOST_OF_ONE = MOST_OWNED - MOST_OWNED // SPARE
"""Per principal: one more evicts its own oldest session, and no other."""


class SessionOwners:
    """Principals by session, and sessions by principal, the longest unused first.

    Where clients need no token there are none, and all is allowed.
    """

    __slots__ = ("_owned", "_owners")

    def __init__(self) -> None:
        self._owners: dict[str, bytes] = {}
        self._owned: dict[bytes, dict[str, None]] = {}

    def __repr__(self) -> str:
        return f"<SessionOwners of={len(self._owners)}>"

    def allows(self, session: str, principal: bytes) -> bool:
        """Whether a session is that principal's, or has no known owner."""
        key = id_key(session)
        owner = self._owners.get(key)
        if owner is not None:
            self._remove(key, owner)
            self._add(key, owner)
        return owner is None or owner == principal

    def claim(self, session: str, principal: bytes) -> None:
        """Record the owner of a session, unless it has one."""
        key = id_key(session)
        if not principal or not session or key in self._owners:
            return
        own = self._owned.get(principal, {})
        if len(own) >= MOST_OF_ONE:
            self._remove(next(iter(own)), principal)
        elif len(self._owners) >= MOST_OWNED:
            self._remove(*next(iter(self._owners.items())))
        self._add(key, principal)

    def release(self, session: str) -> None:
        """A session is over."""
        key = id_key(session)
        owner = self._owners.get(key)
        if owner is not None:
            self._remove(key, owner)

    def _add(self, key: str, owner: bytes) -> None:
        self._owners[key] = owner
        self._owned.setdefault(owner, {})[key] = None

    def _remove(self, key: str, owner: bytes) -> None:
        del self._owners[key]
        own = self._owned[owner]
        del own[key]
        if not own:
            del self._owned[owner]
