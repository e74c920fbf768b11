"""The proxy's own options as a table: flag, variable, default, and what reads its value."""

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import SettingsError
from ..http.allowed_hosts import NONE_ALLOWED
from ..http.auth_settings import fixed_token, token_file
from ..tls import authorities
from ..urls import shown
from ..users import user
from . import option_values as read

MIB = 1024 * 1024
PREFIX = "MCP_PROXY_"


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


UPSTREAM = Option(
    "upstream",
    "URL",
    "",
    "the server's streamable HTTP endpoint, or the event stream of an HTTP+SSE server",
    read.server_url,
)
UPSTREAM_TRANSPORT = Option(
    "upstream_transport",
    "NAME",
    "auto",
    "the transport of --upstream: streamable-http, sse (HTTP+SSE of 2024-11-05), or auto: sse if"
    " the path ends in /sse",
    read.transport,
)
COMMAND = Option(
    "command", "JSON", "", "a stdio server's command as a JSON array, instead of `-- command`",
    read.command, private=True,
)  # fmt: skip
STDIO_SHARING = Option(
    "stdio_sharing",
    "SWITCH",
    "off",
    "on: all sessions share one process of a stdio server; off: each session has its own",
    read.switch,
)
CONFIG = Option(
    "config", "PATH", "",
    "a client's file of servers (mcp.json), instead of --upstream or a command: each is served at"
    " /NAME/mcp and /NAME/sse, with its name as the label `server`", read.file,
)  # fmt: skip
ONLY = Option(
    "only", "NAMES", "", "serve only these servers of --config, separated by commas", read.names, ()
)
STDIO = Option(
    "stdio", "SWITCH", "off",
    "serve one client on stdin and stdout instead of --listen, for clients that start their servers"
    " themselves", read.switch, bare="on",
)  # fmt: skip
METRICS_LISTEN = Option(
    "metrics_listen", "HOST:PORT", "",
    "address of /metrics, /healthz, /readyz and /flush; default: 127.0.0.1:9464, or any free port"
    " with --stdio",
    read.address,
)  # fmt: skip
ENV = Option(
    "env", "NAME=VALUE", "",
    "an environment variable of a stdio server, in addition to those of the proxy, which ${NAME} in"
    " VALUE refers to; repeatable", read.variable, (), many=True, private=True,
)  # fmt: skip
HEADER = Option(
    "header", "NAME=VALUE", "",
    "a header of every request to an HTTP server, replacing the client's; ${NAME} in VALUE refers"
    " to an environment variable of the proxy; repeatable", read.header, (),
    many=True, private=True,
)  # fmt: skip
FAULT_INJECTION = Option(
    "fault_injection", "FILE", "",
    "JSON file of the faults to inject into what the server answers, which may change at any time;"
    " streamable HTTP is then spoken by sessions of the proxy's own, not passed through",
    read.file_to_be,
)  # fmt: skip
CWD = Option("cwd", "FOLDER", "", "working directory of a stdio server", read.folder, "")
CHILD_USER = Option(
    "child_user", "NAME", "",
    "the user that runs a stdio server if the proxy runs as root; it cannot read files that only"
    " the proxy's user can", user,
)  # fmt: skip
SESSION_IDLE = Option(
    "session_idle", "SECONDS", "",
    "time after which an unused session ends; default: 300 if each session has a process of its"
    " own, otherwise 3600", read.duration,
)  # fmt: skip
SERVER_NAME = Option(
    "server_name", "NAME", "",
    "the label `server`; default: OTEL_SERVICE_NAME, or service.name, or mcp-server",
    read.server_name,
)  # fmt: skip
UPSTREAM_CA = Option(
    "upstream_ca", "PATH", "",
    "PEM file of the authorities to trust for an https server, instead of the system's",
    authorities, "",
)  # fmt: skip
TOOL_BASELINE = Option(
    "tool_baseline", "PATH", "",
    "a file of approved tools, which the server's are compared with; written by"
    " `python -m proxy.tools approve`", read.file,
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
    "URL of an issuer's public keys (JWKS): clients must send a JSON Web Token", read.keys_url,
)  # fmt: skip
JWT_ISSUER = Option("jwt_issuer", "URL", "", "required issuer of the token (`iss`)", read.name, "")
JWT_AUDIENCE = Option(
    "jwt_audience", "NAMES", "",
    "accepted audiences (`aud`), separated by commas; the first URL is used as the public address"
    " of this endpoint", read.strict_names, (),
)  # fmt: skip
PRINCIPAL_CLAIM = Option(
    "principal_claim", "NAME", "",
    "the claim of the JSON Web Token that names the principal in metrics, spans and logs, such as"
    " sub; default: none", read.name, "",
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
    " default: 64 MiB, or four times the longest message", read.count, 0,
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
    Option("listen", "HOST:PORT", "127.0.0.1:8080", "address of the MCP endpoint", read.address),
    METRICS_LISTEN,
    STDIO,
    Option(
        "upstream_timeout", "SECONDS", "300",
        "how long a call waits while the server sends nothing; GET streams have no such limit",
        read.duration,
    ),
    Option("drain_timeout", "SECONDS", "30",
           "how long calls may take to finish after SIGTERM", read.duration),
    STDIO_SHARING,
    ENV,
    CWD,
    CHILD_USER,
    FAULT_INJECTION,
    Option("upstream_era", "ERA", "auto",
           "revisions that the server supports: legacy (with sessions, up to 2025-11-25), modern"
           " (2026-07-28), or auto: detect", read.era),
    Option("pool_idle", "SECONDS", "60",
           "time after which an unused session ends that the proxy opened for clients of"
           " 2026-07-28", read.duration),
    SESSION_IDLE,
    Option("probe_interval", "SECONDS", "5",
           "time between checks whether the server is up", read.duration),
    Option("body_limit", "BYTES", str(4 * MIB), "longest request body (413)", read.count),
    Option(
        "depth_limit", "LEVELS", "128",
        "deepest nesting of arrays and objects in a request body (400)", read.levels,
    ),
    Option(
        "message_limit", "BYTES", str(16 * MIB),
        "longest message of the server that must be buffered as a whole: an event, a line or a JSON"
        " response for another transport (502); messages that pass unchanged have no limit",
        read.count,
    ),
    MEMORY_LIMIT,
    Option(
        "max_sessions", "COUNT", "1000",
        "most sessions, each a process of a stdio server or a stream of an HTTP+SSE server; one"
        " more ends the session unused for longest, or gets 503 if none is unused",
        read.count,
    ),
    Option("max_in_flight", "COUNT", "256",
           "most calls in flight in one session, or in one batch (429)", read.count),
    Option("max_connections", "COUNT", "1000",
           "most client connections; one more closes the connection unused for longest, or gets 503"
           " with Retry-After if none is unused", read.count),
    Option(
        "connection_idle", "SECONDS", "120",
        "time after which a client's connection is closed if it has no call or stream open, or if"
        " the client does not read", read.duration,
    ),
    Option("tool_cap", "COUNT", "200", "most tool names that become labels: the most used of the"
           " tools that worked or are listed; others count as `other`", read.count),
    Option("client_cap", "COUNT", "50", "most client names that become labels: the most used of the"
           " clients that had a successful request; others count as `other`; principals likewise",
           read.count),
    TOOL_BASELINE,
    Option("target_cap", "COUNT", "50", "most resources, and most prompts, that become labels: the"
           " most used of those that gave a result; others count as `other`", read.count),
    Option(
        "log_calls", "WHICH", "failed",
        "calls to log, at most 20 a second: none, failed, or all, which includes rejected requests;"
        " on stderr and, if that is asked for, by OTLP",
        read.calls,
    ),
    Option(
        "allowed_origins", "ORIGINS", "",
        "origins that may call and read responses (CORS), besides this machine's own:"
        " scheme://host[:port], separated by commas; * for any", read.origins, NONE_ALLOWED,
    ),
    Option(
        "allowed_hosts", "HOSTS", "",
        "hosts or host:port accepted in Host, besides addresses and localhost, separated by commas:"
        " at --listen if it is a loopback address, and at --metrics-listen; * for any", read.hosts,
        NONE_ALLOWED,
    ),
    Option(
        "log_payloads", "CHARACTERS", "0",
        "log this much of every message, with secrets redacted; 0 for nothing", read.count_or_none,
    ),
    Option(
        "redact", "NAMES", "",
        "fields to redact in logged messages, besides those whose names suggest a secret",
        read.names, (),
    ),
    BEARER_TOKEN,
    BEARER_TOKEN_FILE,
    JWT_KEYS_URL,
    JWT_ISSUER,
    JWT_AUDIENCE,
    PRINCIPAL_CLAIM,
    PRINCIPAL_KEY,
)  # fmt: skip
