"""What a run of local processes can choose. Pure."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.addresses import Addresses
from lab.prometheus_config import Target
from stacks.architectures import Architecture
from stacks.servers import Transport

HTTP_SERVER, STDIO_SERVER = "echo-http", "echo-stdio"

ECHO_COMMAND = (sys.executable, "-m", "lab.echo", "--transport", Transport.STDIO.value)


@dataclass(frozen=True, slots=True)
class LocalServer:
    """An echo server that runs here; `environment` is what it changes in its proxy's.

    With `behind`, its proxy stands before that server's process, and it needs none of its own.
    """

    name: str
    transport: Transport
    environment: Mapping[str, str] = field(default_factory=dict)
    behind: str = ""

    @property
    def process(self) -> str:
        """The server whose process answers."""
        return self.behind or self.name


HEALTHY = (
    LocalServer(HTTP_SERVER, Transport.STREAMABLE_HTTP),
    LocalServer(STDIO_SERVER, Transport.STDIO),
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """What answers in place of a cluster, which local processes have none of.

    Kubelet's statistics come as OTLP over HTTP to the collector, at `statistics`; `monitors` say
    how `targets`, the cluster's exporters, are scraped.
    """

    statistics: str
    monitors: tuple[Mapping[str, Any], ...]
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """What a run can choose: the architecture, where to listen, what the stdio servers are.

    `faulty` servers stand beside the healthy ones. `rules` replace those of the plan. Without a
    `cluster`, what needs one is left out.
    """

    architecture: Architecture
    addresses: Addresses
    stdio_command: tuple[str, ...] = ECHO_COMMAND
    faulty: tuple[LocalServer, ...] = ()
    rules: Mapping[str, object] | None = None
    cluster: Cluster | None = None

    @property
    def servers(self) -> tuple[LocalServer, ...]:
        return (*HEALTHY, *self.faulty)
