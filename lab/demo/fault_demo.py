"""The demo with faults: inject them into a pipeline and report the alerts."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.demo.keep_running import keep_running, up_text
from lab.demo.options import Options
from lab.faults.catalogue import FAULTS
from lab.faults.changes import FAULTS_FILE
from lab.faults.fault import Fault
from lab.faults.fault_test import active, possible
from lab.faults.injector import Injector
from lab.faults.setup import Ports, batches, run_fault_tests, set_up
from lab.local.pipeline import Pipeline
from lab.local.processes import Processes
from lab.local.programs import ROOT
from lab.local.run_folder import run_folder
from lab.verify.traffic import Report
from stacks.architectures import Architecture

FAULTY = "echo-faulty"
"""The server that a single fault affects: its name does not reveal the fault."""

_REMARK = """
The fault stays on until `make fault FAULT=reset`. Alerts fire within seconds here, since they have
a short `for`, and five of their thresholds are lower; all else, and the boards, are as deployed."""


def run_fault_demo(
    architecture: Architecture, options: Options, binaries: Mapping[str, Path], report: Report
) -> bool:
    """Inject the selected faults; returns whether alerts and boards showed them.

    Without `once` the fault stays active until a signal.
    """
    selected = (FAULTS[name] for name in options.faults)
    faults = tuple(each for each in selected if possible(each, architecture))
    report(f"\n{architecture.name}, with {', '.join(map(str, faults))}")
    with run_folder(ROOT / "run", architecture.name) as folder, Processes(folder) as processes:
        pipeline = set_up(
            architecture,
            faults,
            processes,
            binaries,
            folder=folder,
            name=None if len(faults) > 1 else FAULTY,
            ports=Ports(options.prometheus_port, options.jaeger_port),
            logs=options.logs,
        )
        report(f"  settings and logs: {folder}")
        report(f"  {up_text(processes)}")
        injector = Injector(pipeline, folder / FAULTS_FILE)
        if options.once:
            return _run_tests(pipeline, injector, faults, report)
        [batch] = batches(pipeline, faults)
        with active(pipeline, injector, batch, report) as monitor:
            keep_running(
                pipeline,
                folder,
                report,
                plain=options.plain,
                remark=_REMARK,
                on_step=monitor.report_reached,
                injector=injector,
            )
        return True


def _run_tests(
    pipeline: Pipeline, injector: Injector, faults: Sequence[Fault], report: Report
) -> bool:
    passed = True
    for result in run_fault_tests(pipeline, injector, faults, report):
        print(result, flush=True)
        passed = passed and result.passed
    return passed
