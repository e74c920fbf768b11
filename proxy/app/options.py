"""The proxy's own options as a table: flag, variable, default, and how a value is read."""

import json
import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult

from ..errors import SettingsError
from ..http.allowed_hosts import ANY, NONE_ALLOWED, AllowList, HostOrOrigin, host, origin
from ..http.auth_settings import fixed_token, token_file
from ..jsonrpc.depth import DEEPEST
from ..tls import authorities
from ..translation.versions import Era
from ..urls import http_url, shown
from ..users import user
from ..values import Address, Calls

MIB = 1024 * 1024
PREFIX = "MCP_PROXY_"

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_FREE = frozenset((
    "accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type",
    "cookie", "expect", "host", "keep-alive", "last-event-id", "te", "traceparent", "tracestate",
    "trailer", "transfer-encoding", "upgrade",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Option:
    """One option; `read` turns its text into a value, or raises ValueError saying what it may be.

    An option without a default is `absent` when it is not given. A `secret` one has no flag, since
    arguments can be seen by every user of the machine, and its value is in no message; nor is that
    of a `private` one. One that may be given `many` times is a tuple of names with values, in which
    `${NAME}` stands for a variable; its own variable holds one a line. The flag of one with a
    `bare` value needs none behind it.
    """

    name: str
    metavar: str
    default: str
    brief: str
    read: Callable[[str], object]
    absent: object = None
    secret: bool = False
    many: bool = False
    bare: str = ""
    private: bool = False

    @property
    def flag(self) -> str:
        """As an argument; "" if it has none."""
        return "" if self.secret else "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """As an environment variable."""
        return f"{PREFIX}{self.name.upper()}"

    def value(self, source: str, text: str) -> object:
        """The typed value of `text`, which `source` (the flag or the variable) gave."""
        try:
            return self.read(text)
        except ValueError as error:
            hidden = self.secret or self.private
            named = "this value" if hidden else repr(shown(text) if "://" in text else text)
            raise SettingsError(f"{source}: {named} is not allowed: {error}") from error


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals or not all(map(is_argument, (name, value))):
        raise ValueError("use NAME=VALUE, such as API_KEY=${API_KEY}")
    return name, value


def _header(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not _TOKEN.fullmatch(name):
        raise ValueError("use NAME=VALUE, such as Authorization=Bearer ${TOKEN}")
    if name.lower() in _NOT_FREE or name.lower().startswith(("mcp-", "proxy-")):
        raise ValueError(f"{name} is set by the proxy itself or by clients: leave it out")
    return name, value


def header_value(value: str) -> str:
    """The value of a header line. Raises ValueError, in which it is not, if it cannot be one."""
    value = value.strip()
    if not value or not all(" " <= each != "\x7f" and each <= "\xff" for each in value):
        raise ValueError("its value is empty, or has characters that a header cannot carry")
    return value


def _folder(text: str) -> str:
    if not os.path.isdir(text):
        raise ValueError("use a folder that exists")
    return os.path.abspath(text)


def _file(text: str) -> str:
    if not os.path.isfile(text):
        raise ValueError("use a file that exists")
    return text


def _address(text: str) -> Address:
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    allowed = "use host:port, such as 127.0.0.1:8080, with a port from 0 to 65535"
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(allowed)
    try:
        usable = bool(host.encode("idna"))
    except UnicodeError as error:
        raise ValueError(allowed) from error
    if not usable:
        raise ValueError(allowed)
    return Address(host, int(port))


def server_url(text: str) -> SplitResult:
    allowed = "use an http or https URL, such as http://127.0.0.1:9000/mcp"
    url = http_url(text)
    if url is None or not text.isascii() or any(each.isspace() for each in text):
        raise ValueError(allowed)
    if url.username is not None or url.fragment:
        raise ValueError(f"{allowed}, without user name or fragment")
    return url


def _keys_url(text: str) -> SplitResult:
    url = server_url(text)
    if url.scheme != "https" and url.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError(
            "use an https URL, or http on this machine: keys must not be forged on the way"
        )
    return url


def _command(text: str) -> tuple[str, ...]:
    allowed = 'use a JSON array of strings, such as ["python", "server.py"]'
    try:
        parts = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(allowed) from error
    if not isinstance(parts, list) or not parts or not all(map(is_argument, parts)):
        raise ValueError(allowed)
    return tuple(parts)


def is_argument(part: object) -> bool:
    """Whether a program can be given it: a text of the system's characters, none of them NUL."""
    try:
        return isinstance(part, str) and b"\0" not in os.fsencode(part)
    except UnicodeEncodeError:
        return False


def _calls(text: str) -> Calls:
    if text not in tuple(Calls):
        raise ValueError(f"use one of {', '.join(Calls)}")
    return Calls(text)


def _seconds(text: str) -> float:
    seconds = float(text) if text.strip().lower() not in ("nan", "inf") else math.nan
    if not 0 < seconds <= 1e6:
        raise ValueError
    return seconds


def _duration(text: str) -> float:
    try:
        return _seconds(text)
    except ValueError as error:
        raise ValueError("use a number of seconds above 0 and at most 1000000") from error


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 1 << 40:
        raise ValueError("use a whole number above 0")
    return int(text)


def _levels(text: str) -> int:
    if (levels := _count(text)) > DEEPEST:
        raise ValueError(f"use a whole number from 1 to {DEEPEST}")
    return levels


def _era(text: str) -> Era | None:
    if text not in ("auto", *Era):
        raise ValueError("use auto, legacy or modern")
    return None if text == "auto" else Era(text)


def _count_or_none(text: str) -> int:
    if text == "0":
        return 0
    try:
        return _count(text)
    except ValueError as error:
        raise ValueError("use a whole number, 0 for none") from error


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, text.split(","))))


