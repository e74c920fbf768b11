"""Checks that turn untrusted configuration values into typed ones, or raise ConfigError.

A key that holds a secret anywhere is secret as a whole. Where only plain values make sense, such as
in names, the checks take the content of a secret value; messages never show it.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from proxy.suggestions import did_you_mean
from stacks.secret_values import SecretValue, Text, revealed

Choice = TypeVar("Choice", bound=StrEnum)
Item = TypeVar("Item")
Parameters = ParamSpec("Parameters")
Reader = Callable[[str, object], Item]

NAME_LIMIT = 50
# A Service's name is an RFC 1035 label; operators append up to 13 characters to ours.
_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_OBJECT_NAME = re.compile(r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_QUANTITY = re.compile(r"\d+(\.\d+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")


class ConfigError(ValueError):
    """Configuration mistakes, one line each: key, value, and what is allowed."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class Mistakes:
    """Collects the mistakes of several checks, to report all of them at once."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def check(
        self,
        read: Callable[Parameters, Item],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Item:
        """The result of a check; after a mistake None, which must not be used before `report`."""
        try:
            return read(*args, **kwargs)
        except ConfigError as error:
            self._lines += error.lines
            return cast(Item, None)

    def add(self, error: ConfigError) -> None:
        """Note a mistake that was found otherwise."""
        self._lines += error.lines

    def report(self) -> None:
        """Raise ConfigError if there were any mistakes."""
        if self._lines:
            raise ConfigError(*dict.fromkeys(self._lines))


class Entry:
    """A map of the configuration with known keys; unknown ones are mistakes."""

    def __init__(
        self, prefix: str, given: Mapping[Any, Any], known: Collection[str], mistakes: Mistakes
    ) -> None:
        self._prefix = prefix
        self._given = given
        self.mistakes = mistakes
        mistakes.check(known_keys, prefix, given, known)

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def key(self, name: str) -> str:
        """The full key, for messages."""
        return f"{self._prefix}{name}"

    def get(self, name: str) -> object:
        """The unchecked value."""
        return self._given.get(name)

    def read(self, name: str, read: Reader[Item], default: Item) -> Item:
        """The checked value, or the default if the key is left out."""
        if name not in self._given:
            return default
        return self.mistakes.check(read, self.key(name), self._given[name])

    def required(self, name: str, read: Reader[Item], hint: str) -> Item:
        """The checked value; a mistake if the key is left out."""
        if name in self._given:
            return self.mistakes.check(read, self.key(name), self._given[name])
        self.mistakes.add(ConfigError(f"{self.key(name)}: missing; {hint}"))
        return cast(Item, None)

    def refuse(self, name: str, allowed: str) -> None:
        """Note that a given value is a mistake."""
        self.mistakes.add(refuse(self.key(name), self._given[name], allowed))

    def leave_out(self, name: str) -> None:
        """Read no more of a key."""
        self._given = {key: each for key, each in self._given.items() if key != name}


@contextmanager
def entry(key: str, value: object, known: Collection[str], needed: str = "") -> Iterator[Entry]:
    """A map with known keys; the end of the block raises ConfigError with all its mistakes."""
    if not isinstance(value, dict):
        raise refuse(key, value, f"it must be a map {needed or 'of ' + ', '.join(known)}")
    found = Entry(f"{key}.", value, known, Mistakes())
    yield found
    found.mistakes.report()


def refuse(key: str, value: object, allowed: str) -> ConfigError:
    """The error for a value that is not allowed."""
    shown = repr(value)
    shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
    return ConfigError(f"{key}: {shown} is not allowed; {allowed}")


def known_keys(prefix: str, given: Collection[object], known: Collection[str]) -> None:
    """Raise for unknown keys, suggesting the closest known ones."""
    mistakes = Mistakes()
    for name in given:
        if name in known:
            continue
        hint = did_you_mean(str(name), known) or f"known keys: {', '.join(known)}"
        mistakes.add(ConfigError(f"{prefix}{_shown(name)}: unknown key; {hint.rstrip()}"))
    mistakes.report()


def below(key: str, name: object) -> str:
    """The key of a map's item, in one line."""
    return f"{key}.{_shown(name)}"


def _shown(name: object) -> str:
    return str(name)[:80] if str(name).isprintable() else repr(name)[:80]


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


