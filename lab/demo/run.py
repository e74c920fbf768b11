"""Run the pipeline of each architecture that was asked for, and tell what came of it."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab import evidence
from lab.addresses import choose
from lab.arguments import UsageError
from lab.choices import HTTP_SERVER, STDIO_SERVER, Choices
from lab.demo.ended import Ended, heed
from lab.demo.faulty import run_faulty
from lab.demo.following import follow
from lab.demo.options import Options, parse
from lab.load import LoadFailed
from lab.local_plan import local_plan
from lab.pipeline import Pipeline, start
from lab.ports import PortBusy
from lab.processes import PartFailed, Parts
from lab.programs import ROOT
from lab.result import Result, compared, told
from lab.run_folder import run_folder
from lab.tools import DEMO_TOOLS, ToolMissing, ensure
from stacks.architectures import Architecture


def run(options: Options, binaries: dict[str, Path]) -> bool:
    """Run each architecture in turn; whether every number agreed, or every fault was told."""
    if options.faults:
        runs = [run_faulty(each, options, binaries, _say) for each in options.architectures]
        return all(runs)
    results = [_run_one(each, options, binaries) for each in options.architectures]
    if len(results) > 1:
        print(compared(results), flush=True)
    return all(each.good for each in results)


def _run_one(architecture: Architecture, options: Options, binaries: dict[str, Path]) -> Result:
    began = time.monotonic()
    addresses = choose(
        (HTTP_SERVER, STDIO_SERVER),
        prometheus_port=options.prometheus_port,
        jaeger_port=options.jaeger_port,
    )
    _say(f"\n{architecture.name}: {architecture.summary}")
    with run_folder(ROOT / "run", architecture.name) as folder, Parts(folder) as parts:
        _say(f"  settings and logs: {folder}")
        choices = Choices(architecture, addresses, options.stdio_command)
        pipeline = start(local_plan(choices, folder, binaries), folder, parts)
        _say(f"  all {len(parts.pids)} processes run after {time.monotonic() - began:.1f} s")
        result = _prove(pipeline, began)
        print(told(result), flush=True)
        if not options.once:
            follow(pipeline, folder, _say)
    return result


def _prove(pipeline: Pipeline, began: float) -> Result:
    sent = evidence.send(pipeline)
    _say(f"  {sum(map(_total, sent.values()))} calls sent; waiting until each is visible")
    ledger = evidence.account(pipeline, sent)
    _say("  asking every query of boards and rules")
    coverage = evidence.cover(pipeline, _say)
    seconds = time.monotonic() - began
    name = pipeline.architecture.name
    return Result(name, ledger, coverage, seconds, pipeline.parts.peak_bytes)


def _total(counts: Mapping[str, int]) -> int:
    return sum(counts.values())


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Return the exit code: 0 all agrees, 1 not or a part died, 2 the user's mistake."""
    try:
        options = parse(arguments)
        heed()
        binaries = ensure(DEMO_TOOLS, environ=os.environ)
        return 0 if run(options, binaries) else 1
    except (UsageError, PortBusy, ToolMissing) as mistake:
        _say(f"demo: {mistake}")
        return 2
    except (PartFailed, LoadFailed) as failed:
        _say(str(failed))
        return 1
    except Ended as ended:
        _say(f"\n{ended}; nothing is left running")
        return ended.exit_code
