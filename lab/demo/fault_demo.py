"""The demo with faults: inject them into a pipeline and report the alerts."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from lab.demo.keep_running import keep_running, up_text
from lab.demo.options import Options
from lab.faults.catalogue import FAULTS
from lab.faults.fault import Fault
from lab.faults.fault_test import ActiveFault, active, possible
from lab.faults.setup import Ports, batches, run_fault_tests, set_up
from lab.local.pipeline import Pipeline
from lab.local.processes import Processes
from lab.local.programs import ROOT
from lab.local.run_folder import run_folder
from lab.prometheus_api import Unreachable
from lab.verify.traffic import Report
from proxy.faults.injections import Injection
from stacks.architectures import Architecture

FAULTY = "echo-faulty"
"""The server that a single fault affects: its name does not reveal the fault."""

_REMARK = """
The fault stays active. Alerts fire within seconds here, since they have a short `for`, and five of
their thresholds are lower; all else, and the boards, are as deployed."""


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
        if options.once:
            return _run_tests(pipeline, faults, report)
        [batch] = batches(pipeline, faults)
        _stay_active(pipeline, batch, folder, report, plain=options.plain)
        return True


def _run_tests(pipeline: Pipeline, faults: Sequence[Fault], report: Report) -> bool:
    passed = True
    for result in run_fault_tests(pipeline, faults, report):
        print(result, flush=True)
        passed = passed and result.passed
    return passed


def _stay_active(
    pipeline: Pipeline,
    faults: Sequence[ActiveFault],
    folder: Path,
    report: Report,
    *,
    plain: bool,
) -> None:
    """Keep the faults active until a signal, and report each alert when it fires."""
    with active(pipeline, faults, report) as monitor:

        def report_alerts() -> None:
            with suppress(Unreachable):
                monitor.report_new()

        keep_running(
            pipeline,
            folder,
            report,
            plain=plain,
            remark=_REMARK,
            on_step=report_alerts,
            injected=[Injection(each.fault.name, "", each.server, time.time()) for each in faults],
        )
