"""All settings of the proxy, read once; the only reader of the arguments and the environment.

A flag wins over its variable. Telemetry is set by the standard `OTEL_*` variables
(`telemetry.settings`).
"""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import SettingsError
from ..http.allowed_hosts import AllowList
from ..http.auth_settings import AuthSettings, access
from ..suggestions import did_you_mean
from ..telemetry.otlp import settings as telemetry_settings
from ..telemetry.otlp.settings import TelemetrySettings
from ..translation.versions import Era
from ..urls import shown
from ..values import Address, Calls
from .option_values import header_value
from .options import (
    BEARER_TOKEN,
    BEARER_TOKEN_FILE,
    COMMAND,
    HEADER,
    JWT_AUDIENCE,
    JWT_ISSUER,
    JWT_KEYS_URL,
    MEMORY_LIMIT,
    METRICS_LISTEN,
    MIB,
    OPTIONS,
    PREFIX,
    PRINCIPAL_CLAIM,
    PRINCIPAL_KEY,
    SESSION_IDLE,
    STDIO,
    TOOL_BASELINE,
    UPSTREAM,
    UPSTREAM_CA,
    Option,
)
from .server_settings import DEFAULT_PATH, HttpServer, Named, StdioServer, secrets, servers_of
from .variable_expansion import expanded

if TYPE_CHECKING:
    from ..tools.definition import Definition

PROCESS_IDLE_SECONDS, SESSION_IDLE_SECONDS = 300.0, 3600.0
"""How long an unused session is kept by default, with a process of its own and without.

Most clients never end their sessions. The official SDKs hold a GET stream open while they live,
and that is use; so are calls. A client without either comes back within a model's turn or not at
all, and one that comes later initializes again: the specification has it do so on 404.
"""

_DESCRIPTION = """\
An instrumented proxy in front of an MCP server: it exports metrics and traces of every call by
Prometheus and OpenTelemetry. Clients connect by streamable HTTP (at the server's own path, or /mcp)
or HTTP+SSE of 2024-11-05 (/sse and /messages). The server is reached by HTTP (--upstream:
streamable HTTP, or HTTP+SSE, see --upstream-transport) or started as a child process (-- command);
--config serves several, each at its own paths. With --stdio the proxy serves the one client that
started it."""

_EPILOG = """\
Each option may also be given as the variable MCP_PROXY_<OPTION>, such as MCP_PROXY_LISTEN.

Telemetry follows the OpenTelemetry variables: OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES,
OTEL_EXPORTER_OTLP_{ENDPOINT,HEADERS,PROTOCOL,TIMEOUT,COMPRESSION,CERTIFICATE,CLIENT_KEY,
CLIENT_CERTIFICATE} and their _TRACES_, _METRICS_ and _LOGS_ forms, OTEL_TRACES_EXPORTER (otlp,
none), OTEL_METRICS_EXPORTER (otlp, prometheus, none), OTEL_LOGS_EXPORTER (otlp, console, none),
OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG, OTEL_METRIC_EXPORT_INTERVAL,
OTEL_METRIC_EXPORT_TIMEOUT, OTEL_METRICS_EXEMPLAR_FILTER, OTEL_BSP_*, OTEL_BLRP_*,
OTEL_SDK_DISABLED. Nothing is pushed unless an endpoint is set or the exporter otlp is named.
The lines of --log-calls are pushed, too, if OTEL_EXPORTER_OTLP_LOGS_ENDPOINT is set or
OTEL_LOGS_EXPORTER is otlp; the endpoint of all signals alone does not turn that on.

Clients need no token unless one is configured: a fixed one, in the variable MCP_PROXY_BEARER_TOKEN
or in --bearer-token-file, or a JSON Web Token (--jwt-keys-url, --jwt-issuer, --jwt-audience).
Requests without a valid token get 401. The token is not forwarded to the server. An issuer's keys
are fetched every 5 minutes, and trusted for an hour while it cannot be reached. Telemetry names
principals only if --principal-claim or MCP_PROXY_PRINCIPAL_KEY is set.

Messages, tokens and headers are not logged and not put on spans, except for the first 200
characters in which a server refuses an HTTP request. With --log-payloads each message is logged as
JSON, truncated, with user names and passwords of URLs redacted, and the value of every field whose
name contains auth, bearer, cookie, credential, jwt, key, pass, pwd, secret, token, or a name of
--redact.

Fixed limits: a request's head has at most 16 KiB and 100 lines (431); a request that has begun
arrives within 30 s (408).
After SIGTERM or SIGINT, calls in flight finish and new ones get 503 with Retry-After; a second
signal ends the proxy immediately. Exit code 2: a setting is invalid, reported in one line."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set for one server. Times are in seconds, limits in bytes.

    `upstream_ca` is a file of certificates to trust instead of the system's, "" for those. `mount`
    is where the paths of one of several servers begin; `secrets` are variables that only the proxy
    may know. Settings of the same process differ in server, mount and telemetry only.
    """

    server: HttpServer | StdioServer
    mount: str
    secrets: tuple[str, ...] = field(repr=False)
    telemetry: TelemetrySettings
    access: AuthSettings
    listen: Address
    metrics_listen: Address
    stdio: bool
    upstream_ca: str
    upstream_timeout: float
    drain_timeout: float
    session_idle: float
    fault_injection: str | None
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
    client_cap: int
    target_cap: int
    tool_baseline: Mapping[str, "Definition"] | None
    principal_key: bytes = field(repr=False)
    log_calls: Calls
    allowed_origins: AllowList
    allowed_hosts: AllowList
    log_payloads: int
    redact: tuple[str, ...]

    @property
    def path(self) -> str:
        """Where clients of streamable HTTP find the server, below its mount."""
        return DEFAULT_PATH if self.mount else self.server.path


