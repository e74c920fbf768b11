"""A tool's definition: what a client and its model depend on, in one form whatever its spelling.

That is the description, the schemas of input and output, and the annotations; not the title, icons
and `_meta`, of which a model sees nothing.
"""

from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

LONGEST_COMPARED = 256 * 1024
"""Bytes of a tool's JSON that is read to be compared; a longer one is compared byte by byte."""

Digest = bytes
"""Equal for two definitions of one tool that differ in the order of keys, spaces or escapes."""


class Definition(Struct, gc=False, frozen=True, rename="camel", omit_defaults=True):
    """A tool's definition; null is as good as absent."""

    name: str
    description: Any = None
    input_schema: Any = None
    output_schema: Any = None
    annotations: Any = None


_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)

_decode = msgspec.json.Decoder(Definition).decode
_encode = msgspec.json.Encoder(order="sorted").encode


def canonical(text: bytes) -> bytes | None:
    """A tool's definition in its one form, by its JSON as listed; None if that is too long."""
    if len(text) > LONGEST_COMPARED:
        return None
    try:
        return _encode(_decode(text))
    except _UNREADABLE:
        return None


def digest_of(text: bytes) -> Digest:
    """The digest of a definition in its one form, or of a text that has none."""
    return blake2b(text, digest_size=16).digest()


def parse(form: bytes) -> Definition:
    """The definition whose one form that is."""
    return _decode(form)


def write(value: object) -> str:
    """A part of a definition as JSON, keys in order."""
    return _encode(value).decode()
