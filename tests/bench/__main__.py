"""`python -m tests.bench [--quick] [--write FILE]`: what the proxy costs, beside nginx."""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.bench import build, document, footprint, latency, machine, nginx, profile, report, sse
from tests.bench import saturation as saturated
from tests.bench.programs import Failed, Missing, Programs, find
from tests.bench.results import Results
from tests.bench.subjects import LARGE, PACED, QUICK, SMALL, Ours, Site, Subject


def main() -> int:
    """Print markdown, and progress on stderr; 2 if something is missing, 1 if a run failed."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    began = time.monotonic()
    try:
        programs = find(os.environ.get("PATH", ""))
        print(machine.describe(), file=sys.stderr)
        results = _run(programs, arguments)
    except (Missing, Failed) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2 if isinstance(error, Missing) else 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    if arguments.quick:
        print(report.saturation(results, QUICK))
        return 0
    took = time.monotonic() - began
    text = document.write(results, programs, arguments.rounds, arguments.seconds, took)
    if arguments.write is None:
        print(text)
    else:
        arguments.write.parent.mkdir(parents=True, exist_ok=True)
        arguments.write.write_text(text)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the plain proxy's cost, one round")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each subject (3)")
    parser.add_argument("--seconds", type=int, default=5, help="length of a run (5)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the whole report there")
    return parser.parse_args()


def _run(programs: Programs, arguments: argparse.Namespace) -> Results:
    with tempfile.TemporaryDirectory(prefix="mcp-bench-") as name:
        folder = Path(name)
        with nginx.upstream(programs, folder) as port, sse.server(programs) as streaming:
            echo = build.echo(programs, folder)
            site = Site(programs, folder, port, streaming, echo, None, arguments.seconds)
            if arguments.quick:
                return _rounds(Results(), site, 1, QUICK, ())
            _say("compile the proxy")
            site = replace(site, compiled=build.proxy(folder / "compiled"))
            results = _rounds(Results(), site, arguments.rounds, (*SMALL, *LARGE), PACED)
            return _once(results, site)


def _rounds(
    results: Results,
    site: Site,
    rounds: int,
    loaded: Sequence[Subject],
    paced: Sequence[Subject],
) -> Results:
    """Each subject once per round, so that all meet the same state of the machine."""
    for number in range(1, rounds + 1):
        for subject in loaded:
            _say(f"round {number} of {rounds}: {subject.name}, {subject.answer[1:]}")
            run = saturated.measure(subject, site)
            results.saturation.setdefault(subject, []).append(run)
        for subject in paced:
            _say(f"round {number} of {rounds}: latency, {subject.name}")
            results.latency.setdefault(subject, []).append(latency.measure(subject, site))
    return results


def _once(results: Results, site: Site) -> Results:
    _say("profile")
    results.shares = profile.shares(site, Ours())
    _say("idle sessions")
    results.idle = footprint.idle_sessions(site)
    results.connected = footprint.connected_sessions(site)
    _say("start and size")
    results.start_seconds = footprint.start_seconds(site)
    results.packages_bytes = footprint.packages_bytes()
    return results


def _say(what: str) -> None:
    print(what, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
