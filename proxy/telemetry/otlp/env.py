"""Typed reads of environment variables, each mistake one line.

An empty value counts as unset, as the OpenTelemetry specification says; times are in milliseconds
there and in seconds here.
"""

import re
from collections.abc import Mapping
from urllib.parse import unquote

from ...errors import SettingsError
from ...urls import http_url, shown

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[ -~]*")


class Variables:
    """The variables of an environment. Every read raises SettingsError on a value it cannot use."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._values = {name: value.strip() for name, value in environment.items()}

    def text(self, *names: str, default: str = "") -> str:
        """The first of the variables that is set."""
        return self.named(*names, default=default)[1]

    def named(self, *names: str, default: str = "") -> tuple[str, str]:
        """The first of the variables that is set, with its name."""
        found = ((name, self._values[name]) for name in names if self._values.get(name))
        return next(found, (names[-1], default))

    def choice(self, *names: str, allowed: tuple[str, ...], default: str) -> str:
        """One of the allowed values, in lower case."""
        name, value = self.named(*names, default=default)
        if value.lower() not in allowed:
            raise refusal(name, value, f"one of {', '.join(allowed)}")
        return value.lower()

    def choices(self, name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        """Any of the allowed values, with commas between."""
        given = tuple(filter(None, map(str.strip, self.text(name).lower().split(","))))
        for each in given:
            if each not in allowed:
                raise refusal(name, each, f"one of {', '.join(allowed)}")
        return given

    def milliseconds(self, *names: str, default: int) -> float:
        """Seconds, from a variable in milliseconds."""
        name, text = self.named(*names, default=str(default))
        return _whole(name, text, "a whole number of milliseconds above 0") / 1000

    def count(self, name: str, default: int) -> int:
        """A number of things."""
        return _whole(name, self.text(name, default=str(default)), "a whole number above 0")

    def ratio(self, name: str, default: str) -> float:
        """A number from 0 to 1."""
        text = self.text(name, default=default)
        try:
            ratio = float(text)
        except ValueError:
            ratio = float("nan")
        if not 0 <= ratio <= 1:
            raise refusal(name, text, "a ratio from 0 to 1")
        return ratio

    def pairs(self, *names: str, secret: bool = False) -> list[tuple[str, str]]:
        """`key=value` with commas between, percent-encoded as in W3C Baggage.

        What may be a secret is not repeated in a refusal.
        """
        name, text = self.named(*names)
        pairs = []
        for place, member in enumerate(filter(None, map(str.strip, text.split(","))), 1):
            key, equals, value = member.partition("=")
            if not equals or not key.strip():
                named = f"pair {place}" if secret else member
                raise refusal(name, named, "key=value pairs with commas between")
            pairs.append((unquote(key.strip()), unquote(value.strip())))
        return pairs

    def headers(self, *names: str) -> tuple[tuple[str, str], ...]:
        """As `pairs`, fit to be header lines. A refusal names the header, never its value."""
        pairs = self.pairs(*names, secret=True)
        for key, value in pairs:
            if not _TOKEN.fullmatch(key):
                raise refusal(self.named(*names)[0], key, "the name of a header")
            if not _HEADER_VALUE.fullmatch(value):
                raise refusal(self.named(*names)[0], key, "a value of printable ASCII for it")
        return tuple(pairs)

    def url(self, *names: str, default: str) -> tuple[str, str]:
        """An absolute http or https URL with the name of its variable."""
        name, text = self.named(*names, default=default)
        parts = http_url(text)
        if parts is None or not re.fullmatch(r"[!-~]+", text):
            raise refusal(name, shown(text), "a URL such as http://127.0.0.1:4318")
        if "@" in parts.netloc:
            raise refusal(
                name, shown(text), "a URL without credentials: they belong into the headers"
            )
        return name, text


def refusal(name: str, value: str, allowed: str) -> SettingsError:
    """An error line: the variable, its value, and what is allowed."""
    return SettingsError(f"{name}: {value!r} is not allowed: use {allowed}")


def _whole(name: str, text: str, allowed: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= 15 and int(text) > 0):
        raise refusal(name, text, allowed)
    return int(text)