def _matching(key: str, value: object, form: re.Pattern[str], allowed: str) -> str:
    given = revealed(value)
    if isinstance(given, str) and form.fullmatch(given):
        return given
    raise refuse(key, value, allowed)


def label(key: str, value: object) -> str:
    """A name that is valid for a Service."""
    allowed = (
        f"it must be 1 to {NAME_LIMIT} lower-case letters, digits and '-', starting with a letter"
        " and ending with a letter or digit"
    )
    if len(_matching(key, value, _LABEL, allowed)) > NAME_LIMIT:
        raise refuse(key, value, allowed)
    return str(revealed(value))


def namespace(key: str, value: object) -> str:
    """A namespace name (RFC 1123 label)."""
    allowed = "it must be a namespace: lower-case letters, digits and '-'"
    return _matching(key, value, _NAMESPACE, allowed)


def object_name(key: str, value: object) -> str:
    """The name of an object in the cluster (RFC 1123 subdomain)."""
    allowed = "it must be the name of an object: lower-case letters, digits, '-' and '.'"
    return _matching(key, value, _OBJECT_NAME, allowed)


def variable(key: str, value: object) -> str:
    """The name of an environment variable."""
    return _matching(key, value, _VARIABLE, "it must be an environment variable's name")


def header(key: str, value: object) -> str:
    """The name of an HTTP header."""
    return _matching(key, value, _HEADER, "it must be the name of an HTTP header")


def quantity(key: str, value: object) -> str:
    """An amount of CPU, memory or storage, such as 250m or 1Gi."""
    given = revealed(value)
    shown = str(given) if isinstance(given, int | float) and not isinstance(given, bool) else value
    return _matching(key, shown, _QUANTITY, "it must be an amount such as 250m or 1Gi")


def image(key: str, value: object) -> str:
    """A container image with a tag other than `latest`, or a digest."""
    given = text(key, value)
    tag = given.rpartition("/")[2].partition(":")[2]
    if re.search(r"\s", given) or tag in ("", "latest"):
        raise refuse(key, value, "it must be an image with a fixed tag or digest, not latest")
    return given


def path(key: str, value: object) -> str:
    """An absolute URL path."""
    form = re.compile(r"/[\w./~-]*")
    return _matching(key, value, form, "it must be a URL path that starts with /")


def url(key: str, value: object) -> str:
    """An http or https URL without credentials."""
    given = revealed(value)
    try:
        parts = urlsplit(given) if isinstance(given, str) else None
        usable = parts and parts.hostname and parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        usable = False
    if not isinstance(given, str) or not usable or "@" in given or re.search(r"\s", given):
        raise refuse(key, value, "it must be an http or https URL without credentials")
    return given


def integer(key: str, value: object, low: int, high: int) -> int:
    """An integer from `low` to `high`, inclusive."""
    given = revealed(value)
    if isinstance(given, bool) or not isinstance(given, int) or not low <= given <= high:
        raise refuse(key, value, f"it must be a whole number from {low} to {high}")
    return given


def boolean(key: str, value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise refuse(key, value, "it must be true or false")
    return value


def items(read: Reader[Item], key: str, value: object, what: str) -> tuple[Item, ...]:
    """A list whose items are read by `read`, each with its own key."""
    if not isinstance(value, list):
        raise refuse(key, value, f"it must be a list of {what}")
    mistakes = Mistakes()
    found = tuple(mistakes.check(read, f"{key}[{index}]", each) for index, each in enumerate(value))
    mistakes.report()
    return found


def mapping(
    read_name: Reader[str], read: Reader[Item], key: str, value: object, what: str
) -> dict[str, Item]:
    """A map whose names and values are read, each value with its own key."""
    if not isinstance(value, dict):
        raise refuse(key, value, f"it must be a map from {what}")
    mistakes = Mistakes()
    found = {}
    for name, each in value.items():
        checked = mistakes.check(read_name, key, name)
        if checked is not None:
            found[checked] = mistakes.check(read, below(key, name), each)
    mistakes.report()
    return found


def tree(key: str, value: object) -> dict[str, Any]:
    """A map that is passed on without further checks."""
    if not isinstance(value, dict):
        raise refuse(key, value, "it must be a map")
    return value
