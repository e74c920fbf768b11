"""The demo with faults: strike a pipeline, and tell what its alerts make of it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from lab.demo.following import follow
from lab.demo.options import Options
from lab.evidence import Tell
from lab.faults.catalogue import FAULTS
from lab.faults.drill import Struck, Watch, broken, possible
from lab.faults.fault import Fault
from lab.faults.stage import Ports, acts, drills, stage
from lab.pipeline import Pipeline
from lab.processes import Parts
from lab.programs import ROOT
from lab.prometheus_api import Unreachable
from lab.run_folder import run_folder
from stacks.architectures import Architecture

FAULTY = "echo-faulty"
"""The server that suffers from a single fault: its name does not give the fault away."""

_REMARK = """
The fault goes on. Alerts have short holds here, so that they fire within seconds, and five of their
thresholds are lower; all else, and the boards, are as deployed."""


def run_faulty(
    architecture: Architecture, options: Options, binaries: Mapping[str, Path], tell: Tell
) -> bool:
    """Strike with the faults that were asked for; whether alerts and boards told the truth.

    Without `once` the fault goes on until a signal comes.
    """
    asked = (FAULTS[name] for name in options.faults)
    faults = tuple(each for each in asked if possible(each, architecture))
    tell(f"\n{architecture.name}, with {', '.join(map(str, faults))}")
    with run_folder(ROOT / "run", architecture.name) as folder, Parts(folder) as parts:
        ports = Ports(options.prometheus_port, options.jaeger_port)
        names = None if len(faults) > 1 else FAULTY
        pipeline = stage(
            architecture, faults, parts, binaries, folder=folder, name=names, ports=ports
        )
        tell(f"  settings and logs: {folder}")
        tell(f"  all {len(parts.pids)} processes run")
        if options.once:
            return _judged(pipeline, faults, tell)
        [struck] = acts(pipeline, faults)
        _go_on(pipeline, struck, folder, tell)
        return True


def _judged(pipeline: Pipeline, faults: Sequence[Fault], tell: Tell) -> bool:
    good = True
    for each in drills(pipeline, faults, tell):
        print(each, flush=True)
        good = good and each.good
    return good


def _go_on(pipeline: Pipeline, struck: Sequence[Struck], folder: Path, tell: Tell) -> None:
    """Strike, and tell of each alert as it fires, until a signal comes."""
    with broken(pipeline, struck, tell) as watch:
        follow(pipeline, folder, tell, remark=_REMARK, look=lambda: _announce(watch))


def _announce(watch: Watch) -> None:
    with suppress(Unreachable):
        watch.announce()
