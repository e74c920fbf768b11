"""Hosts and origins, compared regardless of case and of a trailing dot.

A web page can point a name of its own at any address (DNS rebinding), and so reach ports that
trust their network. The page's requests then name that host, which is why each port looks at it.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address

_HOST = r"(?P<name>\[[0-9a-f:.]+\]|[\w.-]+)(?::(?P<port>[0-9]{0,5}|\*))?"
_AS_HOST = re.compile(_HOST, re.IGNORECASE)
_AS_ORIGIN = re.compile(rf"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:{_HOST})?/?", re.IGNORECASE)

_PORTS = {"http": 80, "https": 443}
ANY = "*"
# An origin that a browser does not disclose, such as that of a sandboxed frame.
_OPAQUE = "null"
# RFC 6762, ICANN's reserved name, and the end of a Kubernetes service's name: not in public DNS.
_PRIVATE = (".local", ".internal", ".svc")


@dataclass(frozen=True, slots=True)
class HostOrOrigin:
    """A host, or with a `scheme` an origin; without a `port` any port, or none."""

    scheme: str
    name: str
    port: int | None


@dataclass(frozen=True, slots=True)
class AllowList:
    """Hosts or origins that are allowed by name, or `any`."""

    places: tuple[HostOrOrigin, ...] = ()
    any: bool = False

    def has(self, place: HostOrOrigin) -> bool:
        """Whether a host or origin is allowed; an entry without a port allows every port."""
        ports = (None, *_PORTS.values()) if place.port is None else (None, place.port)
        return self.any or any(
            (each.scheme, each.name) == (place.scheme, place.name) and each.port in ports
            for each in self.places
        )


NONE_ALLOWED = AllowList()


def host(text: str) -> HostOrOrigin:
    """Parse Host. Raises ValueError."""
    found = _AS_HOST.fullmatch(text)
    if found is None:
        raise ValueError("use a host name or address, with or without a port, such as a.example")
    return HostOrOrigin("", _name(found["name"]), _port(found["port"]))


def origin(text: str) -> HostOrOrigin:
    """Parse Origin. Raises ValueError."""
    if text == _OPAQUE:
        return HostOrOrigin(_OPAQUE, "", None)
    found = _AS_ORIGIN.fullmatch(text)
    if found is None:
        raise ValueError("use scheme://host, with or without a port, such as https://a.example")
    scheme = found["scheme"].lower()
    port = None if found["port"] == ANY else _port(found["port"]) or _PORTS.get(scheme, 0)
    return HostOrOrigin(scheme, _name(found["name"] or ""), port)


def names_loopback(place: HostOrOrigin) -> bool:
    """Whether a host is this machine's loopback, regardless of DNS."""
    name = place.name
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = _address(name)
    return address is not None and ip_address(address).is_loopback


def refused_host(text: str, allowed: AllowList, *, private: bool) -> str:
    """Why a request with this Host is refused, in one line; "" if it is allowed.

    Addresses and names of the loopback cannot be rebound. On a port that other machines reach,
    `private`, names without a dot and names outside public DNS are allowed too: scrapers use them.
    """
    if allowed.any:
        return ""
    try:
        place = host(text)
    except ValueError as error:
        return f"Host {text!r} is malformed: {error}"
    fixed = names_loopback(place) or _address(place.name) is not None
    unknown_to_dns = "." not in place.name or place.name.endswith(_PRIVATE)
    if fixed or allowed.has(place) or (private and unknown_to_dns):
        return ""
    return f"Host {text!r} is not known here: name it in --allowed-hosts if it is yours"


def _name(text: str) -> str:
    """A DNS name, or an address in its shortest form. Raises ValueError."""
    name = text.lower().removesuffix(".")
    address = _address(name.strip("[]"))
    return address or (name if name.isascii() else name.encode("idna").decode())


def _address(name: str) -> str | None:
    try:
        return ip_address(name).compressed
    except ValueError:
        return None


def _port(text: str | None) -> int | None:
    return int(text) if text and text != ANY else None
