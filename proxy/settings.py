"""All settings of the proxy, read once; the only reader of the arguments and the environment.

A flag wins over its variable. Telemetry is set by the standard `OTEL_*` variables
(`telemetry.settings`).
"""

import os
import re
import shutil
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NoReturn
from urllib.parse import SplitResult

from .access.settings import AccessSettings, access
from .eras.versions import Era
from .errors import SettingsError
from .expansion import expanded
from .hosts import Allowed
from .options import (
    BEARER_TOKEN,
    BEARER_TOKEN_FILE,
    CHILD_USER,
    COMMAND,
    CWD,
    ENV,
    HEADER,
    JWT_AUDIENCE,
    JWT_ISSUER,
    JWT_KEYS_URL,
    MEMORY_LIMIT,
    METRICS_LISTEN,
    MIB,
    OPTIONS,
    SERVER_NAME,
    SESSION_IDLE,
    STDIO,
    STDIO_SHARING,
    UPSTREAM,
    UPSTREAM_CA,
    UPSTREAM_TRANSPORT,
    Address,
    Calls,
    HttpTransport,
    Option,
    header_value,
)
from .telemetry import settings as telemetry_settings
from .telemetry.settings import TelemetrySettings
from .users import User
from .wire import request

DEFAULT_PATH = "/mcp"
PREFIX = "MCP_PROXY_"
_OTLP_HEADERS = re.compile("OTEL_EXPORTER_OTLP_(?:[A-Z]+_)?HEADERS")

PROCESS_IDLE_SECONDS, SESSION_IDLE_SECONDS = 300.0, 3600.0
"""How long an unused session is kept by default, with a process of its own and without.

Most clients never end their sessions. The official SDKs hold a GET stream open while they live,
and that is use; so are calls. A client without either comes back within a model's turn or not at
all, and one that comes later initializes anew: the specification has it do so on 404.
"""

_DESCRIPTION = """\
An instrumented MCP proxy: stands in front of one MCP server and tells, by Prometheus and
OpenTelemetry, what every call came to. Clients speak streamable HTTP to it (at the server's
own path, else /mcp) or HTTP+SSE of 2024-11-05 (/sse and /messages). The server is reached by
HTTP (--upstream: streamable HTTP, or HTTP+SSE, see --upstream-transport) or started as a process
of its own (-- command). With --stdio the proxy serves the one client that started it."""

