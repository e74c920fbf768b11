"""The MCP servers behind the proxy, as the settings say it: one, or those of a file."""

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import SplitResult

from ..errors import SettingsError
from ..urls import shown
from ..users import User
from . import config_file
from .option_values import HttpTransport, header_value, server_url
from .options import (
    CHILD_USER,
    COMMAND,
    CONFIG,
    CWD,
    ENV,
    HEADER,
    ONLY,
    OPTIONS,
    PREFIX,
    SERVER_NAME,
    STDIO,
    STDIO_SHARING,
    UPSTREAM,
    UPSTREAM_TRANSPORT,
)

DEFAULT_PATH = "/mcp"
_OTLP_HEADERS = re.compile("OTEL_EXPORTER_OTLP_(?:[A-Z]+_)?HEADERS")


@dataclass(frozen=True, slots=True)
class HttpServer:
    """An MCP server that is reached by HTTP. `headers` go with every request to it."""

    url: SplitResult
    transport: HttpTransport
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def host(self) -> str:
        """The host to connect to."""
        return self.url.hostname or ""

    @property
    def port(self) -> int:
        """The port to connect to."""
        return self.url.port or (443 if self.secure else 80)

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken."""
        return self.url.scheme == "https"

    @property
    def target(self) -> bytes:
        """The request target: path and query."""
        query = f"?{self.url.query}" if self.url.query else ""
        return f"{self.url.path or '/'}{query}".encode()

    @property
    def fixed(self) -> bytes:
        """The header lines of every request; they may hold secrets."""
        # Not by wire.request: settings are read before a missing package is reported.
        lines = (("host", self.url.netloc), *self.headers)
        return "".join(f"{name}: {value}\r\n" for name, value in lines).encode("latin-1")

    @property
    def replaced(self) -> frozenset[bytes]:
        """Names, in lower case, of header lines that clients do not set."""
        return frozenset(name.lower().encode() for name, _ in self.headers)

    @property
    def log_name(self) -> str:
        """The server as logs name it: without the query, which may hold a token."""
        return f"{self.url.scheme}://{self.url.netloc}{self.url.path or '/'}"

    @property
    def path(self) -> str:
        """Where clients find MCP here: for streamable HTTP at the server's own path."""
        sse = self.transport is HttpTransport.SSE
        return DEFAULT_PATH if sse else self.url.path or "/"


@dataclass(frozen=True, slots=True)
class StdioServer:
    """An MCP server that is started as a process: for each session, or one that is `shared`.

    `command[0]` is the path of an executable; `environment` is all that it gets. It runs in
    `directory`, "" for the proxy's own, and as `user`, None for the proxy's own.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    shared: bool = False
    directory: str = ""
    user: User | None = None

    @property
    def path(self) -> str:
        """The endpoint's path."""
        return DEFAULT_PATH

    @property
    def log_name(self) -> str:
        """The server as logs name it: without its arguments, which may hold a token."""
        return self.command[0]


class Named(NamedTuple):
    """A server, what it is called (None: as the environment says), and where its paths begin."""

    name: str | None
    mount: str
    server: HttpServer | StdioServer


