"""The plan of a cluster as local processes and their settings. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lab.faults.changes import FAULTS_FILE
from lab.local import programs
from lab.local.addresses import Addresses, localized
from lab.local.programs import ProcessSpec
from lab.local.prometheus_config import prometheus_config, prometheus_flags, without_intervals
from lab.local.proxy_endpoints import ProxyEndpoint, proxy_endpoint, user_endpoint
from lab.local.run_options import Cluster, RunOptions, stack_config
from lab.local.targets import exports_series, prometheus_spec, proxy_targets, stack_targets
from lab.local.user_servers import UserServers
from proxy.app.options import FAULT_INJECTION
from stacks.collector import with_statistics_from, without_kubelet
from stacks.endpoints import PROXY_MCP_PORT, PROXY_METRICS_PORT
from stacks.plan import Plan, plan
from stacks.proxies import POD_NAME, ProxyPlan
from stacks.servers import Transport

_PRINCIPALS = {"MCP_PROXY_PRINCIPAL_KEY": "local-principal-key"}
"""So that panels by principal have data: the lab's clients show tokens that nothing checks."""
_LOAD_TESTS = {"MCP_PROXY_MAX_CONNECTIONS": "2000"}
"""A load test of 1,000 connections fits beside the demo's own clients."""


@dataclass(frozen=True, slots=True)
class LocalPlan:
    """Files to write into the run's folder, then stages of processes to start.

    A stage starts when every process of the previous one is ready.
    """

    plan: Plan
    addresses: Addresses
    endpoints: tuple[ProxyEndpoint, ...]
    faulty_endpoints: tuple[ProxyEndpoint, ...]
    user_endpoints: tuple[ProxyEndpoint, ...]
    files: Mapping[str, str]
    stages: tuple[tuple[ProcessSpec, ...], ...]
    agent: Mapping[str, str]
    """The OTEL_* variables of the client."""
    targets: int
    """The number of targets that Prometheus scrapes."""
    collected: str | None
    """The URL of the collector's series; None where it writes them to Prometheus."""
    logs: str | None
    """The URL of the log store, if there is one."""


def local_plan(options: RunOptions, folder: Path, binaries: Mapping[str, Path]) -> LocalPlan:
    """Everything to write and start; `binaries` are those of the demo."""
    config = stack_config(options)
    planned = plan(config)
    addresses = options.addresses
    table = addresses.table(planned.profile)
    own, healthy = len(options.servers), len(options.healthy)
    endpoints = (
        *(proxy_endpoint(server, addresses) for server in config.servers[:own]),
        *(user_endpoint(each, options.user, addresses) for each in options.user.names),
    )
    collector = localized(_collector(planned, options.cluster), table)
    prometheus = _prometheus(planned, options, endpoints, collector)
    proxies = tuple(
        _proxy(
            each,
            endpoint,
            {**programs.with_faults(server.name, folder), **server.environment},
            table,
        )
        for each, endpoint, server in zip(
            planned.proxies[:own], endpoints[:own], options.servers, strict=True
        )
    )
    user_proxies = tuple(
        _user_proxy(each, endpoint, options.user, table, folder / FAULTS_FILE)
        for each, endpoint in zip(planned.proxies[own:], endpoints[own:], strict=True)
    )
    return LocalPlan(
        planned,
        addresses,
        endpoints[:healthy],
        endpoints[healthy:own],
        endpoints[own:],
        {
            programs.COLLECTOR_FILE: as_json(collector),
            programs.PROMETHEUS_FILE: as_json(prometheus),
            programs.RULES_FILE: as_json(without_intervals(options.rules or planned.rules)),
        },
        (
            (*_servers(options, folder), *_back_ends(planned, options, folder, binaries)),
            (*proxies, *user_proxies),
        ),
        programs.tracing_to(addresses.otlp_http),
        sum(len(each["static_configs"]) for each in prometheus["scrape_configs"]),
        f"http://{addresses.collector_series}/metrics" if exports_series(collector) else None,
        f"http://{addresses.logs}" if options.logs else None,
    )


def _back_ends(
    planned: Plan, options: RunOptions, folder: Path, binaries: Mapping[str, Path]
) -> tuple[ProcessSpec, ...]:
    addresses = options.addresses
    flags = prometheus_flags(prometheus_spec(planned))
    stored: tuple[ProcessSpec, ...] = ()
    if options.logs:
        stored = (programs.victoria_logs(binaries["victoria-logs"], folder, addresses.logs),)
    return (
        programs.jaeger(binaries["jaeger"], addresses),
        programs.prometheus(binaries["prometheus"], folder, addresses, flags),
        programs.collector(binaries["collector"], folder, addresses.collector_health),
        *stored,
    )


def _prometheus(
    planned: Plan,
    options: RunOptions,
    endpoints: tuple[ProxyEndpoint, ...],
    collector: Mapping[str, Any],
) -> Mapping[str, Any]:
    """The configuration with the plan's monitors, and the cluster's if there is one."""
    targets = (*stack_targets(collector, options.addresses), *proxy_targets(planned, endpoints))
    monitors: tuple[Mapping[str, Any], ...] = planned.monitors
    if options.cluster:
        targets += options.cluster.targets
        monitors += options.cluster.monitors
    return prometheus_config(prometheus_spec(planned), monitors, targets, programs.RULES_FILE)


def _servers(options: RunOptions, folder: Path) -> Iterator[ProcessSpec]:
    """The HTTP servers; stdio servers are children of their proxies."""
    addresses = options.addresses
    for each in options.servers:
        if each.transport is not Transport.STDIO:
            echo = programs.echo(each.name, addresses.echoes[each.name], addresses.otlp_http)
            faults = programs.with_faults(each.name, folder)
            yield replace(echo, environment={**echo.environment, **faults})


def as_json(settings: object) -> str:
    """JSON, which is also YAML."""
    return json.dumps(settings, indent=2) + "\n"


def _collector(planned: Plan, cluster: Cluster | None) -> Mapping[str, Any]:
    if cluster is None:
        return without_kubelet(planned.collector)
    return without_kubelet(with_statistics_from(planned.collector, cluster.statistics))


def _proxy(
    planned: ProxyPlan,
    endpoint: ProxyEndpoint,
    changed: Mapping[str, str],
    table: Mapping[str, str],
) -> ProcessSpec:
    environment = {**_environment(planned, endpoint, table), **changed}
    return programs.proxy(endpoint.server, endpoint.metrics, environment, planned.arguments)


def _user_proxy(
    planned: ProxyPlan,
    endpoint: ProxyEndpoint,
    servers: UserServers,
    table: Mapping[str, str],
    faults: Path,
) -> ProcessSpec:
    """The proxy of a server that is not ours, which therefore injects the faults itself."""
    environment = dict(_environment(planned, endpoint, table))
    environment[FAULT_INJECTION.variable] = str(faults)
    del environment["MCP_PROXY_MAX_SESSIONS"]  # It would hold for an HTTP server, too.
    return programs.user_proxy(endpoint.server, endpoint.metrics, environment, servers)


def _environment(
    planned: ProxyPlan, endpoint: ProxyEndpoint, table: Mapping[str, str]
) -> Mapping[str, str]:
    """The variables of a proxy of the cluster, with local addresses."""
    own = {
        **table,
        f"0.0.0.0:{PROXY_MCP_PORT}": endpoint.mcp,
        f"0.0.0.0:{PROXY_METRICS_PORT}": endpoint.metrics,
        POD_NAME: endpoint.pod,
    }
    return {**localized(planned.environment, own), **_PRINCIPALS, **_LOAD_TESTS}