_EPILOG = """\
Each option may also be given as the variable MCP_PROXY_<OPTION>, such as MCP_PROXY_LISTEN.

Telemetry follows the OpenTelemetry variables: OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES,
OTEL_EXPORTER_OTLP_{ENDPOINT,HEADERS,PROTOCOL,TIMEOUT,COMPRESSION,CERTIFICATE,CLIENT_KEY,
CLIENT_CERTIFICATE} and their _TRACES_ and _METRICS_ forms, OTEL_TRACES_EXPORTER (otlp, none),
OTEL_METRICS_EXPORTER (otlp, prometheus, none), OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG,
OTEL_METRIC_EXPORT_INTERVAL, OTEL_METRIC_EXPORT_TIMEOUT, OTEL_METRICS_EXEMPLAR_FILTER,
OTEL_BSP_*, OTEL_SDK_DISABLED. Nothing is pushed unless an endpoint is set or the exporter otlp
is named.

Clients need no token unless one is asked for: a fixed one, in the variable MCP_PROXY_BEARER_TOKEN
or in --bearer-token-file, or a JSON Web Token (--jwt-keys-url, --jwt-issuer, --jwt-audience). Who
shows none that is valid gets 401. The token ends at the proxy: the server never sees it. An
issuer's keys are fetched every 5 minutes, and trusted for an hour while it cannot be reached.

Nothing of messages, tokens or headers is logged or put on spans, but the first 200 characters in
which a server refuses an HTTP request, unless --log-payloads asks: then
each message is logged as JSON, cut, with the value of every field hidden whose name contains
auth, bearer, cookie, credential, jwt, key, pass, pwd, secret, token, or a name of --redact, and
with user names and passwords of URLs hidden.

Fixed limits: a request's head has at most 16 KiB and 100 lines (431); a request that has begun
arrives within 30 s (408).
SIGTERM and SIGINT drain: calls in flight finish, new ones get 503 with Retry-After; a second
signal ends the proxy at once. Exit code 2: a setting cannot be used, said in one line."""


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
        own = [(name.encode(), value.encode("latin-1")) for name, value in self.headers]
        return request.fixed(self.url.netloc.encode(), own)

    @property
    def replaced(self) -> frozenset[bytes]:
        """Names, in lower case, of header lines that clients do not set."""
        return frozenset(name.lower().encode() for name, _ in self.headers)

    @property
    def shown(self) -> str:
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
    def shown(self) -> str:
        """The server as logs name it: without its arguments, which may hold a token."""
        return self.command[0]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. Times are in seconds, limits in bytes.

    `upstream_ca` is a file of certificates to trust instead of the system's, "" for those.
    """

    server: HttpServer | StdioServer
    telemetry: TelemetrySettings
    access: AccessSettings
    listen: Address
    metrics_listen: Address
    stdio: bool
    upstream_ca: str
    upstream_timeout: float
    drain_timeout: float
    session_idle: float
    upstream_era: Era | None
    pool_idle: float
    probe_interval: float
    body_limit: int
    depth_limit: int
    message_limit: int
    memory_limit: int
    max_sessions: int
    max_in_flight: int
    max_connections: int
    connection_idle: float
    tool_cap: int
    log_calls: Calls
    allowed_origins: Allowed
    allowed_hosts: Allowed
    log_payloads: int
    redact: tuple[str, ...]


def parse(
    arguments: Sequence[str], environment: Mapping[str, str], program: str = "python -m proxy"
) -> Settings:
    """Read all settings. Raises SettingsError: one line naming setting, value and what is allowed.

    `--help` prints and ends the program, as argparse has it; `program` is how it was called.
    """
    values = _values(arguments, environment, program)
    own = {each.name for each in fields(Settings)}
    _refuse_useless_authorities(values[UPSTREAM.name], values[UPSTREAM_CA.name])
    values[MEMORY_LIMIT.name] = _memory_limit(values)
    server = _server(values, environment)
    admitted = access(
        values[BEARER_TOKEN_FILE.name],
        values[BEARER_TOKEN.name],
        values[JWT_KEYS_URL.name],
        values[JWT_ISSUER.name],
        values[JWT_AUDIENCE.name],
    )
    if values[STDIO.name] and admitted is not None:
        raise SettingsError(
            f"{STDIO.flag}: the program that starts the proxy can show no token: ask for none, or"
            " leave the flag out"
        )
    if values[METRICS_LISTEN.name] is None:
        values[METRICS_LISTEN.name] = Address("127.0.0.1", 0 if values[STDIO.name] else 9464)
    if values[SESSION_IDLE.name] is None:
        a_process_each = isinstance(server, StdioServer) and not server.shared
        values[SESSION_IDLE.name] = PROCESS_IDLE_SECONDS if a_process_each else SESSION_IDLE_SECONDS
    return Settings(
        server=server,
        telemetry=telemetry_settings.parse(environment, values[SERVER_NAME.name]),
        access=admitted,
        **{name: value for name, value in values.items() if name in own},
    )


def secrets(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The variables whose values are the proxy's own secrets."""
    own = {option.variable for option in OPTIONS if option.secret or option.private}
    return tuple(name for name in environment if name in own or _OTLP_HEADERS.fullmatch(name))


def _values(
    arguments: Sequence[str], environment: Mapping[str, str], program: str
) -> dict[str, Any]:
    """Each option's typed value."""
    flags, command = _split_command(arguments)
    given = vars(_parser(program).parse_args(flags))
    _refuse_unknown_variables(environment)
    values: dict[str, Any] = {}
    for option in OPTIONS:
        source, text = option.flag, given.get(option.name)
        if text is None:
            source, text = option.variable, environment.get(option.variable) or option.default
        absent = given.get(option.name) is None and not text
        if absent:
            values[option.name] = option.absent
        elif option.many:
            texts = text.splitlines() if isinstance(text, str) else text
            values[option.name] = tuple(
                _expanded(option, source, option.value(source, each), environment)
                for each in texts
                if each
            )
        else:
            values[option.name] = option.value(source, text)
    if command:
        values[COMMAND.name] = tuple(command)
    return values


