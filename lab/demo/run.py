"""Run the pipeline of each selected architecture and print the result."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from lab import signals
from lab.arguments import UsageError
from lab.binaries.catalogue import DEMO_TOOLS, LOG_TOOLS
from lab.binaries.find import ToolMissing, ensure
from lab.demo.fault_demo import run_fault_demo
from lab.demo.keep_running import keep_running, up_text
from lab.demo.options import Options, parse
from lab.faults.fast_rules import fast_rules
from lab.load.client import LoadFailed
from lab.local.addresses import choose
from lab.local.pipeline import Pipeline, start
from lab.local.plan import local_plan
from lab.local.ports import PortBusy
from lab.local.processes import Processes, ProcessFailed
from lab.local.programs import ROOT
from lab.local.run_folder import run_folder
from lab.local.run_options import HEALTHY, RunOptions
from lab.stderr import say
from lab.verify.check_queries import check_queries
from lab.verify.reconcile import reconcile
from lab.verify.result import Result, comparison, report
from lab.verify.traffic import send_calls
from stacks.architectures import Architecture


def run(options: Options, binaries: Mapping[str, Path]) -> bool:
    """Run each architecture in turn; returns whether every check passed."""
    if options.faults:
        runs = [run_fault_demo(each, options, binaries, say) for each in options.architectures]
        return all(runs)
    if not options.echo:
        [architecture] = options.architectures
        with _started(architecture, options, binaries) as (pipeline, folder):
            keep_running(pipeline, folder, say, plain=options.plain)
        return True
    results = [_run_one(each, options, binaries) for each in options.architectures]
    if len(results) > 1:
        print(comparison(results), flush=True)
    return all(each.passed for each in results)


def _run_one(architecture: Architecture, options: Options, binaries: Mapping[str, Path]) -> Result:
    started = time.monotonic()
    with _started(architecture, options, binaries) as (pipeline, folder):
        result = _verify(pipeline, started)
        print(report(result), flush=True)
        if not options.once:
            keep_running(pipeline, folder, say, plain=options.plain)
    return result


@contextmanager
def _started(
    architecture: Architecture, options: Options, binaries: Mapping[str, Path]
) -> Iterator[tuple[Pipeline, Path]]:
    """A running pipeline, and the folder of its settings and logs."""
    healthy = HEALTHY if options.echo else ()
    addresses = choose(
        [each.name for each in healthy],
        user_servers=options.user.names,
        prometheus_port=options.prometheus_port,
        jaeger_port=options.jaeger_port,
    )
    say(f"\n{architecture.name}: {architecture.summary}")
    with run_folder(ROOT / "run", architecture.name) as folder, Processes(folder) as processes:
        say(f"  settings and logs: {folder}")
        run_options = RunOptions(
            architecture,
            addresses,
            options.stdio_command,
            healthy,
            user=options.user,
            rules=fast_rules() if options.fast_alerts else None,
            logs=options.logs,
        )
        pipeline = start(local_plan(run_options, folder, binaries), folder, processes)
        say(f"  {up_text(processes)}")
        yield pipeline, folder


def _verify(pipeline: Pipeline, started: float) -> Result:
    sent = send_calls(pipeline)
    total = sum(sum(counts.values()) for counts in sent.values())
    say(f"  {total} calls sent; waiting until each is visible")
    reconciliation = reconcile(pipeline, sent)
    say("  checking every query of boards and rules")
    coverage = check_queries(pipeline, say)
    seconds = time.monotonic() - started
    peak = pipeline.processes.peak_bytes
    return Result(pipeline.architecture.name, reconciliation, coverage, seconds, peak)


def main(arguments: Sequence[str]) -> int:
    """Return the exit code: 0 all checks passed, 1 a check or process failed, 2 usage error."""
    try:
        options = parse(arguments)
        signals.install()
        tools = (*DEMO_TOOLS, *LOG_TOOLS) if options.logs else DEMO_TOOLS
        binaries = ensure(tools, environ=os.environ)
        return 0 if run(options, binaries) else 1
    except (UsageError, PortBusy, ToolMissing) as mistake:
        say(f"demo: {mistake}")
        return 2
    except (ProcessFailed, LoadFailed) as failed:
        say(str(failed))
        return 1
    except signals.Ended as ended:
        signals.ignore()
        say(f"\n{ended}; nothing is left running")
        return ended.exit_code
