"""docs/benchmarks.md: what was measured, on which machine, and how it stands to the marks."""

import importlib.metadata
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from string import Template

from tests.bench import latency, machine, report
from tests.bench.load import CONNECTIONS
from tests.bench.marks import MARKS
from tests.bench.paced import CONNECTIONS as PACED_CONNECTIONS
from tests.bench.programs import Programs
from tests.bench.results import Results
from tests.bench.subjects import SESSIONS, SMALL

_PACKAGES = ("uvloop", "httptools", "msgspec", "prometheus-client", "opentelemetry-sdk", "mypy")
_TEMPLATE = Template(Path(__file__).with_name("benchmarks.template.md").read_text())


def write(results: Results, programs: Programs, rounds: int, seconds: int, took: float) -> str:
    """The whole document."""
    return _TEMPLATE.substitute(
        rounds=rounds,
        seconds=seconds,
        machine=machine.describe(),
        versions=_versions(programs),
        when=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        took=f"{took:.0f}",
        marks=report.marks(results),
        reasons=_reasons(results),
        saturation=report.saturation(results, SMALL),
        bottlenecks=_bullets(report.bottlenecks(results)),
        sizes=report.sizes(results),
        rate=f"{latency.RATE:,}",
        latency=report.latency(results),
        profile=report.profile(results),
        connections=CONNECTIONS,
        paced=PACED_CONNECTIONS,
        sessions=SESSIONS,
    )


def _reasons(results: Results) -> str:
    """What each missed mark lacks."""
    return _bullets([f"{each.name}: {each.why}" for each in MARKS if not each.met(results)])


def _bullets(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _versions(programs: Programs) -> str:
    nginx = subprocess.run([programs.nginx, "-v"], capture_output=True, text=True, check=False)
    ours = (f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    return ", ".join((nginx.stderr.strip().rpartition(": ")[2], *ours))
