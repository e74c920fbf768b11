"""`make conformance`: run the suite by every road, and say where they differ."""

import signal
import sys
from typing import NoReturn

from tests.conformance.comparison import differences, failures, table
from tests.conformance.roads import DIRECT, ROADS
from tests.conformance.runs import PAIRS, REVISIONS, Run, installed, run_all
from tests.conformance.suite import Suite, SuiteFailed


def main() -> int:
    """Return the exit code: 0 if everything required passes and nothing differs."""
    suite = installed()
    runs = run_all(suite, PAIRS)
    wrong = [each for revision in REVISIONS for each in _judge(suite, revision, runs)]
    for each in wrong:
        print(each)
    print(f"conformance: {len(wrong)} failures or differences" if wrong else "conformance: passed")
    return 1 if wrong else 0


def _judge(suite: Suite, revision: str, runs: dict[tuple[str, str], Run]) -> list[str]:
    """Print the table of a revision; what is wrong with it."""
    by_road = {road: runs[road, revision] for road in ROADS if (road, revision) in runs}
    required = suite.required(revision)
    print(f"Requirements of {revision}: how many checks passed, of how many")
    print(table({road: run.results for road, run in by_road.items()}, required))
    print("took", ", ".join(f"{road} {run.seconds:.0f} s" for road, run in by_road.items()), "\n")
    direct = by_road.pop(DIRECT.name).results
    return [
        *(f"{DIRECT.name}: {each}" for each in failures(direct, required)),
        *(
            f"{road}: {each}"
            for road, run in by_road.items()
            for each in differences(direct, run.results, run.pair.road.not_applicable)
        ),
    ]


def _end(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _end)
    try:
        sys.exit(main())
    except SuiteFailed as failed:
        print(f"conformance: {failed}", file=sys.stderr)
        sys.exit(2)