def servers_of(
    values: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[list[Named], frozenset[str]]:
    """All servers that the options name, and the variables that are theirs alone.

    Raises SettingsError.
    """
    path = values[CONFIG.name]
    if path is None:
        if values[ONLY.name]:
            raise SettingsError(f"{ONLY.flag} is of no use without {CONFIG.flag}")
        return [Named(values[SERVER_NAME.name], "", _server(values, environment))], frozenset()
    for option in (UPSTREAM, COMMAND, SERVER_NAME, HEADER, ENV, CWD):
        if values[option.name]:
            raise SettingsError(
                f"{CONFIG.flag} and {option.flag} are both given: say it in the file, or leave"
                f" {CONFIG.flag} out"
            )
    listed = config_file.read(CONFIG.flag, path, environment)
    if values[ONLY.name]:
        listed = listed.only(ONLY.flag, values[ONLY.name])
    if values[STDIO.name] and len(listed.entries) > 1:
        names = ", ".join(each.name for each in listed.entries)
        raise SettingsError(
            f"{STDIO.flag} serves one server, and {path} has {names}: choose one by {ONLY.flag}"
        )
    passed = _passed(environment, listed.variables)
    return [
        Named(
            each.name,
            each.mount,
            listed_server(
                f"{CONFIG.flag} {path}",
                each,
                passed,
                values[CHILD_USER.name],
                shared=values[STDIO_SHARING.name],
            ),
        )
        for each in listed.entries
    ], listed.variables


def listed_server(
    source: str,
    entry: config_file.Entry,
    passed: Mapping[str, str],
    user: User | None = None,
    *,
    shared: bool = False,
) -> HttpServer | StdioServer:
    """A server of the file `source`; `passed` is the environment for all of them.

    Raises SettingsError.
    """
    where = f"{source}: {entry.name!r}"
    if entry.url:
        try:
            url = server_url(entry.url)
        except ValueError as error:
            raise SettingsError(f"{where}: url is not allowed: {error}") from error
        headers = tuple(_header(where, *each) for each in entry.headers if _is_own(each[0]))
        return HttpServer(url, entry.transport or _usual_transport(url), headers)
    try:
        return _stdio_server(
            entry.command,
            {**passed, **entry.environment},
            entry.directory,
            user,
            shared=shared,
        )
    except SettingsError as error:
        raise SettingsError(f"{where}: {error}") from error


def _server(values: Mapping[str, Any], environment: Mapping[str, str]) -> HttpServer | StdioServer:
    upstream: SplitResult | None = values[UPSTREAM.name]
    transport: HttpTransport | None = values[UPSTREAM_TRANSPORT.name]
    command: tuple[str, ...] | None = values[COMMAND.name]
    if upstream is not None and command is not None:
        raise SettingsError(
            f"{UPSTREAM.flag} {shown(upstream.geturl())!r} and the command {command[0]!r} are both"
            " given: a proxy stands in front of one server, give one of them"
        )
    if upstream is not None:
        _refuse_what_only_processes_have(values, upstream)
        transport = transport or _usual_transport(upstream)
        return HttpServer(upstream, transport, values[HEADER.name])
    if values[HEADER.name]:
        raise SettingsError(f"{HEADER.flag} is of no use with a command: only HTTP has headers")
    if transport is HttpTransport.SSE and command is not None:
        raise SettingsError(
            f"{UPSTREAM_TRANSPORT.flag} {transport} and the command {command[0]!r} are both given:"
            " a command's transport is stdio, leave the flag out"
        )
    if command is None:
        raise SettingsError(
            "no MCP server is given: use --upstream URL, --config PATH, or -- command argument..."
        )
    return _stdio_server(
        command,
        {**_passed(environment), **dict(values[ENV.name])},
        values[CWD.name],
        values[CHILD_USER.name],
        shared=values[STDIO_SHARING.name],
    )


def _stdio_server(
    command: Sequence[str],
    environment: Mapping[str, str],
    directory: str,
    user: User | None,
    *,
    shared: bool,
) -> StdioServer:
    if user is not None and os.geteuid() not in (0, user.user_id):
        raise SettingsError(
            f"{CHILD_USER.flag}: {user.name!r} cannot be: only root starts processes as another"
            " user; leave the flag out"
        )
    if user is not None:
        environment = {**environment, "HOME": user.home, "USER": user.name, "LOGNAME": user.name}
    named = command[0]
    if directory and os.sep in named:
        named = os.path.join(directory, named)
    executable = shutil.which(named, path=environment.get("PATH", os.defpath))
    if executable is None:
        raise SettingsError(
            f"command: {command[0]!r} is not an executable file here or on PATH: give one that is"
        )
    whole = (os.path.abspath(executable), *command[1:])
    return StdioServer(whole, environment, shared, directory, user)


def _passed(
    environment: Mapping[str, str], hidden: frozenset[str] = frozenset()
) -> Mapping[str, str]:
    """What servers get of the proxy's environment: not its settings, secrets, and the `hidden`."""
    hidden |= {*secrets(environment)}
    return {
        name: value
        for name, value in environment.items()
        if name not in hidden and not name.startswith(PREFIX)
    }


def secrets(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The variables whose values are the proxy's own secrets."""
    own = {option.variable for option in OPTIONS if option.secret or option.private}
    return tuple(name for name in environment if name in own or _OTLP_HEADERS.fullmatch(name))


def _is_own(name: str) -> bool:
    """Whether a header is the owner's to set: some write down what every client sends anyway."""
    return name.lower() not in ("accept", "content-type")


def _header(where: str, name: str, value: str) -> tuple[str, str]:
    try:
        HEADER.read(f"{name}={value}")
        return name, header_value(value)
    except ValueError as error:
        raise SettingsError(f"{where}: headers: {name!r} is not allowed: {error}") from error


def _usual_transport(url: SplitResult) -> HttpTransport:
    """The default transport of a URL: a path that ends in /sse is HTTP+SSE by convention."""
    is_sse = url.path.rstrip("/").endswith("/sse")
    return HttpTransport.SSE if is_sse else HttpTransport.STREAMABLE_HTTP


def _refuse_what_only_processes_have(values: Mapping[str, Any], upstream: SplitResult) -> None:
    useless = (
        (STDIO_SHARING, " on", "only a command's process can be shared"),
        (ENV, "", "only a command's process has an environment"),
        (CWD, "", "only a command's process runs in a folder"),
        (CHILD_USER, "", "only a command's process runs as a user"),
    )
    for option, value, reason in useless:
        if values[option.name]:
            raise SettingsError(
                f"{option.flag}{value} is of no use with"
                f" {UPSTREAM.flag} {shown(upstream.geturl())!r}: {reason}"
            )
