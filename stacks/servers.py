"""The MCP servers a stack runs: who runs them, and how they are spoken to."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from stacks import fields
from stacks.endpoints import PROXY_MCP_PORT, PROXY_METRICS_PORT
from stacks.fields import ConfigError


class ServerRuntime(StrEnum):
    """Who runs the server and stands in front of it."""

    TOOLHIVE = "toolhive"
    PROXY = "proxy"


class Transport(StrEnum):
    """The transport the server itself speaks."""

    STDIO = "stdio"
    STREAMABLE_HTTP = "streamable-http"
    SSE = "sse"


DEFAULT_PATHS = {Transport.SSE: "/sse"}
"""Where a server is reached if nothing is said, other than at `DEFAULT_PATH`."""
DEFAULT_PATH = "/mcp"


@dataclass(frozen=True, slots=True)
class Server:
    """One MCP server.

    `port` is where the server itself listens, None for stdio. `command` starts a stdio server as
    our proxy's child; `arguments` follow the image's own entry point.
    """

    name: str
    runtime: ServerRuntime
    image: str
    transport: Transport
    port: int | None = None
    path: str = DEFAULT_PATH
    command: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


KEYS = ("name", "runtime", "image", "transport", "port", "path", "command", "args", "env")
_REQUIRED = ("name", "runtime", "image", "transport")


@dataclass(frozen=True, slots=True)
class _Given:
    """One entry of `servers` under its key, with the parts that decide what else it may say."""

    key: str
    entry: dict[str, object]
    runtime: ServerRuntime
    transport: Transport

    def refuse(self, name: str, allowed: str) -> ConfigError:
        """The error for one of the entry's keys."""
        return fields.refuse(f"{self.key}.{name}", self.entry[name], allowed)

    def get(self, name: str, read: Callable[[str, object], tuple[str, ...]]) -> tuple[str, ...]:
        """A list that may be left out."""
        return read(f"{self.key}.{name}", self.entry[name]) if name in self.entry else ()


def _words(key: str, value: object) -> tuple[str, ...]:
    return fields.items(fields.text, key, value, "text")


def _port(given: _Given) -> int | None:
    if given.transport is Transport.STDIO:
        if "port" in given.entry:
            raise given.refuse("port", "a stdio server has no port; leave it out")
        return None
    behind_proxy = given.runtime is ServerRuntime.PROXY
    if behind_proxy and "port" not in given.entry:
        raise ConfigError(f"{given.key}.port: missing; say where the server listens in its pod")
    port = fields.integer(f"{given.key}.port", given.entry.get("port", 8080), 1, 65535)
    if behind_proxy and port in (PROXY_MCP_PORT, PROXY_METRICS_PORT):
        raise given.refuse("port", "the proxy in the same pod listens there; choose another")
    return port


def _command(given: _Given) -> tuple[str, ...]:
    wanted = given.runtime is ServerRuntime.PROXY and given.transport is Transport.STDIO
    if not wanted and "command" in given.entry:
        raise given.refuse("command", "only runtime proxy with transport stdio has a command")
    command = given.get("command", _words)
    if wanted and not command:
        raise ConfigError(f"{given.key}.command: missing; transport stdio needs the command to run")
    return command


def _arguments(given: _Given) -> tuple[str, ...]:
    if "args" in given.entry and given.entry.get("command"):
        raise given.refuse("args", "put the arguments into command")
    return given.get("args", _words)


def parse_server(key: str, value: object) -> Server:
    """One entry of `servers`; raises ConfigError."""
    if not isinstance(value, dict):
        raise fields.refuse(key, value, f"it must be a map with {', '.join(_REQUIRED)}")
    fields.known_keys(f"{key}.", value, KEYS)
    for name in _REQUIRED:
        if name not in value:
            raise ConfigError(f"{key}.{name}: missing; every server has {', '.join(_REQUIRED)}")
    runtime = fields.choice(ServerRuntime, f"{key}.runtime", value["runtime"])
    transport = fields.choice(Transport, f"{key}.transport", value["transport"])
    default = DEFAULT_PATHS.get(transport, DEFAULT_PATH)
    given = _Given(key, value, runtime, transport)
    return Server(
        name=fields.label(f"{key}.name", value["name"]),
        runtime=runtime,
        image=fields.image(f"{key}.image", value["image"]),
        transport=transport,
        port=_port(given),
        path=fields.path(f"{key}.path", value.get("path", default)),
        command=_command(given),
        arguments=_arguments(given),
        environment=fields.variables(f"{key}.env", value.get("env", {})),
    )
