"""Property values as the engine sends them <-> plain Python values.

A secret travels as a map with a signature, an unknown value (previews only) as a fixed string.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format  # type: ignore[import-untyped]
from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped]
from pulumi.runtime import rpc

# pulumi-python spells these with an underscore, but they are the protocol's, for all languages:
# sdk/go/common/resource/properties.go.
_SIGNATURE = rpc._special_sig_key
_SECRET = rpc._special_secret_sig
UNKNOWN = rpc.UNKNOWN

Properties = dict[str, Any]


@dataclass(frozen=True)
class Secret:
    """A value that must not be written anywhere in clear."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(...)"


def decode(struct: Struct) -> Properties:
    """The properties in `struct`, secrets as `Secret`, whole numbers as int."""
    return {
        key: _decoded(value)
        for key, value in json_format.MessageToDict(
            struct, preserving_proto_field_name=True
        ).items()
    }


def encode(properties: Mapping[str, Any]) -> Struct:
    """`properties` for the wire, the inverse of `decode`."""
    struct = Struct()
    struct.update({key: _encoded(value) for key, value in properties.items()})
    return struct


def reveal(value: Any) -> Any:
    """`value` without the marks: what goes to the API server."""
    if isinstance(value, Secret):
        return reveal(value.value)
    return _mapped(value, reveal)


def conceal(value: Any, like: Any) -> Any:
    """Mark as secret in `value` what is secret at the same place in `like`."""
    if isinstance(like, Secret):
        return value if isinstance(value, Secret) else Secret(value)
    if isinstance(value, dict) and isinstance(like, dict):
        return {key: conceal(child, like.get(key)) for key, child in value.items()}
    if isinstance(value, list) and isinstance(like, list) and len(value) == len(like):
        return [conceal(child, model) for child, model in zip(value, like, strict=True)]
    return Secret(value) if isinstance(value, list) and has_secret(like) else value


def has_secret(value: Any) -> bool:
    """Whether anything in `value` is secret."""
    if isinstance(value, Secret):
        return True
    children = value.values() if isinstance(value, dict) else value
    return isinstance(value, dict | list) and any(map(has_secret, children))


def _decoded(value: Any) -> Any:
    if isinstance(value, dict) and value.get(_SIGNATURE) == _SECRET:
        return Secret(_decoded(value["value"]))
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return _mapped(value, _decoded)


def _encoded(value: Any) -> Any:
    if isinstance(value, Secret):
        return {_SIGNATURE: _SECRET, "value": _encoded(value.value)}
    return _mapped(value, _encoded)


def _mapped(value: Any, change: Any) -> Any:
    if isinstance(value, dict):
        return {key: change(child) for key, child in value.items()}
    if isinstance(value, list):
        return [change(child) for child in value]
    return value
