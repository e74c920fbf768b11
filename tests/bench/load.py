"""The load: wrk with 32 keep-alive connections, each sending the next call when one is answered."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from tests.bench.programs import Failed, Programs

CONNECTIONS = 32
TIMEOUT_SECONDS = 4
"""A call that takes longer has failed: wrk's own 2 s are less than a busy machine may stall."""

_SCRIPT = Path(__file__).with_name("load.lua")
_MICROSECOND = 1e-6


@dataclass(frozen=True, slots=True)
class Answered:
    """What the generator saw. Percentiles are in seconds, with all connections busy."""

    calls: int
    seconds: float
    p50: float
    p99: float
    bytes: int = 0

    @property
    def rate(self) -> float:
        """Calls per second."""
        return self.calls / self.seconds


def run(programs: Programs, url: str, seconds: int, sessions: Sequence[str] = ()) -> Answered:
    """Load `url` for that long, in these sessions. Raises Failed if any call failed."""
    command = [
        *programs.on_load_core(programs.wrk),
        *(
            "-t1",
            f"-c{CONNECTIONS}",
            f"-d{seconds}s",
            f"--timeout={TIMEOUT_SECONDS}s",
            "-s",
            str(_SCRIPT),
            url,
            *sessions,
        ),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    _, found, summary = done.stdout.rpartition("\nsummary ")
    if not found:
        raise Failed(f"wrk: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    measured = json.loads(summary)
    failed = {kind: number for kind, number in measured["failed"].items() if number}
    if failed or not measured["calls"]:
        raise Failed(f"wrk: of {measured['calls']} calls to {url} failed: {failed}")
    return Answered(
        measured["calls"],
        measured["microseconds"] * _MICROSECOND,
        measured["p50"] * _MICROSECOND,
        measured["p99"] * _MICROSECOND,
        measured["bytes"],
    )


def paced(programs: Programs, url: str, rate: int, seconds: int) -> Answered:
    """Call `url` at fixed times, see `paced.py`. Raises Failed if any call failed."""
    command = programs.on_load_core(
        sys.executable, "-m", "tests.bench.paced", url, str(rate), str(seconds)
    )
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"paced: {done.stderr.strip().splitlines()[-1:]}")
    found = [each * _MICROSECOND for each in json.loads(done.stdout)]
    cuts = quantiles(found, n=100)
    return Answered(len(found), float(seconds), cuts[49], cuts[98])
