"""The client of each session: only `initialize` names it, and the calls after it do not."""

from ..jsonrpc.ids import id_key
from ..telemetry.client_info import ClientInfo

MOST_SESSIONS = 100_000
"""Sessions whose client is remembered; for one more the longest unused is forgotten."""


class SessionClients:
    """Clients by session, the longest unused first."""

    __slots__ = ("_clients",)

    def __init__(self) -> None:
        self._clients: dict[str, ClientInfo] = {}

    def __repr__(self) -> str:
        return f"<SessionClients of={len(self._clients)}>"

    def get(self, session: str) -> ClientInfo | None:
        """The client that opened a session; None if that is not known."""
        key = id_key(session)
        client = self._clients.pop(key, None)
        if client is not None:
            self._clients[key] = client
        return client

    def set(self, session: str, client: ClientInfo) -> None:
        """A client opened a session."""
        key = id_key(session)
        self._clients.pop(key, None)
        if len(self._clients) >= MOST_SESSIONS:
            del self._clients[next(iter(self._clients))]
        self._clients[key] = client

    def forget(self, session: str) -> None:
        """A session is over."""
        self._clients.pop(id_key(session), None)
