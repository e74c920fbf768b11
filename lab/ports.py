"""Free TCP ports on loopback, for programs that cannot choose their own and say which."""

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

LOOPBACK = "127.0.0.1"

_LOWEST = 20_000
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


class PortBusy(Exception):
    """A port asked for by name is taken; the text says which and what to do."""


def free_ports(count: int) -> tuple[int, ...]:
    """Ports that were free just now, all different.

    Where the system tells them, they are none that it gives to outgoing connections: a program
    that ends and starts again finds its own still free.
    """
    with ExitStack() as held:
        ports: list[int] = []
        for port in _candidates():
            if len(ports) == count:
                break
            each = held.enter_context(socket.socket())
            try:
                each.bind((LOOPBACK, port))
            except OSError:
                continue
            ports.append(each.getsockname()[1])
        return tuple(ports)


def _candidates() -> Iterator[int]:
    """Ports below the ephemeral ones in no order, then whatever the system offers."""
    below = range(_LOWEST, _first_ephemeral())
    yield from random.sample(below, len(below))
    while True:
        yield 0


def _first_ephemeral() -> int:
    try:
        return int(_EPHEMERAL.read_text().split()[0])
    except OSError:
        return _LOWEST


def require_free(option: str, port: int) -> None:
    """Raise PortBusy when nothing can listen on a port that the user asked for by `option`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as wrong:
            raise PortBusy(
                f"{option} {port}: {wrong.strerror}; leave it out for a free port"
            ) from wrong
