"""Run every test: `python -m tests.run_all [options and paths of pytest]`.

Three tests at a time, and then those that are marked `alone`. If a few of the first fail, they run
once more by themselves, and the tests that pass only then are named at the end: such a test does
not wait for what it needs, or should be marked `alone`. A test that fails twice fails the run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

AT_A_TIME = 3
"""Half of the tests' time is waiting; tests/workers.py says which files go together."""

RUN_AGAIN_AT_MOST = 5
"""More failures than these have another cause than a busy machine."""

FAILED = Path(".pytest_cache/v/cache/lastfailed")


def main(arguments: Sequence[str]) -> int:
    """The exit code of pytest: that of the tests that ran at the same time, if it is not 0."""
    # Pytest keeps failures of tests that do not run, such as those that are no longer there.
    FAILED.unlink(missing_ok=True)
    beside_others = ("-n", str(AT_A_TIME), "--dist", "loadfile", "--no-loadscope-reorder")
    code = _pytest(*beside_others, "-m", "not alone", *arguments)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return code
    passed_alone: list[str] = []
    # With no failed test, --last-failed would run them all.
    if code == pytest.ExitCode.TESTS_FAILED and 0 < len(failed := _failed()) <= RUN_AGAIN_AT_MOST:
        print(f"{len(failed)} failed beside other tests; running them again alone", flush=True)
        code = _pytest("--last-failed", "-m", "not alone", *arguments)
        still = _failed()
        passed_alone = [each for each in failed if each not in still]
    alone = _pytest("-m", "alone", *arguments)
    for each in passed_alone:
        print(f"failed beside other tests and passed alone, to be mended: {each}")
    return code or (pytest.ExitCode.OK if alone == pytest.ExitCode.NO_TESTS_COLLECTED else alone)


def _pytest(*arguments: str) -> int:
    return subprocess.run((sys.executable, "-m", "pytest", *arguments)).returncode


def _failed() -> tuple[str, ...]:
    """The ids of the tests that failed when they last ran in this run."""
    return tuple(json.loads(FAILED.read_text(encoding="utf-8"))) if FAILED.exists() else ()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
