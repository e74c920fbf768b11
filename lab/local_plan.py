"""The plan a cluster gets, as local processes: which, with what settings, ready when. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import programs
from lab.addresses import Addresses, localized
from lab.choices import HEALTHY, Choices, Cluster
from lab.front import Front, front_of
from lab.programs import Process
from lab.prometheus_config import prometheus_config, prometheus_flags
from lab.rules_file import in_step
from lab.stack import stack_config
from lab.targets import exports_series, prometheus_spec, proxy_targets, stack_targets
from stacks.collector import with_statistics_from, without_kubelet
from stacks.endpoints import PROXY_MCP_PORT, PROXY_METRICS_PORT
from stacks.plan import Plan, plan
from stacks.proxies import POD_NAME, ProxyPlan
from stacks.servers import Transport


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


def local_plan(choices: Choices, folder: Path, binaries: Mapping[str, Path]) -> LocalPlan:
    """Everything to write and to start; `binaries` are those of collector, Prometheus, Jaeger."""
    config = stack_config(choices)
    planned = plan(config)
    addresses = choices.addresses
    table = addresses.table(planned.profile)
    fronts = tuple(front_of(server, addresses) for server in config.servers)
    collector = localized(_collector(planned, choices.cluster), table)
    prometheus = _prometheus(planned, choices, fronts, collector)
    proxies = tuple(
        _proxy(each, front, server.environment, table)
        for each, front, server in zip(planned.proxies, fronts, choices.servers, strict=True)
    )
    return LocalPlan(
        planned,
        addresses,
        fronts[: len(HEALTHY)],
        fronts[len(HEALTHY) :],
        {
            programs.COLLECTOR_FILE: written(collector),
            programs.PROMETHEUS_FILE: written(prometheus),
            programs.RULES_FILE: written(in_step(choices.rules or planned.rules)),
        },
        ((*_echoes(choices), *_back_ends(planned, addresses, folder, binaries)), proxies),
        programs.tracing_to(addresses.otlp_http),
        sum(len(each["static_configs"]) for each in prometheus["scrape_configs"]),
        f"http://{addresses.collector_series}/metrics" if exports_series(collector) else None,
    )


def _back_ends(
    planned: Plan, addresses: Addresses, folder: Path, binaries: Mapping[str, Path]
) -> tuple[Process, ...]:
    flags = prometheus_flags(prometheus_spec(planned))
    return (
        programs.jaeger(binaries["jaeger"], addresses),
        programs.prometheus(binaries["prometheus"], folder, addresses, flags),
        programs.collector(binaries["collector"], folder, addresses.collector_health),
    )


def _prometheus(
    planned: Plan, choices: Choices, fronts: tuple[Front, ...], collector: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Prometheus' configuration: the plan's monitors, and the cluster's if there is one."""
    targets = (*stack_targets(collector, choices.addresses), *proxy_targets(planned, fronts))
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


def _collector(planned: Plan, cluster: Cluster | None) -> Mapping[str, Any]:
    if cluster is None:
        return without_kubelet(planned.collector)
    return without_kubelet(with_statistics_from(planned.collector, cluster.statistics))


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
