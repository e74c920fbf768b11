"""What a server says where it refuses an HTTP request: its own words, as one line."""

import re
from collections.abc import Mapping

import msgspec

LONGEST = 200
"""Characters of a server's words that are passed on; a page of HTML is no explanation."""
_READ = 4096
"""Bytes of a body in which they are looked for."""

_NAMES = ("error_description", "message", "detail", "title", "error")
"""Members in which frameworks say it: RFC 6749, Express, FastAPI, RFC 9457."""

_UNSEEN = re.compile(r"<(head|style|script)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


def answered(status: int, body: bytes) -> str:
    """One line: the status that a server answered to a message, and what it said with it."""
    words = refusal_text(body)
    return f"the server answered {status} to the message{': ' if words else ''}{words}"


def refusal_text(body: bytes) -> str:
    """What a body says to people, in printable characters; "" if it says nothing."""
    text = _said_in_json(body) or body[:_READ].decode("utf-8", "replace")
    if text.lstrip().startswith("<"):
        text = _UNSEEN.sub(" ", text)
    elif text.lstrip()[:1] in ("{", "["):
        return ""
    words = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}..."


def _said_in_json(body: bytes) -> str:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    inner = found.get("error") if isinstance(found, Mapping) else None
    for holder in (inner, found):
        if isinstance(holder, Mapping):
            said = (holder.get(name) for name in _NAMES)
            text = next((each for each in said if isinstance(each, str) and each), "")
            if text:
                return text
    return found if isinstance(found, str) else ""
