"""A tool's definition: what a client and its model depend on, in one form whatever its spelling.

That is the description, the schemas of input and output, and the annotations; not the title, icons
and `_meta`, of which a model sees nothing.
"""

import json
import re
from collections.abc import Iterable
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


_UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)
_LONG_NUMBER = re.compile(rb"(?<![0-9])[0-9]{400}").search
"""Reading thousands of digits takes about a millisecond."""

_decode = msgspec.json.Decoder(Definition).decode
# Not msgspec's: its time to sort grows with the square of the number of keys for some orders.
_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


def canonical(text: bytes) -> bytes | None:
    """A tool's definition in its one form, by its JSON as listed; None if that is too long."""
    if len(text) > LONGEST_COMPARED or _LONG_NUMBER(text):
        return None
    try:
        return write(_decode(text)).encode()
    except _UNREADABLE:
        return None


def merged(tools: Iterable[Definition]) -> Definition:
    """One definition of several tools: a member in which they differ is a list of what it is."""
    members = [msgspec.structs.asdict(each) for each in tools]
    values = {name: {write(each[name]): each[name] for each in members} for name in members[0]}
    found = {
        name: next(iter(each.values())) if len(each) == 1 else [each[key] for key in sorted(each)]
        for name, each in values.items()
    }
    return Definition(**{**found, "name": min(each["name"] for each in members)})


def digest_of(text: bytes) -> Digest:
    """The digest of a definition in its one form, or of another text as it is."""
    return blake2b(text, digest_size=16).digest()


def parse(form: bytes) -> Definition:
    """The definition whose one form that is."""
    return _decode(form)


def write(value: object) -> str:
    """A definition, a part of one, or other JSON with its keys in order."""
    return _encode(_members(value) if isinstance(value, Definition) else value)


def _members(tool: Definition) -> dict[str, object]:
    pairs = zip(tool.__struct_encode_fields__, msgspec.structs.astuple(tool), strict=True)
    return {name: each for name, each in pairs if each is not None}
