"""The file of approved tools: definitions by server and tool, as JSON that can be reviewed."""

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from ..errors import SettingsError
from ..telemetry.vocabulary import cut
from .definition import Definition

FILE_LIMIT = 64 * 1024 * 1024
FORMAT = "mcp-tool-baseline/1"

Servers = dict[str, dict[str, Definition]]
"""Approved tools by server and name."""


class _File(Struct):
    """The file; each definition is read as one that is listed."""

    format: str
    servers: dict[str, dict[str, dict[str, object]]]


_ADVICE = "write it by `python -m proxy.tools approve`"

_decode = msgspec.json.Decoder(_File).decode


def read(source: str, path: str) -> Servers:
    """The approved tools in a file; errors name `source`. Raises SettingsError."""
    try:
        with open(path, "rb") as file:
            content = file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise SettingsError(f"{source} {path}: cannot be read: {error.strerror}") from error
    if len(content) > FILE_LIMIT:
        raise SettingsError(f"{source} {path}: is longer than {FILE_LIMIT} bytes: {_ADVICE}")
    try:
        found = _decode(content)
        servers = {
            server: {name: _definition(name, each) for name, each in tools.items()}
            for server, tools in found.servers.items()
        }
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise SettingsError(f"{source} {path}: is no list of tools: {error}: {_ADVICE}") from error
    if found.format != FORMAT:
        raise SettingsError(f"{source} {path}: format is {found.format!r}, not {FORMAT!r}")
    return servers


def of_server(servers: Servers, name: str, *, alone: bool) -> Mapping[str, Definition]:
    """The approved tools of one server, by label; of the only one in the file if it is `alone`.

    None are approved of a server that is not in the file.
    """
    alone = alone and len(servers) == 1
    tools = next(iter(servers.values())) if alone else servers.get(name, {})
    return {cut(tool): definition for tool, definition in tools.items()}


def write(path: str, servers: Servers) -> None:
    """Replace the file at once, or leave it as it was. Raises SettingsError."""
    content = {"format": FORMAT, "servers": {name: _tools(each) for name, each in servers.items()}}
    text = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    folder = os.path.dirname(os.path.abspath(path))
    partial = ""
    try:
        handle, partial = tempfile.mkstemp(dir=folder, prefix=f".{Path(path).name}-")
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "surrogatepass"))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(partial, 0o644)
        os.replace(partial, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(partial)
        raise SettingsError(f"{path}: cannot be written: {error.strerror}") from error


def _definition(name: str, members: dict[str, object]) -> Definition:
    return msgspec.convert({**members, "name": name}, Definition)


def _tools(tools: Mapping[str, Definition]) -> dict[str, object]:
    found = {name: msgspec.to_builtins(tool) for name, tool in tools.items()}
    return {name: {key: each[key] for key in each if key != "name"} for name, each in found.items()}
