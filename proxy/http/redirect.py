"""Redirects of a server: which are followed, as the official SDKs do, and what is logged of others.

A request leaves the origin that it was meant for in no case: it would take messages and tokens
there. Nor does it change its method, which would drop the message (RFC 9110, section 15.4).
"""

from urllib.parse import SplitResult, urljoin, urlsplit

from .origin import endpoint

STATUSES = frozenset((301, 302, 303, 307, 308))
_KEEP_METHOD = frozenset((307, 308))
_SHOWN = 200
"""Characters of an address that are logged."""


def followed(base: SplitResult, block: bytes, status: int, location: bytes) -> bytes | None:
    """The request `block` as it is sent where it is redirected to; None if it is not."""
    method, target, rest = block.split(b" ", 2)
    if status not in _KEEP_METHOD and method != b"GET":
        return None
    found = endpoint(_with_target(base, target), location)
    return None if found is None else b"%b %b %b" % (method, found, rest)


def destination(base: SplitResult, block: bytes, location: bytes) -> str:
    """Where a redirect leads, without query and credentials, which may be secret."""
    target = block.split(b" ", 2)[1]
    try:
        url = urlsplit(
            urljoin(_with_target(base, target).geturl(), location.decode("ascii", "replace"))
        )
        shown = f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"
    except ValueError:
        return "what is not a URL"
    return "".join(each if each.isprintable() else "?" for each in shown[:_SHOWN])


def _with_target(base: SplitResult, target: bytes) -> SplitResult:
    path, _, query = target.decode("latin-1").partition("?")
    return base._replace(path=path, query=query)
