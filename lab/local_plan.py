"""The plan a cluster gets, as local processes: which, with what settings, ready when. Pure."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab import programs
from lab.addresses import Addresses, localized
from lab.programs import Process
from lab.prometheus_config import Target, prometheus_config, prometheus_flags
from stacks.architectures import Architecture
from stacks.charts import Namespace, Part
from stacks.collector import with_statistics_from, without_kubelet
from stacks.config import StackConfig
from stacks.endpoints import (
    COLLECTOR_SERVICE,
    PROMETHEUS,
    PROXY_MCP_PORT,
    PROXY_METRICS_PORT,
)
from stacks.plan import Plan, plan
from stacks.proxies import POD_NAME, ProxyPlan
from stacks.servers import Server, ServerRuntime, Transport

HTTP_SERVER, STDIO_SERVER = "echo-http", "echo-stdio"

ECHO_COMMAND = (sys.executable, "-m", "lab.echo", "--transport", Transport.STDIO.value)

# The same on a cluster and here, where nothing pulls it.
_IMAGE = "echo-server:0.1.0"


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


@dataclass(frozen=True, slots=True)
class Front:
    """One proxy as its users see it: the server's name, its transport, where it listens."""

    server: str
    transport: str
    pod: str
    mcp: str
    metrics: str

    @property
    def mcp_url(self) -> str:
        return f"http://{self.mcp}/mcp"

    @property
    def metrics_url(self) -> str:
        return f"http://{self.metrics}/metrics"


@dataclass(frozen=True, slots=True)
class LocalPlan:
    """Files to write into the run's folder, then stages of processes to start.

    A stage starts when every process of the one before is ready.
    """

    plan: Plan
    addresses: Addresses
    fronts: tuple[Front, ...]
    faulty: tuple[Front, ...]
    files: Mapping[str, str]
    stages: tuple[tuple[Process, ...], ...]
    agent: Mapping[str, str]
    """What the agent, which is the lab itself, has in its environment."""
    targets: int
    """How many targets Prometheus is told to scrape."""
    collected: str | None
    """Where the collector shows the series it collected; None where it writes them instead."""


def stack_config(choices: Choices) -> StackConfig:
    """The stack that runs: echo servers behind our proxy, every interval one second."""
    return StackConfig(
        architecture=choices.architecture,
        servers=tuple(_server(each, choices) for each in choices.servers),
        scrape_interval_seconds=1,
        push_interval_seconds=1,
    )


def _server(local: LocalServer, choices: Choices) -> Server:
    if local.transport is Transport.STDIO:
        command = choices.stdio_command
        return Server(local.name, ServerRuntime.PROXY, _IMAGE, local.transport, command=command)
    port = int(choices.addresses.echoes[local.process].rpartition(":")[2])
    return Server(local.name, ServerRuntime.PROXY, _IMAGE, local.transport, port=port, path="/mcp")


def local_plan(choices: Choices, folder: Path, binaries: Mapping[str, Path]) -> LocalPlan:
    """Everything to write and to start; `binaries` are those of collector, Prometheus, Jaeger."""
    config = stack_config(choices)
    planned = plan(config)
    addresses = choices.addresses
    table = addresses.table(planned.profile)
    fronts = tuple(_front(server, addresses) for server in config.servers)
    collector = localized(_collector(planned, choices.cluster), table)
    prometheus = _prometheus(planned, choices, fronts, collector)
    flags = prometheus_flags(prometheus_spec(planned))
    back_ends = (
        *_echoes(choices),
        programs.jaeger(binaries["jaeger"], addresses),
        programs.prometheus(binaries["prometheus"], folder, addresses, flags),
        programs.collector(binaries["collector"], folder, addresses.collector_health),
    )
    proxies = tuple(
        _proxy(each, front, server.environment, table)
        for each, front, server in zip(planned.proxies, fronts, choices.servers, strict=True)
    )
    files = {
        programs.COLLECTOR_FILE: written(collector),
        programs.PROMETHEUS_FILE: written(prometheus),
        programs.RULES_FILE: written(choices.rules or planned.rules),
    }
    scraped = sum(len(each["static_configs"]) for each in prometheus["scrape_configs"])
    collected = f"http://{addresses.collector_series}/metrics" if _exports(collector) else None
    healthy = len(HEALTHY)
    return LocalPlan(
        planned,
        addresses,
        fronts[:healthy],
        fronts[healthy:],
        files,
        (back_ends, proxies),
        programs.tracing_to(addresses.otlp_http),
        scraped,
        collected,
    )


