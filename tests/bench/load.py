"""The load: wrk with 32 keep-alive connections, each sending the next call when one is answered."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.bench.programs import Failed, Programs

CONNECTIONS = 32

_SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True, slots=True)
class Answered:
    """What the generator saw. Percentiles are in seconds, with all connections busy."""

    calls: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Calls per second."""
        return self.calls / self.seconds


def run(programs: Programs, url: str, seconds: int) -> Answered:
    """Load `url` for that long. Raises Failed if any call failed."""
    command = [
        *programs.on_load_core(programs.wrk),
        *("-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(_SCRIPT), url),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    _, found, summary = done.stdout.rpartition("\nsummary ")
    if not found:
        raise Failed(f"wrk: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    told = json.loads(summary)
    if told["failed"] or not told["calls"]:
        raise Failed(f"wrk: {told['failed']} of {told['calls']} calls to {url} failed")
    microsecond = 1e-6
    return Answered(
        told["calls"],
        told["microseconds"] * microsecond,
        told["p50"] * microsecond,
        told["p99"] * microsecond,
    )
