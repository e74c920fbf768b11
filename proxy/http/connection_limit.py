"""The open client connections, and how many of them are served."""

import asyncio
from collections.abc import Callable, Iterator
from ipaddress import IPv6Address, ip_address
from typing import Protocol

from ..fair_limit import FairLimit

MOST_CLOSING = 100
"""Connections that are being closed or rejected, not counting those that are served."""


class LimitedConnection(Protocol):
    """One client's connection."""

    @property
    def client(self) -> bytes:
        """The client that it belongs to."""

    @property
    def idle_since(self) -> float:
        """When it was last in use."""

    def evict(self) -> None:
        """End in favour of another."""

    def expire(self, now: float) -> None:
        """End it if it takes too long."""

    def close_when_idle(self) -> None:
        """Close now if no request is being answered, else after the answer."""

    def abort(self) -> None:
        """Close at once."""


class ConnectionLimiter:
    """All client connections; `most` are served. `on_change` gets their number."""

    __slots__ = ("_cap", "_leaving", "_on_change", "_served")

    def __init__(self, most: int, on_change: Callable[[int], None]) -> None:
        self._cap: FairLimit[LimitedConnection] = FairLimit(most)
        self._on_change = on_change
        self._served: set[LimitedConnection] = set()
        self._leaving: dict[LimitedConnection, None] = {}

    def __repr__(self) -> str:
        served = f"{len(self._served)}/{self.most}"
        return f"<ConnectionLimiter served={served} closing={len(self._leaving)}>"

    def __len__(self) -> int:
        return len(self._served) + len(self._leaving)

    def __iter__(self) -> Iterator[LimitedConnection]:
        """The current connections; they may close during the iteration."""
        return iter((*self._served, *self._leaving))

    @property
    def most(self) -> int:
        """How many are served."""
        return self._cap.most

    def admit(self, member: LimitedConnection) -> bool:
        """Admit a connection; whether it is served, or must be rejected."""
        served = self._cap.hold(member) is not None
        self._served.add(member)
        if not served:
            self.stop_serving(member)
        self._on_change(len(self))
        return served

    def stop_serving(self, member: LimitedConnection) -> None:
        """A connection is no longer served; until it closes it does not count towards the limit."""
        self._cap.release(member)
        self._served.discard(member)
        self._leaving[member] = None
        if len(self._leaving) > MOST_CLOSING:
            oldest = next(iter(self._leaving))
            del self._leaving[oldest]
            oldest.abort()

    def remove(self, member: LimitedConnection) -> None:
        """A connection is gone."""
        self._cap.release(member)
        self._served.discard(member)
        self._leaving.pop(member, None)
        self._on_change(len(self))


def address_of(transport: asyncio.BaseTransport) -> bytes:
    """The client's IP address; for IPv6 the /64 network, which one client owns."""
    peer = transport.get_extra_info("peername")
    host: str = peer[0] if peer else ""
    if ":" not in host:
        return host.encode()
    address = ip_address(host.partition("%")[0])
    assert isinstance(address, IPv6Address), "an IPv4 address has no colon"
    mapped = address.ipv4_mapped
    return str(mapped).encode() if mapped is not None else address.packed[:8]
