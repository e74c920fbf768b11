"""A pipeline with a server for each fault, and the batches in which faults are active."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.faults.catalogue import FAULTS
from lab.faults.fast_rules import fast_rules
from lab.faults.fault import COLLECTOR, Fault, FaultContext, Target
from lab.faults.fault_test import ActiveFault, FaultTestResult, possible, run_fault_test
from lab.faults.injector import Injector
from lab.local.addresses import choose
from lab.local.pipeline import Pipeline, start
from lab.local.plan import local_plan
from lab.local.processes import Processes
from lab.local.run_options import HEALTHY, LocalServer, RunOptions
from lab.verify.traffic import Report
from stacks.architectures import Architecture


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports that the user chose; None for a free one."""

    prometheus: int | None = None
    jaeger: int | None = None


ANY_PORTS = Ports()


def possible_faults(architecture: Architecture) -> tuple[Fault, ...]:
    """All with a drill."""
    return tuple(
        each for each in FAULTS.values() if each.has_drill and possible(each, architecture)
    )


def set_up(
    architecture: Architecture,
    faults: Iterable[Fault],
    processes: Processes,
    binaries: Mapping[str, Path],
    *,
    folder: Path,
    name: str | None = None,
    ports: Ports = ANY_PORTS,
    logs: bool = False,
) -> Pipeline:
    """Start the pipeline with `fast_rules`; `name` is that of the only affected server.

    Without it, each server has the name of its fault. Raises ProcessFailed as `start` does.
    """
    servers = tuple(
        LocalServer(name or each.name, each.transport, dict(each.environment))
        for each in faults
        if each.target is not Target.PIPELINE
    )
    addresses = choose(
        [each.name for each in (*HEALTHY, *servers)],
        prometheus_port=ports.prometheus,
        jaeger_port=ports.jaeger,
    )
    options = RunOptions(architecture, addresses, faulty=servers, rules=fast_rules(), logs=logs)
    return start(local_plan(options, folder, binaries), folder, processes)


def batches(pipeline: Pipeline, faults: Sequence[Fault]) -> Iterator[tuple[ActiveFault, ...]]:
    """First all faults of servers together, then each of the pipeline alone, the collector's last.

    Alerts on the series that the collector exposes fire again once it is back.
    """
    servers = iter(pipeline.faulty_endpoints)
    alone = [each for each in faults if each.target is Target.PIPELINE]
    together = tuple(
        ActiveFault(each, FaultContext(pipeline, next(servers).server))
        for each in faults
        if each not in alone
    )
    if together:
        yield together
    for each in sorted(alone, key=lambda fault: fault.part == COLLECTOR):
        yield (ActiveFault(each, FaultContext(pipeline)),)


def run_fault_tests(
    pipeline: Pipeline, injector: Injector, faults: Sequence[Fault], report: Report
) -> Iterator[FaultTestResult]:
    """Test the faults, batch by batch."""
    for batch in batches(pipeline, faults):
        report(f"  injecting: {', '.join(each.fault.name for each in batch)}")
        yield run_fault_test(pipeline, injector, batch, report)
