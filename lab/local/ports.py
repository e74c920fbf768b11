"""Free TCP ports on loopback, for programs that cannot listen on port 0 and report the port."""

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
    """The port of an option is in use; one line."""


def free_ports(count: int) -> tuple[int, ...]:
    """Different free ports, never returned twice, neither here nor to another process.

    They are outside the ephemeral range if that is known, so that a program that restarts finds
    its port still free.
    """
    with ExitStack() as blocked, _taking:
        ports: list[int] = []
        while len(ports) < count:
            each = blocked.enter_context(socket.socket())
            with suppress(OSError):
                each.bind((LOOPBACK, next(_candidates)))
                ports.append(each.getsockname()[1])
        return tuple(ports)


def usual_ports(first: int) -> Iterator[int]:
    """The ports from `first` on that are free at the moment."""
    for port in range(first, 65536):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOOPBACK, port))
            yield port


def _blocks() -> Iterator[int]:
    """Ports of blocks reserved for this process, then ports chosen by the system.

    Listening on the first port of a block reserves it, until the process ends.
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
    """Raise PortBusy if the port that the user chose by `option` cannot be listened on."""
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
