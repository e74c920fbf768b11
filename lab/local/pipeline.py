"""Start the processes of a local plan, each stage when the one before is ready."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

from lab import signals
from lab.jaeger_api import Jaeger
from lab.local.addresses import Addresses
from lab.local.plan import LocalPlan
from lab.local.processes import Command, Processes, ProcessFailed
from lab.local.programs import ROOT, ProcessSpec, inherited
from lab.local.proxy_endpoints import ProxyEndpoint
from lab.prometheus_api import Prometheus, Unreachable
from lab.tracing import Tracing, tracing
from lab.victoria_logs_api import VictoriaLogs
from stacks.architectures import Architecture, MetricsIngestion

READY_SECONDS = 30.0

AGENT = "agent"
"""The service name of the client in traces."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A running pipeline.

    Calls of known outcomes are sent to `endpoints`; faults are injected behind
    `faulty_endpoints`, and `user_endpoints` are those of the user's own servers.
    """

    architecture: Architecture
    processes: Processes
    specs: Mapping[str, ProcessSpec]
    endpoints: tuple[ProxyEndpoint, ...]
    faulty_endpoints: tuple[ProxyEndpoint, ...]
    user_endpoints: tuple[ProxyEndpoint, ...]
    prometheus: Prometheus
    jaeger: Jaeger
    logs: VictoriaLogs | None
    agent: Tracing
    """Traces the calls to `endpoints`."""
    collected: str | None
    """The URL of the collector's series; None where it writes them to Prometheus."""
    push_url: str
    """Where proxies push metrics by OTLP/HTTP; empty if Prometheus scrapes them."""
    addresses: Addresses

    def endpoint(self, server: str) -> ProxyEndpoint:
        """The endpoint of one of our own servers."""
        own = (*self.endpoints, *self.faulty_endpoints)
        return next(each for each in own if each.server == server)


def start(local: LocalPlan, folder: Path, processes: Processes) -> Pipeline:
    """Write the settings into the folder and start everything; closing `processes` stops it.

    Raises ProcessFailed if a process exits, or is not ready and scraped within READY_SECONDS.
    """
    [pipeline] = start_together([(local, folder, processes)])
    return pipeline


def start_together(
    plans: Sequence[tuple[LocalPlan, Path, Processes]],
) -> tuple[Pipeline, ...]:
    """As `start`, for several pipelines, which is faster than one after another."""
    for local, folder, _ in plans:
        for name, text in local.files.items():
            (folder / name).write_text(text)
    for stages in zip(*(local.stages for local, _, _ in plans), strict=True):
        launch_together(
            (process, processes)
            for stage, (_, _, processes) in zip(stages, plans, strict=True)
            for process in stage
        )
    return tuple(_scraped(local, processes) for local, _, processes in plans)


def _scraped(local: LocalPlan, processes: Processes) -> Pipeline:
    """The pipeline of running processes, when every target is scraped."""
    prometheus = Prometheus(f"http://{local.addresses.prometheus}")
    wait_scraped(processes, prometheus, local.targets)
    with signals.blocked():  # The SDK's threads must not get them in place of the main thread.
        agent = tracing(AGENT, local.agent)
    processes.before_stop(agent.shutdown)
    pushed = local.plan.architecture.metrics_ingestion is MetricsIngestion.PUSHED
    return Pipeline(
        local.plan.architecture,
        processes,
        {process.name: process for stage in local.stages for process in stage},
        local.endpoints,
        local.faulty_endpoints,
        local.user_endpoints,
        prometheus,
        Jaeger(f"http://{local.addresses.jaeger_query}"),
        VictoriaLogs(local.logs) if local.logs else None,
        agent,
        local.collected,
        f"http://{local.addresses.otlp_http}" if pushed else "",
        local.addresses,
    )


def launch(process: ProcessSpec, processes: Processes) -> None:
    """Start one more process; raises ProcessFailed unless it becomes ready."""
    launch_together([(process, processes)])


def launch_together(launches: Iterable[tuple[ProcessSpec, Processes]]) -> None:
    """Start processes, then wait until all are ready; raises ProcessFailed."""
    started = [
        (spec, processes, processes.start(_as_command(spec))) for spec, processes in launches
    ]
    for spec, processes, running in started:
        processes.wait_ready(running, _ready(spec), READY_SECONDS)


def wait_scraped(processes: Processes, prometheus: Prometheus, targets: int) -> None:
    """Wait until Prometheus scrapes every target, which it discovers every 5 s.

    Raises ProcessFailed as `start` does.
    """

    def all_up() -> bool | None:
        try:
            return len(prometheus.query("up == 1")) == targets or None
        except Unreachable:
            return None

    try:
        processes.wait("every target is scraped", all_up, READY_SECONDS)
    except TimeoutError as late:
        raise ProcessFailed(f"prometheus: {late}; see {prometheus.url}/api/v1/targets") from late


def _as_command(process: ProcessSpec) -> Command:
    environment = {**inherited(os.environ), **process.environment}
    return Command(process.name, process.arguments, environment, ROOT)


def _ready(process: ProcessSpec) -> Callable[[], bool | None]:
    """A condition for `Processes.wait`: True when the process is ready."""
    session = requests.Session()
    session.trust_env = False

    def answered() -> bool | None:
        try:
            return session.get(process.url, timeout=2).status_code == process.status or None
        except requests.RequestException:
            return None

    return answered
