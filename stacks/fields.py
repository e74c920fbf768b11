"""Checks that turn untrusted configuration values into typed ones, or raise ConfigError.

A key that holds a secret anywhere is secret as a whole. Where only plain values make sense, such as
in names, the checks take the content of a secret value; messages never show it.
"""

import re
from collections.abc import Callable, Collection
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from stacks.secret_values import SecretValue, Text, revealed

Choice = TypeVar("Choice", bound=StrEnum)
Item = TypeVar("Item")

NAME_LIMIT = 50
# A Service's name is an RFC 1035 label; operators append up to 13 characters to ours.
_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class ConfigError(ValueError):
    """A configuration mistake in one line: key, value, and what is allowed."""


def refuse(key: str, value: object, allowed: str) -> ConfigError:
    """The error for a value that is not allowed."""
    shown = repr(value)
    shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
    return ConfigError(f"{key}: {shown} is not allowed; {allowed}")


def known_keys(prefix: str, given: Collection[object], known: Collection[str]) -> None:
    """Raise for the first unknown key, suggesting the closest known one."""
    for name in given:
        if name in known:
            continue
        near = get_close_matches(str(name), known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
        shown = str(name)[:80] if str(name).isprintable() else repr(name)[:80]
        raise ConfigError(f"{prefix}{shown}: unknown key; {hint}")


def choice(kind: type[Choice], key: str, value: object) -> Choice:
    """A value of the enum."""
    for each in kind:
        if each.value == revealed(value):
            return each
    raise refuse(key, value, f"allowed: {', '.join(kind)}")


def text(key: str, value: object) -> str:
    """A string that is not blank."""
    given = revealed(value)
    if not isinstance(given, str) or not given.strip():
        raise refuse(key, value, "it must be text")
    return given


def secret_text(key: str, value: object) -> Text:
    """Like `text`, but a secret value stays one; outputs are accepted as they are."""
    if is_output(value):
        return SecretValue(revealed(value))
    plain = text(key, value)
    return SecretValue(plain) if isinstance(value, SecretValue) else plain


def is_output(value: object) -> bool:
    """Whether this is a secret value whose content is known only at deployment."""
    known = (str, int, float, bool, type(None))
    return isinstance(value, SecretValue) and not isinstance(value.value, known)


def label(key: str, value: object) -> str:
    """A name that is valid for a Service."""
    given = revealed(value)
    if isinstance(given, str) and len(given) <= NAME_LIMIT and _LABEL.fullmatch(given):
        return given
    allowed = (
        f"it must be 1 to {NAME_LIMIT} lower-case letters, digits and '-', starting with a letter"
        " and ending with a letter or digit"
    )
    raise refuse(key, value, allowed)


def namespace(key: str, value: object) -> str:
    """A namespace name (RFC 1123 label)."""
    given = revealed(value)
    if isinstance(given, str) and _NAMESPACE.fullmatch(given):
        return given
    raise refuse(key, value, "it must be a namespace: lower-case letters, digits and '-'")


def image(key: str, value: object) -> str:
    """A container image with a tag other than `latest`, or a digest."""
    given = text(key, value)
    tag = given.rpartition("/")[2].partition(":")[2]
    if re.search(r"\s", given) or tag in ("", "latest"):
        raise refuse(key, value, "it must be an image with a fixed tag or digest, not latest")
    return given


def path(key: str, value: object) -> str:
    """An absolute URL path."""
    given = revealed(value)
    if not isinstance(given, str) or not re.fullmatch(r"/[\w./~-]*", given):
        raise refuse(key, value, "it must be a URL path that starts with /")
    return given


def integer(key: str, value: object, low: int, high: int) -> int:
    """An integer from `low` to `high`, inclusive."""
    given = revealed(value)
    if isinstance(given, bool) or not isinstance(given, int) or not low <= given <= high:
        raise refuse(key, value, f"it must be a whole number from {low} to {high}")
    return given


def items(
    read: Callable[[str, object], Item], key: str, value: object, what: str
) -> tuple[Item, ...]:
    """A list whose items are read by `read`, each with its own key."""
    if not isinstance(value, list):
        raise refuse(key, value, f"it must be a list of {what}")
    return tuple(read(f"{key}[{index}]", each) for index, each in enumerate(value))


def variables(key: str, value: object) -> tuple[tuple[str, Text], ...]:
    """Environment variables: a map of names to text, which may be secret."""
    if not isinstance(value, dict):
        raise refuse(key, value, "it must be a map from variable names to text")
    for name, each in value.items():
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            raise refuse(key, name, "it must be an environment variable's name")
        if not is_output(each) and not isinstance(revealed(each), str):
            raise refuse(f"{key}.{name}", each, "it must be text; quote numbers and booleans")
    return tuple(value.items())
