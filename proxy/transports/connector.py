"""Opens links to one HTTP server, over the connections of a pool, and ends those that are left."""

from collections.abc import Callable
from typing import Generic, TypeVar

from ..http.pool import Pool
from .base import Connector, Link, LinkOwner

Opened = TypeVar("Opened", bound=Link)

New = Callable[[Pool, LinkOwner, Callable[[Opened], None], bytes], Opened]
"""Makes a link, which tells by the third argument when nothing of it is left.

The last one is the client's query.
"""


class HttpConnector(Connector, Generic[Opened]):
    """Links that need nothing of the server before their first message."""

    def __init__(self, pool: Pool, new: New[Opened]) -> None:
        self._pool = pool
        self._new = new
        self._links: set[Opened] = set()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._pool!r} open={len(self._links)}>"

    async def connect(self, owner: LinkOwner, headers: bytes, query: bytes) -> Opened:
        link = self._new(self._pool, owner, self._links.discard, query)
        self._links.add(link)
        return link

    async def probe(self) -> str:
        return await self._pool.probe()

    async def close(self) -> None:
        """Also what is still being opened is given up."""
        for link in tuple(self._links):
            link.kill()
        self._pool.close()
