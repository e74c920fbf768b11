"""Start what a local plan says, in order, each stage ready before the next."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import requests

from lab.front import Front
from lab.jaeger_api import Jaeger
from lab.local_plan import LocalPlan
from lab.processes import Command, PartFailed, Parts
from lab.programs import Process, inherited
from lab.prometheus_api import Prometheus, Unreachable
from lab.tracing import Tracing, tracing
from stacks.architectures import Architecture, MetricsIngestion

READY_SECONDS = 30.0

AGENT = "agent"
"""The lab as the caller of the servers, in traces."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A running pipeline: its processes, its proxies, and where to ask what they saw.

    Traffic of known outcomes goes through `fronts`; what stands behind `faulty` is to be broken.
    """

    architecture: Architecture
    parts: Parts
    processes: Mapping[str, Process]
    fronts: tuple[Front, ...]
    faulty: tuple[Front, ...]
    prometheus: Prometheus
    jaeger: Jaeger
    agent: Tracing
    """Traces the calls that go through `fronts`, as an agent of that name."""
    collected: str | None
    """Where the collector shows the series it collected; None where it writes them instead."""
    collector: str
    """Where proxies push metrics by OTLP over HTTP; "" if Prometheus scrapes them instead."""


def start(local: LocalPlan, folder: Path, parts: Parts) -> Pipeline:
    """Write the settings into the folder and start everything; the owner of `parts` ends it.

    Raises PartFailed when a part ends, or is not ready or not scraped within READY_SECONDS.
    """
    for name, text in local.files.items():
        (folder / name).write_text(text)
    for stage in local.stages:
        started = [(process, parts.start(_command(process))) for process in stage]
        for process, part in started:
            parts.wait_ready(part, _ready(process), READY_SECONDS)
    prometheus = Prometheus(f"http://{local.addresses.prometheus}")
    wait_scraped(parts, prometheus, local.targets)
    agent = tracing(AGENT, local.agent)
    parts.before_end(agent.end)
    pushed = local.plan.architecture.metrics_ingestion is MetricsIngestion.PUSHED
    return Pipeline(
        local.plan.architecture,
        parts,
        {process.name: process for stage in local.stages for process in stage},
        local.fronts,
        local.faulty,
        prometheus,
        Jaeger(f"http://{local.addresses.jaeger_query}"),
        agent,
        local.collected,
        f"http://{local.addresses.otlp_http}" if pushed else "",
    )


def launch(process: Process, parts: Parts) -> None:
    """Start one more process beside a pipeline's; raises PartFailed unless it gets ready."""
    parts.wait_ready(parts.start(_command(process)), _ready(process), READY_SECONDS)


def wait_scraped(parts: Parts, prometheus: Prometheus, targets: int) -> None:
    """Wait until Prometheus scrapes every target; it looks for them every 5 s only.

    Raises PartFailed as `start` does.
    """

    def all_up() -> bool | None:
        try:
            return len(prometheus.query("up == 1")) == targets or None
        except Unreachable:
            return None

    try:
        parts.wait("every target is scraped", all_up, READY_SECONDS)
    except TimeoutError as late:
        raise PartFailed(f"prometheus: {late}; see {prometheus.url}/api/v1/targets") from late


def _command(process: Process) -> Command:
    environment = {**inherited(os.environ), **process.environment}
    return Command(process.name, process.arguments, environment)


def _ready(process: Process) -> Callable[[], bool | None]:
    """A condition for `Parts.wait`: True when the process answers as a ready one does."""
    session = requests.Session()
    session.trust_env = False

    def answered() -> bool | None:
        try:
            return session.get(process.url, timeout=2).status_code == process.status or None
        except requests.RequestException:
            return None

    return answered
