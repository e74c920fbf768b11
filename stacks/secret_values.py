"""Secret values in configurations and plans: pure code passes them on without looking inside."""

import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_DIGITS = 5


@dataclass(frozen=True, slots=True, repr=False)
class SecretValue:
    """A value that must not appear in state, previews, outputs or messages.

    It holds text or, in programs that use the component, a Pulumi output.
    """

    value: Any

    def __repr__(self) -> str:
        return "[secret]"


Text = str | SecretValue
"""Text that may be secret."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """The checksum of values that are known only when the stack is deployed."""

    salt: str
    values: tuple[tuple[str, SecretValue], ...]


def sealed(value: Any) -> Any:
    """A copy with all text and numbers as secret values."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return SecretValue(value)
    return _copied(value, sealed)


def revealed(value: Any) -> Any:
    """A copy with the content of the secret values."""
    return value.value if isinstance(value, SecretValue) else _copied(value, revealed)


def _copied(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, Mapping):
        return {key: change(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(change, value))
    return value


def checksum(salt: str, values: Mapping[str, Text]) -> str | Checksum:
    """A short text that changes with the values and does not reveal them.

    It goes into annotations of pods, so that pods restart when their secrets change. Any number of
    values share a checksum, and computing one is slow: it is of no use for guessing.
    """
    pairs = tuple(sorted((name, revealed(each)) for name, each in values.items()))
    if all(isinstance(each, str) for _, each in pairs):
        return digest(salt, pairs)
    return Checksum(salt, tuple((name, SecretValue(each)) for name, each in pairs))


@functools.cache
def digest(salt: str, values: tuple[tuple[str, str], ...]) -> str:
    """The checksum of values that are known."""
    key = hashlib.scrypt(json.dumps(values).encode(), salt=salt.encode(), n=2**14, r=8, p=1)
    return key.hex()[:_DIGITS]
