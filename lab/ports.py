"""Free TCP ports on loopback, for programs that cannot choose their own and say which."""

import socket
from contextlib import ExitStack

LOOPBACK = "127.0.0.1"


class PortBusy(Exception):
    """A port asked for by name is taken; the text says which and what to do."""


def free_ports(count: int) -> tuple[int, ...]:
    """Ports that were free just now, all different."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return tuple(each.getsockname()[1] for each in sockets)


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
