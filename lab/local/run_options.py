"""The options of a local run, and the stack configuration that follows from them. Pure."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.local.addresses import Addresses
from lab.local.prometheus_config import Target
from lab.local.user_servers import NO_SERVERS, UserServers
from proxy.app.options import TOOL_BASELINE
from stacks.architectures import Architecture
from stacks.component_choices import ComponentChoices, LogsChoice, LogsType, Mode
from stacks.config import StackConfig
from stacks.servers import Server, ServerRuntime, Transport

HTTP_SERVER, STDIO_SERVER = "echo-http", "echo-stdio"

VICTORIA_LOGS_OTLP = "/insert/opentelemetry/v1/logs"
"""Where VictoriaLogs takes OTLP over HTTP."""

# Never pulled: the server runs as a process.
_IMAGE = "echo-server:0.1.0"

ECHO_COMMAND = (sys.executable, "-m", "lab.echo", "--transport", Transport.STDIO.value)


@dataclass(frozen=True, slots=True)
class LocalServer:
    """An echo server; `environment` is added to that of its proxy."""

    name: str
    transport: Transport
    environment: Mapping[str, str] = field(default_factory=dict)


APPROVED_TOOLS = Path(__file__).with_name("approved_tools.json")
"""Those of the echo server, by whose comparison the series about approved tools exist."""

_SHORT_TIMEOUT = {"MCP_PROXY_UPSTREAM_TIMEOUT": "5"}
"""So that the calls of a server that hangs soon count as timeouts."""

HEALTHY = (
    LocalServer(
        HTTP_SERVER,
        Transport.STREAMABLE_HTTP,
        {TOOL_BASELINE.variable: str(APPROVED_TOOLS), **_SHORT_TIMEOUT},
    ),
    LocalServer(STDIO_SERVER, Transport.STDIO, _SHORT_TIMEOUT),
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Stand-ins for the exporters of a cluster.

    The collector receives the kubelet's statistics by OTLP/HTTP at `statistics`; `targets` are
    scraped as `monitors` say.
    """

    statistics: str
    monitors: tuple[Mapping[str, Any], ...]
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of a run.

    `healthy` servers get calls of known outcomes, `faulty` ones a fault, the user's none. `rules`
    replace those of the plan. Without a `cluster`, what needs one is left out. With `logs`, a store
    of logs runs, too.
    """

    architecture: Architecture
    addresses: Addresses
    stdio_command: tuple[str, ...] = ECHO_COMMAND
    healthy: tuple[LocalServer, ...] = HEALTHY
    faulty: tuple[LocalServer, ...] = ()
    user: UserServers = NO_SERVERS
    rules: Mapping[str, object] | None = None
    cluster: Cluster | None = None
    logs: bool = False

    @property
    def servers(self) -> tuple[LocalServer, ...]:
        """Our own servers."""
        return (*self.healthy, *self.faulty)


INTERVAL_SECONDS = 1
"""Between two scrapes, and between two pushes."""


def stack_config(options: RunOptions) -> StackConfig:
    """Servers behind our proxy, the user's last."""
    own = (_server(each, options) for each in options.servers)
    return StackConfig(
        architecture=options.architecture,
        servers=(*own, *map(_user_server, options.user.names)),
        scrape_interval_seconds=INTERVAL_SECONDS,
        push_interval_seconds=INTERVAL_SECONDS,
        components=ComponentChoices(logs=_log_store(options)),
    )


def _log_store(options: RunOptions) -> LogsChoice:
    if not options.logs:
        return LogsChoice()
    endpoint = f"http://{options.addresses.logs}{VICTORIA_LOGS_OTLP}"
    return LogsChoice(Mode.EXISTING, endpoint, LogsType.VICTORIALOGS)


def _server(local: LocalServer, options: RunOptions) -> Server:
    if local.transport is Transport.STDIO:
        command = options.stdio_command
        return Server(local.name, ServerRuntime.PROXY, _IMAGE, local.transport, command=command)
    port = int(options.addresses.echoes[local.name].rpartition(":")[2])
    return Server(local.name, ServerRuntime.PROXY, _IMAGE, local.transport, port=port, path="/mcp")


def _user_server(name: str) -> Server:
    """What the stack needs to know: the proxy reads all else from the user's file."""
    return Server(name, ServerRuntime.PROXY, _IMAGE, Transport.STDIO, command=(name,))
