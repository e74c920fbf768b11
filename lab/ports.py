"""Free TCP ports on loopback, for programs that cannot choose their own and say which."""

import atexit
import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Lock

LOOPBACK = "127.0.0.1"

_LOWEST, _BLOCK = 20_000, 100
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


class PortBusy(Exception):
    """A port asked for by name is taken; the text says which and what to do."""


def free_ports(count: int) -> tuple[int, ...]:
    """Ports that were free just now, all different, never the same twice.

    Where the system tells which it gives to outgoing connections, they are none of those: a program
    that ends and starts again finds its own still free. No other process gets the same from here.
    """
    with ExitStack() as held, _taking:
        ports: list[int] = []
        while len(ports) < count:
            each = held.enter_context(socket.socket())
            with suppress(OSError):
                each.bind((LOOPBACK, next(_candidates)))
                ports.append(each.getsockname()[1])
        return tuple(ports)


def _blocks() -> Iterator[int]:
    """Ports of blocks that are ours, then whatever the system offers.

    A block is whose who listens on its first port: the kernel gives it to one process at a time,
    and takes it back when that ends.
    """
    below = range(_LOWEST, _first_ephemeral() - _BLOCK, _BLOCK)
    for first in random.sample(below, len(below)):
        guard = socket.socket()
        try:
            guard.bind((LOOPBACK, first))
            guard.listen()
        except OSError:
            guard.close()
            continue
        atexit.register(guard.close)
        yield from range(first + 1, first + _BLOCK)
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


_candidates = _blocks()
_taking = Lock()
