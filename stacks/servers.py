"""The MCP servers of a stack: what runs them, and which transport they use."""

from dataclasses import dataclass
from enum import StrEnum

from stacks import fields
from stacks.endpoints import PROXY_MCP_PORT, PROXY_METRICS_PORT
from stacks.fields import ConfigError
from stacks.secret_values import Text


class ServerRuntime(StrEnum):
    """What runs the server and proxies it."""

    TOOLHIVE = "toolhive"
    PROXY = "proxy"


class Transport(StrEnum):
    """The transport of the server itself."""

    STDIO = "stdio"
    STREAMABLE_HTTP = "streamable-http"
    SSE = "sse"


DEFAULT_PATHS = {Transport.SSE: "/sse"}
"""Default paths other than `DEFAULT_PATH`."""
DEFAULT_PATH = "/mcp"


@dataclass(frozen=True, slots=True)
class Server:
    """One MCP server.

    `port` is the server's own port, None for stdio. `command` starts a stdio server as a child of
    our proxy; `arguments` are appended to the image's entry point.
    """

    name: str
    runtime: ServerRuntime
    image: str
    transport: Transport
    port: int | None = None
    path: str = DEFAULT_PATH
    command: tuple[Text, ...] = ()
    arguments: tuple[Text, ...] = ()
    environment: tuple[tuple[str, Text], ...] = ()


KEYS = ("name", "runtime", "image", "transport", "port", "path", "command", "args", "env")
_REQUIRED = ("name", "runtime", "image", "transport")


@dataclass(frozen=True, slots=True)
class _Given:
    """One entry of `servers` with its key; runtime and transport decide which keys are allowed."""

    key: str
    entry: dict[str, object]
    runtime: ServerRuntime
    transport: Transport

    def refuse(self, name: str, allowed: str) -> ConfigError:
        """The error for one of the entry's keys."""
        return fields.refuse(f"{self.key}.{name}", self.entry[name], allowed)

    def words(self, name: str) -> tuple[Text, ...]:
        """An optional list of text."""
        key = f"{self.key}.{name}"
        return fields.items(fields.secret_text, key, self.entry.get(name, []), "text")


def _port(given: _Given) -> int | None:
    if given.transport is Transport.STDIO:
        if "port" in given.entry:
            raise given.refuse("port", "a stdio server has no port; leave it out")
        return None
    behind_proxy = given.runtime is ServerRuntime.PROXY
    if behind_proxy and "port" not in given.entry:
        raise ConfigError(f"{given.key}.port: missing; give the port of the server in its pod")
    port = fields.integer(f"{given.key}.port", given.entry.get("port", 8080), 1, 65535)
    if behind_proxy and port in (PROXY_MCP_PORT, PROXY_METRICS_PORT):
        raise given.refuse("port", "the proxy in the same pod uses it; choose another")
    return port


def _command(given: _Given) -> tuple[Text, ...]:
    wanted = given.runtime is ServerRuntime.PROXY and given.transport is Transport.STDIO
    if not wanted and "command" in given.entry:
        raise given.refuse(
            "command", "only servers with runtime proxy and transport stdio have a command"
        )
    command = given.words("command")
    if wanted and not command:
        raise ConfigError(f"{given.key}.command: missing; transport stdio needs the command to run")
    return command


def _arguments(given: _Given) -> tuple[Text, ...]:
    if "args" in given.entry and given.entry.get("command"):
        raise given.refuse("args", "put the arguments into command")
    return given.words("args")


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
