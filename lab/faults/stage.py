"""A pipeline with a server for each fault to strike, and the order in which they strike."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.addresses import choose
from lab.choices import HEALTHY, Choices
from lab.evidence import Tell
from lab.faults.catalogue import FAULTS
from lab.faults.drill import Drill, Struck, drill, possible
from lab.faults.fault import Fault, Scene
from lab.faults.haste import hasty_rules
from lab.local_plan import local_plan
from lab.pipeline import Pipeline, start
from lab.processes import Parts
from stacks.architectures import Architecture

Binaries = Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports that somebody asked for by number; None for a free one."""

    prometheus: int | None = None
    jaeger: int | None = None


ANY_PORTS = Ports()


def every(architecture: Architecture) -> tuple[Fault, ...]:
    """All faults that the architecture can have."""
    return tuple(each for each in FAULTS.values() if possible(each, architecture))


def stage(
    architecture: Architecture,
    faults: Iterable[Fault],
    parts: Parts,
    binaries: Binaries,
    *,
    folder: Path,
    name: str | None = None,
    ports: Ports = ANY_PORTS,
) -> Pipeline:
    """Start the pipeline, with hasty rules; `name` is that of the one server that is struck.

    Without it, each server is called as its fault. Raises PartFailed as `start` does.
    """
    called = (each.server(name or each.name) for each in faults)
    servers = tuple(each for each in called if each)
    addresses = choose(
        [each.name for each in (*HEALTHY, *servers)],
        prometheus_port=ports.prometheus,
        jaeger_port=ports.jaeger,
    )
    choices = Choices(architecture, addresses, faulty=servers, rules=hasty_rules())
    return start(local_plan(choices, folder, binaries), folder, parts)


def acts(pipeline: Pipeline, faults: Iterable[Fault]) -> Iterator[tuple[Struck, ...]]:
    """What strikes together: all that have their own server; then the others, one at a time."""
    fronts = iter(pipeline.faulty)
    given = tuple(faults)
    together = tuple(
        Struck(each, Scene(pipeline, next(fronts))) for each in given if each.transport
    )
    if together:
        yield together
    for each in given:
        if not each.transport:
            yield (Struck(each, Scene(pipeline, pipeline.fronts[0])),)


def drills(pipeline: Pipeline, faults: Iterable[Fault], tell: Tell) -> Iterator[Drill]:
    """Let the faults strike, act by act, on a staged pipeline."""
    for struck in acts(pipeline, faults):
        tell(f"  striking: {', '.join(each.fault.name for each in struck)}")
        yield drill(pipeline, struck, tell)