def _expanded(
    option: Option, source: str, given: Any, environment: Mapping[str, str]
) -> tuple[str, str]:
    """A name and its value, in which variables are replaced by theirs."""
    name, value = given
    try:
        value = expanded(value, environment)
        return name, header_value(value) if option is HEADER else value
    except ValueError as error:
        raise SettingsError(f"{source}: {name}: {error}") from error


def _split_command(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """The proxy's own flags, and the command after `--`."""
    if "--" not in arguments:
        return arguments, ()
    cut = list(arguments).index("--")
    if not arguments[cut + 1 :]:
        raise SettingsError("--: no command follows: put the server's command after it")
    return arguments[:cut], arguments[cut + 1 :]


def _server(values: Mapping[str, Any], environment: Mapping[str, str]) -> HttpServer | StdioServer:
    upstream: SplitResult | None = values[UPSTREAM.name]
    transport: HttpTransport | None = values[UPSTREAM_TRANSPORT.name]
    command: tuple[str, ...] | None = values[COMMAND.name]
    if upstream is not None and command is not None:
        raise SettingsError(
            f"{UPSTREAM.flag} {upstream.geturl()!r} and the command {command[0]!r} are both given:"
            " a proxy stands in front of one server, give one of them"
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
        raise SettingsError("no MCP server is given: use --upstream URL, or -- command argument...")
    hidden = secrets(environment)
    passed = {
        name: value
        for name, value in environment.items()
        if name not in hidden and not name.startswith(PREFIX)
    }
    return _stdio_server(
        command,
        {**passed, **dict(values[ENV.name])},
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


def _refuse_what_only_processes_have(values: Mapping[str, Any], upstream: SplitResult) -> None:
    useless = (
        (STDIO_SHARING, " on", "only a command's process can be shared"),
        (ENV, "", "only a command's process has an environment"),
        (CWD, "", "only a command's process runs in a folder"),
        (CHILD_USER, "", "only a command's process runs as a user"),
    )
    for option, shown, reason in useless:
        if values[option.name]:
            raise SettingsError(
                f"{option.flag}{shown} is of no use with {UPSTREAM.flag} {upstream.geturl()!r}:"
                f" {reason}"
            )


def _usual_transport(url: SplitResult) -> HttpTransport:
    """What a server speaks at such a URL, if nobody says so: /sse is what HTTP+SSE made usual."""
    is_sse = url.path.rstrip("/").endswith("/sse")
    return HttpTransport.SSE if is_sse else HttpTransport.STREAMABLE_HTTP


def _refuse_useless_authorities(upstream: SplitResult | None, authorities: str) -> None:
    if authorities and (upstream is None or upstream.scheme != "https"):
        raise SettingsError(
            f"{UPSTREAM_CA.flag}: {authorities!r} is of no use: only an https {UPSTREAM.flag} has"
            " a certificate"
        )


def _memory_limit(values: Mapping[str, Any]) -> int:
    """Room for several messages of the longest kind. Raises SettingsError if one does not fit."""
    longest = max(values["body_limit"], values["message_limit"])
    given: int = values[MEMORY_LIMIT.name]
    if given and given < 2 * longest:
        raise SettingsError(
            f"{MEMORY_LIMIT.flag}: {given} is too little for a message of {longest} bytes"
            f" (--body-limit, --message-limit): use at least {2 * longest}"
        )
    return given or max(64 * MIB, 4 * longest)


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    known = {option.variable for option in OPTIONS}
    for name in environment:
        if name.startswith(PREFIX) and name not in known:
            raise SettingsError(f"{name}: no such setting: known are {', '.join(sorted(known))}")


class _Parser(ArgumentParser):
    """Reports a bad argument as SettingsError, in one line, instead of printing the usage."""

    def error(self, message: str) -> NoReturn:
        raise SettingsError(f"{message} (see --help)")


def _parser(program: str) -> ArgumentParser:
    parser = _Parser(
        prog=program,
        usage="%(prog)s [options] (--upstream URL | -- command [argument ...])",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for option in OPTIONS:
        if option.secret:
            continue
        default = f" (default: {option.default})" if option.default else ""
        more: dict[str, Any] = {"action": "append"} if option.many else {}
        if option.bare:
            more = {"nargs": "?", "const": option.bare}
        parser.add_argument(
            option.flag, metavar=option.metavar, help=option.brief + default, **more
        )
    return parser
