"""Request ids in responses: JSON-RPC requires the same value, but some servers change its type.

The official SDKs take `"7"` for `7`, so that calls to such servers work. Here is also how ids are
remembered, of sessions too, since peers choose them and their length.
"""

from collections.abc import Container
from hashlib import sha256
from typing import Final

from .message import RequestId

_MOST_DIGITS = 20
_LONGEST_KEPT: Final = 128
MOST_UNANSWERED = 256


def match_id(request_id: object, known: Container[RequestId]) -> RequestId | None:
    """The matching known id; None without one."""
    return next((each for each in spellings(request_id) if each in known), None)


def id_key(text: str) -> str:
    """The key of an id: for a long one its digest."""
    if len(text) <= _LONGEST_KEPT:
        return text
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class UnansweredIds:
    """Ids of calls that ended without an answer, by session: the latest MOST_UNANSWERED."""

    __slots__ = ("_keys",)

    def __init__(self) -> None:
        self._keys: dict[tuple[str, object], None] = {}

    def __repr__(self) -> str:
        return f"<UnansweredIds {len(self._keys)}>"

    def add(self, request_id: RequestId, session: str = "") -> None:
        """Remember an id; beyond the limit forget the oldest."""
        if len(self._keys) >= MOST_UNANSWERED:
            del self._keys[next(iter(self._keys))]
        self._keys[_key(request_id, session)] = None

    def remove(self, request_id: RequestId, session: str = "") -> None:
        """Forget an id, which a new call uses."""
        if self._keys:
            self._keys.pop(_key(request_id, session), None)

    def has(self, request_id: object, session: str = "") -> bool:
        """Whether the id is remembered, in this spelling."""
        return _key(request_id, session) in self._keys


def _key(request_id: object, session: str) -> tuple[str, object]:
    return id_key(session), id_key(request_id) if isinstance(request_id, str) else request_id


def spellings(request_id: object) -> tuple[RequestId, ...]:
    """An id as received, then as the other JSON type if possible; empty if it is not an id."""
    if not isinstance(request_id, int | str | float):
        return ()
    other = number(request_id) if isinstance(request_id, str) else str(request_id)
    return (request_id,) if other is None else (request_id, other)


def number(request_id: object) -> int | None:
    """The integer value of an id; None without one."""
    if isinstance(request_id, bool):
        return None
    if isinstance(request_id, int):
        return request_id
    if isinstance(request_id, float):
        return int(request_id) if request_id.is_integer() else None
    if isinstance(request_id, str) and len(request_id) <= _MOST_DIGITS:
        digits = request_id.removeprefix("-")
        return int(request_id) if digits.isascii() and digits.isdecimal() else None
    return None
