"""Compare the architectures and give the result: the command."""

import os
import time
from collections.abc import Sequence

from lab import signals
from lab.arguments import UsageError
from lab.binaries.catalogue import DEMO_TOOLS
from lab.binaries.find import ToolMissing, ensure
from lab.compare import plot, report
from lab.compare.options import JSON, PLOT, TEXT, Options, parse
from lab.compare.result import Comparison, Measurement
from lab.compare.trial import run_trial
from lab.load import output
from lab.local.processes import ProcessFailed
from lab.prometheus_api import Unreachable
from lab.stderr import say


def compare(options: Options) -> Comparison:
    """Run all trials, one after another."""
    binaries = ensure(DEMO_TOOLS, environ=os.environ)
    measurements: list[Measurement] = []
    bare: float | None = None
    for outage in options.trials:
        began = time.monotonic()
        say(f"{outage.name if outage else 'undisturbed'}:")
        result = run_trial(options.architectures, outage, options.conditions, binaries, say)
        measurements += result.measurements
        bare = bare if outage else result.bare_cpu_seconds
        say(f"  took {time.monotonic() - began:.0f} s")
    conditions = options.conditions
    return Comparison(
        conditions.calls,
        conditions.call_seconds,
        conditions.outage_seconds,
        conditions.seed,
        tuple(measurements),
        bare,
    )


def _write(options: Options, comparison: Comparison) -> None:
    text = report.markdown(comparison)
    print(text, end="", flush=True)
    try:
        if options.out is not None:
            contents = {
                TEXT: text,
                JSON: report.as_json(comparison),
                PLOT: plot.html(comparison, text),
            }
            output.write(options.out, contents)
        if options.write is not None:
            options.write.parent.mkdir(parents=True, exist_ok=True)
            options.write.write_text(text, encoding="utf-8")
    except OSError as wrong:
        raise UsageError(f"cannot write the results: {wrong}") from wrong


def main(arguments: Sequence[str]) -> int:
    """Return the exit code: 0, 1 if a process failed or did not answer, 2 for a usage error."""
    try:
        options = parse(arguments)
        signals.install()
        _write(options, compare(options))
    except (UsageError, ToolMissing) as mistake:
        say(f"compare: {mistake}")
        return 2
    except OSError as wrong:
        say(f"compare: {wrong}")
        return 1
    except (ProcessFailed, Unreachable) as failed:
        say(f"compare: {failed}")
        return 1
    except signals.Ended as ended:
        signals.ignore()
        say(f"\n{ended}; nothing is left running")
        return ended.exit_code
    return 0
