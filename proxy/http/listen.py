"""Sockets to listen at, bound before anything else starts."""

import errno
import resource
import socket
from ipaddress import ip_address

from ..errors import SettingsError
from ..values import Address

BACKLOG = 1024
UNSENT_BYTES = 128 * 1024
"""What the kernel takes of an answer that its client does not read: left to itself, megabytes."""

_REASONS = {
    errno.EADDRINUSE: "the port is in use: choose another, or 0 for any free one",
    errno.EACCES: "not allowed for this user: choose a port from 1024 up",
    errno.EADDRNOTAVAIL: "not an address of this machine: use one, such as 127.0.0.1 or 0.0.0.0",
}


def bind(flag: str, address: Address) -> socket.socket:
    """A listening TCP socket. Raises SettingsError naming the flag that gave the address."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise SettingsError(
            f"{flag}: {str(address)!r} is no known host: {error.strerror}"
        ) from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(BACKLOG)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
    except OSError as error:
        listener.close()
        reason = _REASONS.get(error.errno or 0, error.strerror)
        raise SettingsError(f"{flag}: cannot listen at {str(address)!r}: {reason}") from error
    listener.setblocking(False)
    return listener


def reserve(descriptors: int) -> int:
    """Raise this process's limit of descriptors to so many; the resulting limit."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY:
        descriptors = min(descriptors, most)
    if allowed != resource.RLIM_INFINITY and allowed < descriptors:
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, most))
        return descriptors
    return max(allowed, descriptors)


def address_of(listener: socket.socket) -> Address:
    """Where a socket listens, with the port it was given."""
    host, port = listener.getsockname()[:2]
    return Address(host, port)


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine can reach the socket."""
    return ip_address(address_of(listener).host).is_loopback