def _prometheus(
    planned: Plan, choices: Choices, fronts: tuple[Front, ...], collector: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Prometheus' configuration: the plan's monitors, and the cluster's if there is one."""
    targets = (*stack_targets(collector, choices.addresses), *_proxy_targets(planned, fronts))
    monitors: tuple[Mapping[str, Any], ...] = planned.monitors
    if choices.cluster:
        targets += choices.cluster.targets
        monitors += choices.cluster.monitors
    return prometheus_config(prometheus_spec(planned), monitors, targets, programs.RULES_FILE)


def _echoes(choices: Choices) -> Iterator[Process]:
    """The servers that are processes of their own, each once."""
    addresses = choices.addresses
    over_http = (each.process for each in choices.servers if each.transport is not Transport.STDIO)
    for name in dict.fromkeys(over_http):
        yield programs.echo(name, addresses.echoes[name], addresses.otlp_http)


def written(settings: object) -> str:
    """JSON, which every reader of YAML reads."""
    return json.dumps(settings, indent=2) + "\n"


def _front(server: Server, addresses: Addresses) -> Front:
    mcp, metrics = addresses.proxies[server.name]
    return Front(server.name, server.transport.value, f"{server.name}-0", mcp, metrics)


def prometheus_spec(planned: Plan) -> Mapping[str, Any]:
    """What the plan says of Prometheus to its operator."""
    release = next(each for each in planned.releases if each.part is Part.PROMETHEUS)
    spec: Mapping[str, Any] = release.values["prometheus"]["prometheusSpec"]
    return spec


def stack_targets(collector: Mapping[str, Any], addresses: Addresses) -> tuple[Target, ...]:
    """The collector's ports that are scraped, and Prometheus itself."""
    namespace = Namespace.MONITORING.value
    own = Target(
        addresses.collector_own, namespace, COLLECTOR_SERVICE, "metrics", "otel-collector-0", "otc"
    )
    series = Target(
        addresses.collector_series, namespace, COLLECTOR_SERVICE, "prometheus", own.pod, "otc"
    )
    prometheus = Target(
        addresses.prometheus,
        namespace,
        PROMETHEUS.service,
        "http-web",
        f"{PROMETHEUS.service}-0",
        "prometheus",
    )
    return (own, *((series,) if _exports(collector) else ()), prometheus)


def _collector(planned: Plan, cluster: Cluster | None) -> Mapping[str, Any]:
    if cluster is None:
        return without_kubelet(planned.collector)
    return without_kubelet(with_statistics_from(planned.collector, cluster.statistics))


def _exports(collector: Mapping[str, Any]) -> bool:
    return "prometheus" in collector["exporters"]


def _proxy_targets(planned: Plan, fronts: tuple[Front, ...]) -> tuple[Target, ...]:
    services = {
        each["metadata"]["name"]: each["metadata"]
        for each in planned.objects
        if each["kind"] == "Service"
    }
    return tuple(
        Target(
            front.metrics,
            services[front.server]["namespace"],
            front.server,
            "metrics",
            front.pod,
            "proxy",
            services[front.server]["labels"],
        )
        for front in fronts
    )


def _proxy(
    planned: ProxyPlan, front: Front, changed: Mapping[str, str], table: Mapping[str, str]
) -> Process:
    own = {
        **table,
        f"0.0.0.0:{PROXY_MCP_PORT}": front.mcp,
        f"0.0.0.0:{PROXY_METRICS_PORT}": front.metrics,
        POD_NAME: front.pod,
    }
    environment: dict[str, str] = {**localized(planned.environment, own), **changed}
    return programs.proxy(front.server, front.metrics, environment, planned.arguments)
