"""`python -m tests.bench [--rounds N] [--seconds N]`: what the proxy costs, beside nginx."""

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import machine, nginx, report
from tests.bench.programs import Failed, Missing, Programs, find
from tests.bench.subjects import SUBJECTS, Measured, Nginx, Site


def main() -> int:
    """Print the machine, progress on stderr, and a markdown table; 2 if something is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each subject (3)")
    parser.add_argument("--seconds", type=int, default=5, help="length of a run (5)")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    began = time.monotonic()
    try:
        programs = find(os.environ.get("PATH", ""))
        print(machine.describe())
        results = _rounds(programs, arguments.rounds, arguments.seconds)
    except (Missing, Failed) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2 if isinstance(error, Missing) else 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    print(f"\n{report.table(results, Nginx().name)}\n")
    took = time.monotonic() - began
    rounds = f"{arguments.rounds} rounds of {arguments.seconds} s each, {took:.0f} s in all"
    print("\n".join(f"- {each}" for each in (rounds, *report.notes(results))))
    return 0


def _rounds(programs: Programs, rounds: int, seconds: int) -> dict[str, list[Measured]]:
    """Each subject once per round, so that all meet the same state of the machine."""
    results: dict[str, list[Measured]] = {subject.name: [] for subject in SUBJECTS}
    with tempfile.TemporaryDirectory(prefix="mcp-bench-") as name:
        folder = Path(name)
        with nginx.upstream(programs, folder) as port:
            site = Site(programs, folder, port, seconds)
            for number in range(1, rounds + 1):
                for subject in SUBJECTS:
                    print(f"round {number} of {rounds}: {subject.name}", file=sys.stderr)
                    results[subject.name].append(subject.measure(site))
    return results


if __name__ == "__main__":
    sys.exit(main())
