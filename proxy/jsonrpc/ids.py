"""Request ids that come back: JSON-RPC wants the same value, and some servers change its type.

The official SDKs take `"7"` for `7`, so that calls to such servers work.
"""

from collections.abc import Container
from hashlib import sha256

from .message import RequestId

_MOST_DIGITS = 20
_LONGEST_KEPT = 128


def match_id(request_id: object, known: Container[RequestId]) -> RequestId | None:
    """The one of the known ids that is meant; None if none is."""
    return next((each for each in spellings(request_id) if each in known), None)


def kept(request_id: RequestId) -> RequestId:
    """What stands for an id after its call has ended: of a long one its digest, not megabytes."""
    if not isinstance(request_id, str) or len(request_id) <= _LONGEST_KEPT:
        return request_id
    return sha256(request_id.encode("utf-8", "surrogatepass")).hexdigest()


def spellings(request_id: object) -> tuple[RequestId, ...]:
    """An id as it came, then as the other JSON type, if it can be one; empty if it is not an id."""
    if not isinstance(request_id, int | str | float):
        return ()
    other = number(request_id) if isinstance(request_id, str) else str(request_id)
    return (request_id,) if other is None else (request_id, other)


def number(request_id: object) -> int | None:
    """The whole number that an id stands for; None if it stands for none."""
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
