"""The cookies that a server sets in one session, for the later requests of that session.

RFC 6265, sections 5.1.4 and 5.2 to 5.4. They go back to the origin that set them and to no other,
so `Domain` and `Secure` could not widen or narrow where they go.
"""

from collections.abc import Iterable
from datetime import UTC
from email.utils import parsedate_to_datetime
from time import time
from typing import NamedTuple

MOST = 50
"""Cookies kept; a server that sets more loses the oldest (RFC 6265, section 6.1)."""
LONGEST = 4096
"""Bytes of a `Set-Cookie` that is heeded."""


class _Cookie(NamedTuple):
    """`ends` is seconds since the epoch."""

    value: bytes
    ends: float


class Cookies:
    """The cookies of one session, by name and path."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[tuple[bytes, bytes], _Cookie] = {}

    def __repr__(self) -> str:
        return f"<Cookies {len(self._kept)}>"

    def keep(self, given: Iterable[bytes], target: bytes) -> None:
        """Store the values of `Set-Cookie` in the response to a request for `target`."""
        for each in given:
            pair, *attributes = (part.strip() for part in each.split(b";"))
            name, equals, value = (part.strip() for part in pair.partition(b"="))
            if not equals or not name or len(each) > LONGEST or not _is_printable(pair):
                continue
            named = dict(_attribute(attribute) for attribute in attributes)
            path = named.get(b"path", b"")
            key = name, path if path.startswith(b"/") else _directory(target)
            self._kept.pop(key, None)
            ends = _end(named)
            if ends > time():
                self._kept[key] = _Cookie(value, ends)
            if len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]

    def onto(self, lines: bytes, target: bytes) -> bytes:
        """A request's header lines with the cookies for `target`, which replace the client's."""
        own = self._for(target)
        if not own:
            return lines
        others = []
        kept = []
        for line in lines.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name != b"cookie":
                kept.append(line)
                continue
            given = (pair.strip() for pair in value.split(b";"))
            others += [pair for pair in given if pair and pair.partition(b"=")[0] not in own]
        pairs = [b"%b=%b" % each for each in own.items()]
        return b"cookie: %b\r\n%b" % (b"; ".join(pairs + others), b"\r\n".join(kept))

    def _for(self, target: bytes) -> dict[bytes, bytes]:
        """Values by name; among several the one with the longest path."""
        now, path = time(), target.partition(b"?")[0]
        own = {}
        for (name, scope), cookie in sorted(self._kept.items(), key=lambda each: len(each[0][1])):
            if cookie.ends > now and _covers(scope, path):
                own[name] = cookie.value
        return own


def _attribute(text: bytes) -> tuple[bytes, bytes]:
    name, _, value = text.partition(b"=")
    return name.strip().lower(), value.strip()


def _end(named: dict[bytes, bytes]) -> float:
    """When a cookie expires; unreadable attributes are ignored. A date without a zone is in UTC."""
    age = named.get(b"max-age", b"")
    if age.removeprefix(b"-").isdigit():
        return time() + int(age[:12])
    try:
        date = parsedate_to_datetime(named[b"expires"].decode("latin-1"))
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (KeyError, ValueError, TypeError, OverflowError):
        return float("inf")


def _directory(target: bytes) -> bytes:
    return target.partition(b"?")[0].rpartition(b"/")[0] or b"/"


def _covers(scope: bytes, path: bytes) -> bool:
    inside = path.startswith(scope) and (scope.endswith(b"/") or path[len(scope) :][:1] == b"/")
    return path == scope or inside


def _is_printable(text: bytes) -> bool:
    return all(0x20 <= each != 0x7F for each in text)
