"""A trial: all architectures at once, with the same calls and the same outage."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lab.background import Background
from lab.compare.calls import Calls, Plan, planned
from lab.compare.checked_wait import CheckedWait
from lab.compare.disturb import disturb
from lab.compare.forwarder import Forwarder
from lab.compare.hops import Hop, destinations, rerouted
from lab.compare.member import PARTS, SERVER, Member
from lab.compare.outages import RETRY_SECONDS, Outage
from lab.compare.result import Measurement
from lab.compare.usage import Usage
from lab.local.addresses import choose
from lab.local.pipeline import launch_together, start_together
from lab.local.plan import LocalPlan, local_plan
from lab.local.processes import Processes
from lab.local.programs import ROOT, ProcessSpec
from lab.local.run_folder import run_folder
from lab.local.run_options import RunOptions
from lab.verify.traffic import Report
from stacks.architectures import ARCHITECTURES, Architecture

RUNS = ROOT / "run" / "compare"

NO_RULES: Mapping[str, object] = {"groups": []}
"""The same in all architectures, they would only hide the differences."""

_BARE = {
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_TRACES_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
}


@dataclass(frozen=True, slots=True)
class Conditions:
    """What is the same in all trials of a comparison."""

    calls: int
    outage_seconds: float
    seed: int

    @property
    def margin_seconds(self) -> float:
        """Of the calls before and after the outage."""
        return max(2.0, self.outage_seconds / 6)

    @property
    def call_seconds(self) -> float:
        return self.outage_seconds + 2 * self.margin_seconds

    @property
    def plan(self) -> Plan:
        return planned(self.calls, self.call_seconds, self.seed)


@dataclass(frozen=True, slots=True)
class TrialResult:
    """`bare_cpu_seconds` is of the proxy without telemetry, if it took part."""

    measurements: tuple[Measurement, ...]
    bare_cpu_seconds: float | None


def run_trial(
    architectures: Sequence[Architecture],
    outage: Outage | None,
    conditions: Conditions,
    binaries: Mapping[str, Path],
    report: Report,
) -> TrialResult:
    """Raises ProcessFailed when a process exits or does not become ready."""
    with ExitStack() as owned:
        background = owned.enter_context(Background())
        members = _start(architectures, outage, conditions, binaries, owned, background)
        bare = None if outage else owned.enter_context(_bare(conditions))
        wait = CheckedWait(members)
        everyone = [each.calls for each in members] + ([bare.calls] if bare else [])
        for calls in everyone:
            background.run(calls.open(report))
        for each in members:
            wait.futures.append(background.start(each.observer.run()))
            each.start_measuring()
        if bare:
            bare.start()
        began = time.time()
        sending = [background.start(each.send()) for each in everyone]
        wait.futures += sending
        if outage:
            wait.until(began + conditions.margin_seconds)
            report(f"  {outage.what}")
            disturb(members, outage, conditions.outage_seconds, wait, background)
        wait.finished(sending)
        for each in members:
            each.stop_measuring()
        bare_cpu = bare.stop() if bare else None
        report("  waiting for what is still on its way")
        ended = wait.settled(outage.settle_seconds if outage else RETRY_SECONDS)
        for each in members:
            each.collect_spans()
        return TrialResult(tuple(each.measured(outage, ended) for each in members), bare_cpu)


def _start(
    architectures: Sequence[Architecture],
    outage: Outage | None,
    conditions: Conditions,
    binaries: Mapping[str, Path],
    owned: ExitStack,
    background: Background,
) -> list[Member]:
    """Start all pipelines, whose processes end with `owned`."""
    plan = conditions.plan
    plans: list[tuple[LocalPlan, Path, Processes]] = []
    forwarders: list[Mapping[Hop, Forwarder]] = []
    for architecture in architectures:
        label = f"{outage.name if outage else 'undisturbed'}-{architecture.name}"
        folder = owned.enter_context(run_folder(RUNS, label))
        addresses = choose([SERVER.name])
        to = destinations(addresses, SERVER.name)
        forwarders.append(owned.enter_context(_listening(to, background)))
        options = RunOptions(architecture, addresses, healthy=(SERVER,), rules=NO_RULES)
        via = {hop: each.address for hop, each in forwarders[-1].items()}
        local = rerouted(local_plan(options, folder, binaries), via)
        plans.append((local, folder, owned.enter_context(Processes(folder))))
    pipelines = start_together(plans)
    return [
        Member(pipeline, Calls(plan, pipeline.endpoints[0].mcp_url), each)
        for pipeline, each in zip(pipelines, forwarders, strict=True)
    ]


@contextmanager
def _listening(to: Mapping[Hop, str], background: Background) -> Iterator[Mapping[Hop, Forwarder]]:
    """Forwarders for all hops, inside the block."""

    async def leave() -> None:
        await owned.aclose()

    async def enter() -> None:
        for each in found.values():
            await owned.enter_async_context(each.listening())

    found = {hop: Forwarder(address) for hop, address in to.items()}
    owned = AsyncExitStack()
    background.run(enter())
    try:
        yield found
    finally:
        background.run(leave())


@dataclass(slots=True)
class _Bare:
    """The proxy and the server without telemetry."""

    calls: Calls
    usage: Usage
    before: float = 0.0

    def start(self) -> None:
        self.before = self._proxy()

    def stop(self) -> float:
        """Seconds of CPU of the proxy."""
        return self._proxy() - self.before

    def _proxy(self) -> float:
        [proxy] = PARTS
        return self.usage.cpu_seconds()[proxy]


@contextmanager
def _bare(conditions: Conditions) -> Iterator[_Bare]:
    architecture = next(iter(ARCHITECTURES.values()))
    options = RunOptions(architecture, choose([SERVER.name]), healthy=(SERVER,))
    nothing = dict.fromkeys(("jaeger", "prometheus", "collector"), Path())
    with run_folder(RUNS, "bare") as folder, Processes(folder) as processes:
        local = local_plan(options, folder, nothing)
        servers, proxies = local.stages
        echo = (each for each in servers if each.name == f"{SERVER.name}-server")
        for stage in (echo, proxies):
            launch_together((_without_telemetry(each), processes) for each in stage)
        yield _Bare(Calls(conditions.plan, local.endpoints[0].mcp_url), Usage(processes))


def _without_telemetry(process: ProcessSpec) -> ProcessSpec:
    kept = {
        name: value
        for name, value in process.environment.items()
        if not name.startswith("OTEL_EXPORTER")
    }
    return replace(process, environment={**kept, **_BARE})