def parse(
    arguments: Sequence[str], environment: Mapping[str, str], program: str = "python -m proxy"
) -> Settings:
    """Read the settings of a proxy in front of one server, as `parse_all` does."""
    [settings] = parse_all(arguments, environment, program)
    return settings


def parse_all(
    arguments: Sequence[str], environment: Mapping[str, str], program: str = "python -m proxy"
) -> tuple[Settings, ...]:
    """Read all settings, those of each server that the process stands in front of.

    Raises SettingsError: one line naming setting, value and what is allowed. `--help` prints and
    ends the program, as argparse has it; `program` is how it was called.
    """
    values = _values(arguments, environment, program)
    values[MEMORY_LIMIT.name] = _memory_limit(values)
    if values[METRICS_LISTEN.name] is None:
        values[METRICS_LISTEN.name] = Address("127.0.0.1", 0 if values[STDIO.name] else 9464)
    admitted = _access(values)
    servers, variables = servers_of(values, environment)
    _refuse_useless_authorities(values, servers)
    own = {each.name for each in fields(Settings)}
    telemetry = [telemetry_settings.parse(environment, name) for name, _, _ in servers]
    baselines = _baselines(values[TOOL_BASELINE.name], [each.server for each in telemetry])
    return tuple(
        Settings(
            **{
                **{name: value for name, value in values.items() if name in own},
                "server": server,
                "mount": mount,
                "session_idle": values[SESSION_IDLE.name] or _session_idle(server),
                "telemetry": of_server,
                "tool_baseline": baseline,
                "access": admitted,
                "secrets": (*secrets(environment), *variables),
            }
        )
        for (_, mount, server), of_server, baseline in zip(
            servers, telemetry, baselines, strict=True
        )
    )


def _baselines(
    path: str | None, names: Sequence[str]
) -> Sequence[Mapping[str, "Definition"] | None]:
    """The approved tools of each server; None without a file of them."""
    if path is None:
        return [None] * len(names)
    from ..tools import baseline_file  # late, as it needs a package that may be missing

    servers, alone = baseline_file.read(TOOL_BASELINE.flag, path), len(names) == 1
    return [baseline_file.of_server(servers, name, alone=alone) for name in names]


def _access(values: Mapping[str, Any]) -> AuthSettings:
    admitted = access(
        values[BEARER_TOKEN_FILE.name],
        values[BEARER_TOKEN.name],
        values[JWT_KEYS_URL.name],
        values[JWT_ISSUER.name],
        values[JWT_AUDIENCE.name],
        values[PRINCIPAL_CLAIM.name],
    )
    if values[PRINCIPAL_CLAIM.name] and values[PRINCIPAL_KEY.name]:
        raise SettingsError(
            f"{PRINCIPAL_CLAIM.flag} and {PRINCIPAL_KEY.variable} are both given: choose one way to"
            " name principals"
        )
    if values[STDIO.name] and admitted is not None:
        raise SettingsError(
            f"{STDIO.flag}: the program that starts the proxy can show no token: ask for none, or"
            " leave the flag out"
        )
    return admitted


def _session_idle(server: HttpServer | StdioServer) -> float:
    a_process_each = isinstance(server, StdioServer) and not server.shared
    return PROCESS_IDLE_SECONDS if a_process_each else SESSION_IDLE_SECONDS


def _values(
    arguments: Sequence[str], environment: Mapping[str, str], program: str
) -> dict[str, Any]:
    """Each option's typed value."""
    flags, command = _split_command(arguments)
    known, unknown = _parser(program).parse_known_args(flags)
    if unknown:
        names = _unknown(unknown)
        hint = did_you_mean(names.partition(",")[0], (each.flag for each in OPTIONS))
        raise SettingsError(
            f"{names}: no such option ({hint}see --help; a server's command goes after --)"
        )
    given = vars(known)
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


def _unknown(arguments: Sequence[str]) -> str:
    """Arguments that are not options: their flags, since what follows one may be a secret."""
    flags = [each.partition("=")[0] for each in arguments if each.startswith("-")]
    return ", ".join(flags) or shown(arguments[0])


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


def _refuse_useless_authorities(values: Mapping[str, Any], servers: Sequence[Named]) -> None:
    given = values[UPSTREAM_CA.name]
    https = [each for _, _, each in servers if isinstance(each, HttpServer) and each.secure]
    if given and not https:
        raise SettingsError(
            f"{UPSTREAM_CA.flag}: {given!r} is of no use: only an https {UPSTREAM.flag} has a"
            " certificate"
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
            hint = f"{did_you_mean(name, known)}known are {', '.join(sorted(known))}"
            raise SettingsError(f"{name}: no such setting: {hint}")


class _Parser(ArgumentParser):
    """Reports a bad argument as SettingsError, in one line, instead of printing the usage."""

    def error(self, message: str) -> NoReturn:
        raise SettingsError(f"{message} (see --help)")


def _parser(program: str) -> ArgumentParser:
    parser = _Parser(
        prog=program,
        usage="%(prog)s [options] (--upstream URL | --config PATH | -- command ...)",
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