def _name(text: str) -> str:
    if not text.isascii() or not text.isprintable() or set(text) & set(' "\\'):
        raise ValueError("use printable ASCII without spaces, quotes or backslashes")
    return text


def _allowed(text: str, read: Callable[[str], HostOrOrigin]) -> AllowList:
    names = _names(text)
    return AllowList(tuple(read(each) for each in names if each != ANY), ANY in names)


def _hosts(text: str) -> AllowList:
    return _allowed(text, host)


def _origins(text: str) -> AllowList:
    return _allowed(text, origin)


def _strict_names(text: str) -> tuple[str, ...]:
    return tuple(map(_name, _names(text)))


def _switch(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError("use on or off")
    return text == "on"


class HttpTransport(StrEnum):
    """What an HTTP server speaks."""

    STREAMABLE_HTTP = "streamable-http"
    SSE = "sse"


def _transport(text: str) -> HttpTransport | None:
    if text not in ("auto", *HttpTransport):
        raise ValueError(f"use auto, {' or '.join(HttpTransport)}")
    return None if text == "auto" else HttpTransport(text)


UPSTREAM = Option(
    "upstream",
    "URL",
    "",
    "the server's streamable HTTP endpoint, or the event stream of an HTTP+SSE server",
    server_url,
)
UPSTREAM_TRANSPORT = Option(
    "upstream_transport",
    "NAME",
    "auto",
    "the transport of --upstream: streamable-http, sse (HTTP+SSE of 2024-11-05), or auto: sse if"
    " the path ends in /sse",
    _transport,
)
COMMAND = Option(
    "command", "JSON", "", "a stdio server's command as a JSON array, instead of `-- command`",
    _command, private=True,
)  # fmt: skip
STDIO_SHARING = Option(
    "stdio_sharing",
    "SWITCH",
    "off",
    "on: all sessions share one process of a stdio server; off: each session has its own",
    _switch,
)
CONFIG = Option(
    "config", "PATH", "",
    "a client's file of servers (mcp.json), instead of --upstream or a command: each is served at"
    " /NAME/mcp and /NAME/sse, with its name as the label `server`", _file,
)  # fmt: skip
ONLY = Option(
    "only", "NAMES", "", "serve only these servers of --config, separated by commas", _names, ()
)
STDIO = Option(
    "stdio", "SWITCH", "off",
    "serve one client on stdin and stdout instead of --listen, for clients that start their servers"
    " themselves", _switch, bare="on",
)  # fmt: skip
METRICS_LISTEN = Option(
    "metrics_listen", "HOST:PORT", "",
    "address of /metrics, /healthz and /readyz; default: 127.0.0.1:9464, or any free port with"
    " --stdio",
    _address,
)  # fmt: skip
ENV = Option(
    "env", "NAME=VALUE", "",
    "an environment variable of a stdio server, in addition to those of the proxy, which ${NAME} in"
    " VALUE refers to; repeatable", _variable, (), many=True, private=True,
)  # fmt: skip
HEADER = Option(
    "header", "NAME=VALUE", "",
    "a header of every request to an HTTP server, replacing the client's; ${NAME} in VALUE refers"
    " to an environment variable of the proxy; repeatable", _header, (), many=True, private=True,
)  # fmt: skip
CWD = Option("cwd", "FOLDER", "", "working directory of a stdio server", _folder, "")
CHILD_USER = Option(
    "child_user", "NAME", "",
    "the user that runs a stdio server if the proxy runs as root; it cannot read files that only"
    " the proxy's user can", user,
)  # fmt: skip
SESSION_IDLE = Option(
    "session_idle", "SECONDS", "",
    "time after which an unused session ends; default: 300 if each session has a process of its"
    " own, otherwise 3600", _duration,
)  # fmt: skip
SERVER_NAME = Option(
    "server_name", "NAME", "",
    "the label `server`; default: OTEL_SERVICE_NAME, or service.name, or mcp-server", str,
)  # fmt: skip
UPSTREAM_CA = Option(
    "upstream_ca", "PATH", "",
    "PEM file of the authorities to trust for an https server, instead of the system's",
    authorities, "",
)  # fmt: skip
TOOL_BASELINE = Option(
    "tool_baseline", "PATH", "",
    "a file of approved tools, which the server's are compared with; written by"
    " `python -m proxy.tools approve`", _file,
)  # fmt: skip
BEARER_TOKEN = Option(
    "bearer_token", "TOKEN", "",
    "the token that clients must send as `Authorization: Bearer`, at least 16 characters;"
    " environment variable only", fixed_token, secret=True,
)  # fmt: skip
BEARER_TOKEN_FILE = Option(
    "bearer_token_file", "PATH", "",
    "a file of tokens, one per line; clients must send one as `Authorization: Bearer`", token_file,
)  # fmt: skip
JWT_KEYS_URL = Option(
    "jwt_keys_url", "URL", "",
    "URL of an issuer's public keys (JWKS): clients must send a JSON Web Token", _keys_url,
)  # fmt: skip
JWT_ISSUER = Option("jwt_issuer", "URL", "", "required issuer of the token (`iss`)", _name, "")
JWT_AUDIENCE = Option(
    "jwt_audience", "NAMES", "",
    "accepted audiences (`aud`), separated by commas; the first URL is used as the public address"
    " of this endpoint", _strict_names, (),
)  # fmt: skip
PRINCIPAL_CLAIM = Option(
    "principal_claim", "NAME", "",
    "the claim of the JSON Web Token that names the principal in metrics, spans and logs, such as"
    " sub; default: none", _name, "",
)  # fmt: skip
PRINCIPAL_KEY = Option(
    "principal_key", "KEY", "",
    "the key by which bearer tokens are hashed (HMAC-SHA256) to name the principal in metrics,"
    " spans and logs, at least 16 characters; environment variable only",
    fixed_token, b"", secret=True,
)  # fmt: skip

MEMORY_LIMIT = Option(
    "memory_limit", "BYTES", "",
    "memory for all buffered messages together, not counting the first 16 KiB of each (503);"
    " default: 64 MiB, or four times the longest message", _count, 0,
)  # fmt: skip

OPTIONS = (
    UPSTREAM,
    UPSTREAM_TRANSPORT,
    COMMAND,
    CONFIG,
    ONLY,
    SERVER_NAME,
    UPSTREAM_CA,
    HEADER,
    Option("listen", "HOST:PORT", "127.0.0.1:8080", "address of the MCP endpoint", _address),
    METRICS_LISTEN,
    STDIO,
    Option(
        "upstream_timeout", "SECONDS", "300",
        "how long a call waits while the server sends nothing; GET streams have no such limit",
        _duration,
    ),
    Option("drain_timeout", "SECONDS", "30",
           "how long calls may take to finish after SIGTERM", _duration),
    STDIO_SHARING,
    ENV,
    CWD,
    CHILD_USER,
    Option("upstream_era", "ERA", "auto",
           "revisions that the server supports: legacy (with sessions, up to 2025-11-25), modern"
           " (2026-07-28), or auto: detect", _era),
    Option("pool_idle", "SECONDS", "60",
           "time after which an unused session ends that the proxy opened for clients of"
           " 2026-07-28", _duration),
    SESSION_IDLE,
    Option("probe_interval", "SECONDS", "5",
           "time between checks whether the server is up", _duration),
    Option("body_limit", "BYTES", str(4 * MIB), "longest request body (413)", _count),
    Option(
        "depth_limit", "LEVELS", "128",
        "deepest nesting of arrays and objects in a request body (400)", _levels,
    ),
    Option(
        "message_limit", "BYTES", str(16 * MIB),
        "longest message of the server that must be buffered as a whole: an event, a line or a JSON"
        " response for another transport (502); messages that pass unchanged have no limit", _count,
    ),
    MEMORY_LIMIT,
    Option(
        "max_sessions", "COUNT", "1000",
        "most sessions, each a process of a stdio server or a stream of an HTTP+SSE server; one"
        " more ends the session unused for longest, or gets 503 if none is unused",
        _count,
    ),
    Option("max_in_flight", "COUNT", "256",
           "most calls in flight in one session, or in one batch (429)", _count),
    Option("max_connections", "COUNT", "1000",
           "most client connections; one more closes the connection unused for longest, or gets 503"
           " with Retry-After if none is unused", _count),
    Option(
        "connection_idle", "SECONDS", "120",
        "time after which a client's connection is closed if it has no call or stream open, or if"
        " the client does not read", _duration,
    ),
    Option("tool_cap", "COUNT", "200", "most tool names that become labels: the most used of the"
           " tools that worked or are listed; others count as `other`", _count),
    Option("client_cap", "COUNT", "50", "most client names that become labels: the most used of the"
           " clients that had a successful request; others count as `other`; principals likewise",
           _count),
    TOOL_BASELINE,
    Option("target_cap", "COUNT", "50", "most resources, and most prompts, that become labels: the"
           " most used of those that gave a result; others count as `other`", _count),
    Option(
        "log_calls", "WHICH", "failed",
        "calls to log, at most 20 a second: none, failed, or all, which includes rejected requests;"
        " on stderr and, if that is asked for, by OTLP",
        _calls,
    ),
    Option(
        "allowed_origins", "ORIGINS", "",
        "origins that may call and read responses (CORS), besides this machine's own:"
        " scheme://host[:port], separated by commas; * for any", _origins, NONE_ALLOWED,
    ),
    Option(
        "allowed_hosts", "HOSTS", "",
        "hosts or host:port accepted in Host, besides addresses and localhost, separated by commas:"
        " at --listen if it is a loopback address, and at --metrics-listen; * for any", _hosts,
        NONE_ALLOWED,
    ),
    Option(
        "log_payloads", "CHARACTERS", "0",
        "log this much of every message, with secrets redacted; 0 for nothing", _count_or_none,
    ),
    Option(
        "redact", "NAMES", "",
        "fields to redact in logged messages, besides those whose names suggest a secret",
        _names, (),
    ),
    BEARER_TOKEN,
    BEARER_TOKEN_FILE,
    JWT_KEYS_URL,
    JWT_ISSUER,
    JWT_AUDIENCE,
    PRINCIPAL_CLAIM,
    PRINCIPAL_KEY,
)  # fmt: skip
