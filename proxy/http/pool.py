"""The kept-alive connections to one HTTP upstream."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from time import perf_counter
from typing import Final
from urllib.parse import SplitResult, urlsplit

from .. import logs
from ..errors import UnfollowedRedirect
from . import redirect
from .client import UpstreamConnection
from .head import HeadCache, ResponseHead, parse_response
from .interfaces import ResponseHandler

IDLE_SECONDS: Final = 4.0
"""Below the 5 s after which uvicorn and Node close, so that a call never meets a closing one."""
CONNECT_SECONDS = 5.0
MOST_REDIRECTS = 10
"""Addresses that a server redirects to of which each is logged, once."""

LOG = logging.getLogger("proxy.upstream")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an HTTP upstream listens; `tls` is None for plain http."""

    host: str
    port: int
    tls: ssl.SSLContext | None

    @property
    def url(self) -> SplitResult:
        """Its origin."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return urlsplit(f"http{'s' if self.tls else ''}://{host}:{self.port}")


class Pool:
    """The connections to one upstream; grows as calls overlap, and forgets the idle ones.

    `spawn` starts a task in the caller's group; `on_reach` is called after every attempt to
    connect why it failed, "" if it did not. Redirects are answers like others unless it `follows`
    them.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        spawn: Callable[[Coroutine[None, None, None]], object],
        on_reach: Callable[[str], None],
        *,
        follows: bool = False,
    ) -> None:
        self.follows = follows
        self._endpoint = endpoint
        self._spawn = spawn
        self._idle: list[UpstreamConnection] = []
        self.parse = HeadCache(parse_response)
        self._on_reach = on_reach
        self._redirects: set[str] = set()

    def __repr__(self) -> str:
        return f"<Pool idle={len(self._idle)} {self._endpoint}>"

    def send(self, handler: ResponseHandler, block: bytes) -> None:
        """Send a request, at once on an idle connection, else on a new one."""
        fresh = perf_counter() - IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and connection.idle_since > fresh:
                connection.send(handler, block)
                return
            connection.close()
        self._spawn(self.open(handler, block))

    def resend(self, handler: ResponseHandler, block: bytes) -> None:
        """Send a request that was redirected on a new connection."""
        self._spawn(self.open(handler, block, redirected=True))

    def redirected(self, block: bytes, head: ResponseHead, *, again: bool) -> bytes:
        """The request `block` as a redirect has it sent, or sent `again`.

        It is followed once, on the same origin. Raises UnfollowedRedirect.
        """
        base, location = self._endpoint.url, head.location or b""
        to = redirect.destination(base, block, location)
        sent = None if again else redirect.followed(base, block, head.status, location)
        if to not in self._redirects and len(self._redirects) < MOST_REDIRECTS:
            self._redirects.add(to)
            level, followed = logging.WARNING, sent is not None
            logs.event(LOG, "redirected", level, status=head.status, to=to, followed=followed)
        if sent is None:
            advice = "give that address as --upstream"
            raise UnfollowedRedirect(f"the server redirects ({head.status}) to {to}: {advice}")
        return sent

    def release(self, connection: UpstreamConnection) -> None:
        """Take back a connection whose exchange is over."""
        connection.idle_since = perf_counter()
        self._idle.append(connection)

    def discard(self, connection: UpstreamConnection) -> None:
        """A connection was lost."""
        if connection in self._idle:
            self._idle.remove(connection)

    def prune(self) -> None:
        """Close what has been idle for too long."""
        old = perf_counter() - IDLE_SECONDS
        for connection in [each for each in self._idle if each.idle_since < old]:
            connection.close()

    def close(self) -> None:
        """Close every idle connection."""
        for connection in tuple(self._idle):
            connection.close()

    async def probe(self) -> str:
        """Why the upstream accepts no connection now; "" if it does."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                transport, _ = await asyncio.get_running_loop().create_connection(
                    asyncio.Protocol, self._endpoint.host, self._endpoint.port
                )
        except OSError as error:
            return _reason(error)
        transport.close()
        return ""

    async def open(
        self, handler: ResponseHandler, block: bytes, *, redirected: bool = False
    ) -> None:
        """Send a request on a new connection."""
        where = self._endpoint
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: UpstreamConnection(self), where.host, where.port, ssl=where.tls
                )
        except OSError as error:
            reason = _reason(error)
            self._on_reach(reason)
            handler.on_error(f"cannot reach the upstream {where.host}:{where.port}: {reason}")
            return
        self._on_reach("")
        connection.send(handler, block, redirected=redirected)


def _reason(error: OSError) -> str:
    return str(error) or f"no connection within {CONNECT_SECONDS:g} s"
