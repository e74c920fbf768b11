"""Texts that JSON parsers of clients and servers read although they are not, or hardly, JSON.

A byte order mark (RFC 8259, section 8.1) and halves of surrogate pairs (section 8.2) are legal in a
way. `NaN` and `Infinity`, as Python's `json` writes them, and bytes that are not UTF-8 are not.
"""

import re
from typing import Final

LONGEST = 1024 * 1024
"""Bytes of a text that is mended: it takes up to 10 ms, in which no other call is served."""
BOM: Final = b"\xef\xbb\xbf"

_MOST = 10_000
"""Places of one kind that are mended."""
_BACKSLASHES, _STAND_IN = b"\\\\", b"\0\0"
"""An escaped backslash begins no other escape; and no JSON text has raw NULs."""

_LOW = rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_HIGH = rb"\\u[dD][89abAB][0-9a-fA-F]{2}"
_LONE = re.compile(rb"%b(?!%b)|%b(?<!%b%b)" % (_HIGH, _LOW, _LOW, _HIGH, _LOW))
_NUMBERS = tuple(
    re.compile(rb"%b(?<=[:\[,\s]%b)(?=[\s,\]}])" % (each, each))
    for each in (rb"NaN", rb"-Infinity", rb"Infinity")
)


def mended(text: bytes) -> bytes:
    """The text repaired to JSON; one that is too long, or otherwise wrong, is unchanged."""
    return without_numbers(as_utf8(without_halves(text)))


def without_halves(text: bytes) -> bytes:
    """The text without a byte order mark, and with U+FFFD in place of halves of surrogate pairs."""
    if len(text) > LONGEST or b"\0" in text:
        return text
    text = text.removeprefix(BOM)
    if b"\\u" not in text:
        return text
    plain = text.replace(_BACKSLASHES, _STAND_IN)
    return _LONE.sub(rb"\\ufffd", plain, _MOST).replace(_STAND_IN, _BACKSLASHES)


def without_numbers(text: bytes) -> bytes:
    """The text with `null` for numbers that JSON does not have."""
    if len(text) > LONGEST or not (b"NaN" in text or b"Infinity" in text):
        return text
    for number in _NUMBERS:
        text = number.sub(b"null", text, _MOST)
    return text


def as_utf8(text: bytes) -> bytes:
    """The text with U+FFFD in place of bytes that are not UTF-8."""
    return text if is_utf8(text) else text.decode("utf-8", "replace").encode()


def is_utf8(text: bytes) -> bool:
    """Whether the text is UTF-8, as JSON must be (RFC 8259, section 8.1)."""
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
