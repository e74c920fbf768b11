"""Opens transports to one HTTP server, over the connections of a pool, and closes them."""

from collections.abc import Callable
from typing import Generic, TypeVar

from ..http.pool import Pool
from .base import Connector, Transport, TransportListener

Opened = TypeVar("Opened", bound=Transport)

New = Callable[[Pool, TransportListener, Callable[[Opened], None], bytes], Opened]
"""Makes a transport; the third argument is called when it has closed, the last is the query."""


class HttpConnector(Connector, Generic[Opened]):
    """Transports that need nothing of the server before their first message."""

    def __init__(self, pool: Pool, new: New[Opened]) -> None:
        self._pool = pool
        self._new = new
        self._transports: set[Opened] = set()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._pool!r} open={len(self._transports)}>"

    async def connect(self, owner: TransportListener, headers: bytes, query: bytes) -> Opened:
        transport = self._new(self._pool, owner, self._transports.discard, query)
        self._transports.add(transport)
        return transport

    async def probe(self) -> str:
        return await self._pool.probe()

    async def close(self) -> None:
        """Also what is still being opened is given up."""
        for transport in tuple(self._transports):
            transport.kill()
        self._pool.close()
