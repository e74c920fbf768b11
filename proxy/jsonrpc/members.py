"""JSON objects parsed into raw values: unchanged values keep their bytes."""

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Raw

from ..errors import MalformedMessage
from .repair import mended

Fields = dict[str, Raw]

_decode: Final = msgspec.json.Decoder(Fields).decode
encode: Callable[[object], bytes] = msgspec.json.encode


def parse_members(data: bytes | Raw) -> Fields:
    """The members of an object, mended where it is hardly JSON (`repair`).

    Raises MalformedMessage if `data` is not an object.
    """
    try:
        return parse_exact(data)
    except MalformedMessage:
        text = mended(bytes(data))
        if text == bytes(data):
            raise
        return parse_exact(text)


def parse_exact(data: bytes | Raw) -> Fields:
    """The members of an object, with their exact bytes. Raises MalformedMessage."""
    try:
        return _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedMessage(f"not a JSON object: {error}") from error


def members(parent: Fields, name: str) -> Fields:
    """The members of a nested object; none if it is absent or null. Raises MalformedMessage."""
    raw = parent.get(name)
    return {} if raw is None or bytes(raw) == b"null" else parse_members(raw)


def members_or_empty(parent: Fields, name: str) -> Fields:
    """The members of a nested object; none for any other value."""
    try:
        return members(parent, name)
    except MalformedMessage:
        return {}


def raw(value: object) -> Raw:
    """A value as raw JSON."""
    return Raw(encode(value))
