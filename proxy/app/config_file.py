"""The file of servers that MCP clients use (`mcp.json`).

The forms of Claude, Cursor, VS Code and their kin: an object `mcpServers` (or `servers`) of entries
by name, each with a command or a URL, in JSON with comments. Strings may refer to variables
(`variable_expansion`).
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..errors import SettingsError
from ..suggestions import did_you_mean
from .json_comments import plain_json
from .option_values import HttpTransport, is_argument
from .variable_expansion import expanded, references

FILE_LIMIT = 1024 * 1024

_HOLDERS = ("mcpServers", "servers")
_TRANSPORTS = {
    "http": HttpTransport.STREAMABLE_HTTP,
    "streamable-http": HttpTransport.STREAMABLE_HTTP,
    "streamable_http": HttpTransport.STREAMABLE_HTTP,
    "streamableHttp": HttpTransport.STREAMABLE_HTTP,
    "sse": HttpTransport.SSE,
}
_STDIO = "stdio"

_OF_A_COMMAND = ("command", "args", "env", "cwd")
_OF_A_URL = ("url", "headers")
# What some editors keep in an entry for themselves.
_OF_EDITORS = frozenset(
    {
        "alwaysAllow", "autoApprove", "description", "dev", "disabledTools", "enabled", "gallery",
        "icon", "name", "timeout", "tools", "trust", "version",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One server: `command` with what belongs to it, or a `url`, which is "" for a command.

    `transport` is None where the file does not say. `mount` is the first part of its paths at the
    proxy.
    """

    name: str
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    directory: str = ""
    url: str = field(default="", repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    transport: HttpTransport | None = None

    @property
    def mount(self) -> str:
        """The mount as part of a request target."""
        return f"/{quote(self.name, safe='')}"


@dataclass(frozen=True, slots=True)
class ServerList:
    """The entries of a file, and the `variables` that they name: what is theirs is for them."""

    source: str
    entries: tuple[Entry, ...]
    variables: frozenset[str]

    def only(self, flag: str, names: tuple[str, ...]) -> "ServerList":
        """Only those entries. Raises SettingsError for an unknown name."""
        known = {each.name: each for each in self.entries}
        for name in names:
            if name not in known:
                hint = f"{did_you_mean(name, known)}{_either(known)}"
                raise SettingsError(f"{flag}: {name!r} is not in {self.source}: {hint}")
        return ServerList(self.source, tuple(known[name] for name in names), self.variables)


def read(flag: str, path: str, environment: Mapping[str, str]) -> ServerList:
    """The servers of a file. Raises SettingsError: one line naming file, server and member."""
    source = f"{flag} {path}"
    file = Path(path)
    try:
        content = file.read_bytes()[: FILE_LIMIT + 1]
        document = _parsed(content) if len(content) <= FILE_LIMIT else None
    except OSError as error:
        raise SettingsError(f"{source}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{source}: is not JSON: {error}") from error
    holder = next((each for each in _HOLDERS if isinstance(_get(document, each), dict)), None)
    if holder is None:
        raise SettingsError(f'{source}: has no object "mcpServers" with an entry for each server')
    entries: list[Entry] = []
    variables: set[str] = set()
    for name, given in _get(document, holder).items():
        reader = _Reader(f"{source}: {name!r}", file.parent, environment)
        entry = reader.entry(name, given)
        if entry is not None:
            entries.append(entry)
            variables |= reader.variables
    if not entries:
        raise SettingsError(f"{source}: {holder} names no server that is enabled")
    return ServerList(path, tuple(entries), frozenset(variables))


class _Reader:
    """Reads one entry; errors name `where`."""

    def __init__(self, where: str, folder: Path, environment: Mapping[str, str]) -> None:
        self._where = where
        self._folder = folder
        self._environment = environment
        self.variables: set[str] = set()

    def entry(self, name: str, given: object) -> Entry | None:
        """The entry; None if it is disabled."""
        if not _is_text(name) or name in (".", "..", ".well-known"):
            raise self._wrong("the name cannot be part of a path: choose another")
        if not isinstance(given, dict):
            raise self._wrong("is no object: give it a command or a url")
        if given.get("disabled") is True or given.get("enabled") is False:
            return None
        transport = self._transport(given)
        theirs, others = (_OF_A_COMMAND, _OF_A_URL)[:: 1 if "command" in given else -1]
        known = {*theirs, "type", "transport", "disabled"}
        for each in given:
            if each in others:
                raise self._wrong(f"{each!r} is of no use beside {theirs[0]!r}")
            if each not in known | _OF_EDITORS:
                raise self._wrong(f"{each!r} is not known: {_either((*theirs, 'type'))}")
        if "command" in given:
            return self._command(name, given)
        headers = tuple(self._texts(given, "headers").items())
        return Entry(name, url=self._text(given, "url"), headers=headers, transport=transport)

    def _transport(self, given: Mapping[str, object]) -> HttpTransport | None:
        """The transport of a URL's server; None for a command, or if the entry has none."""
        kind = given.get("type", given.get("transport"))
        if ("command" in given) == ("url" in given):
            keys = ", ".join(map(repr, given)) or "nothing"
            raise self._wrong(f"needs a command or a url, and not both: it has {keys}")
        if kind is None or (kind == _STDIO and "command" in given):
            return None
        if isinstance(kind, str) and kind in _TRANSPORTS and "url" in given:
            return _TRANSPORTS[kind]
        fitting = (_STDIO,) if "command" in given else tuple(_TRANSPORTS)
        raise self._wrong(f"type {kind!r} does not fit: {_either(fitting)}")

    def _command(self, name: str, given: Mapping[str, object]) -> Entry:
        arguments = given.get("args", [])
        if not isinstance(arguments, list):
            raise self._wrong("args is no array of strings")
        whole = (self._text(given, "command"), *(self._string("args", each) for each in arguments))
        directory = self._text(given, "cwd") if "cwd" in given else ""
        if directory:
            directory = os.path.abspath(self._folder / directory)
            if not os.path.isdir(directory):
                raise self._wrong(f"cwd {directory!r} is no folder that exists")
        return Entry(name, whole, self._texts(given, "env"), directory)

    def _texts(self, given: Mapping[str, object], member: str) -> dict[str, str]:
        found = given.get(member, {})
        if not isinstance(found, dict):
            raise self._wrong(f"{member} is no object of strings")
        return {
            self._string(member, name): self._string(f"{member}.{name}", _spelled(value))
            for name, value in found.items()
        }

    def _text(self, given: Mapping[str, object], member: str) -> str:
        text = self._string(member, given[member])
        if not text:
            raise self._wrong(f"{member} is empty")
        return text

    def _string(self, member: str, value: object) -> str:
        if not isinstance(value, str) or not is_argument(value):
            raise self._wrong(f"{member} is no string that a program can be given")
        try:
            text = expanded(value, self._environment)
        except ValueError as error:
            raise self._wrong(f"{member}: {error}") from error
        if member != "command" and not member.startswith("args"):
            self.variables |= references(value)
        return text

    def _wrong(self, what: str) -> SettingsError:
        return SettingsError(f"{self._where}: {what}")


def _is_text(name: str) -> bool:
    """Whether a path can hold a name: surrogates, which JSON can have, are no characters."""
    return bool(name) and "\0" not in name and name.encode("utf-8", "ignore").decode() == name


def _spelled(value: object) -> object:
    """Numbers and booleans as text for the environment, since they are often unquoted."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


def _parsed(content: bytes) -> object:
    """A file's JSON; raises ValueError or RecursionError."""
    return json.loads(plain_json(content.decode(json.detect_encoding(content))))


def _get(document: object, member: str) -> Any:
    return document.get(member) if isinstance(document, dict) else None


def _either(known: "Mapping[str, object] | tuple[str, ...]") -> str:
    return f"use one of {', '.join(known)}"
