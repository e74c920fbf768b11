"""Messages that parsers read differently.

Of a member that is given twice some parsers take the first. Go's takes names in any case, and folds
them as Unicode does. So a client could have one tool counted, and another called. Only members that
determine what a message does count here; what is in its arguments is the tool's business.
"""

from typing import Final

from .members import Fields, parse_members
from .message import Message
from .truncated import PIECE, truncated_json

_OF_MESSAGES = ("id", "method", "params", "result", "error")
_OF_PARAMS = ("name", "_meta", "requestId", "uri")
_BACKSLASH: Final = ord("\\")
_ESCAPED: Final = b"\\u00"
"""How a letter of ASCII may be spelt, so that a name is not seen."""
_FOLDED: Final = ("\N{KELVIN SIGN}".encode(), "\N{LATIN SMALL LETTER LONG S}".encode())
"""Other characters that fold to an ASCII letter."""


def is_plain(data: bytes, message: Message) -> bool:
    """Whether all parsers read a request alike, judged by how often each name is in it.

    Most are; others need `ambiguous`.
    """
    low = data.lower()
    params = message.params
    return (
        low.count(b'"id"') == 1
        and low.count(b'"method"') == 1
        and low.count(b'"params"') == (params is not None)
        and low.count(b'"name"') == (params is not None and params.name != "")
        and low.count(b'"uri"') <= 1
        and (_BACKSLASH not in low or _ESCAPED not in low)
        and (low.isascii() or not any(each in data for each in _FOLDED))
        and message.is_request
    )


def ambiguous(data: bytes) -> str:
    """The member that parsers may read differently, or "".

    Raises MalformedMessage.
    """
    if len(data) > 4 * PIECE:
        data = truncated_json(data)
    low = data.lower()
    fields = parse_members(data)
    found = _misread(low, fields, _OF_MESSAGES)
    params = fields.get("params")
    if found or params is None or bytes(params)[:1] != b"{":
        return found
    return _misread(bytes(params).lower(), parse_members(params), _OF_PARAMS)


def _misread(low: bytes, fields: Fields, names: tuple[str, ...]) -> str:
    """The first of the names under which an object, `low` in lower case, has more than is read."""
    folded = {each.casefold() for each in names}
    for name in fields:
        if name not in names and name.casefold() in folded:
            return name
    values = b" ".join(map(bytes, fields.values())).lower()
    if _ESCAPED in low and low.count(_ESCAPED) > values.count(_ESCAPED):
        return "a name written with escapes"
    for name in names:
        quoted = b'"%b"' % name.lower().encode()
        if low.count(quoted) - values.count(quoted) > (name in fields):
            return name
    return ""
