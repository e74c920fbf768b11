"""What one bench found, and the numbers drawn from it: medians, and ratios within a round."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.bench.footprint import Idle
from tests.bench.load import Answered
from tests.bench.saturation import Measured
from tests.bench.subjects import Direct, Nginx, Subject


@dataclass(slots=True)
class Results:
    """Runs by subject, oldest first, and what was measured once."""

    saturation: dict[Subject, list[Measured]] = field(default_factory=dict)
    latency: dict[Subject, list[Answered]] = field(default_factory=dict)
    idle: Idle | None = None
    connected: Idle | None = None
    start_seconds: float = 0.0
    packages_bytes: int = 0
    shares: dict[str, float] = field(default_factory=dict)

    def median(self, subject: Subject, of: Callable[[Measured], float]) -> float:
        """Over the runs of a subject at saturation."""
        return median(of(run) for run in self.saturation[subject])

    def ratio(self, subject: Subject, reference: Nginx) -> float:
        """CPU per call of a subject to that of nginx: the median of the rounds' own ratios."""
        pairs = zip(self.saturation[subject], self.saturation[reference], strict=True)
        return median(run.cpu_seconds / base.cpu_seconds for run, base in pairs)

    def gigabytes(self, subject: Subject, size: int) -> float:
        """Bytes of answers relayed per second of CPU time, in 10^9."""
        return size / self.median(subject, lambda run: run.cpu_seconds) / 1e9

    def added(self, subject: Subject, of: Callable[[Answered], float]) -> float:
        """Seconds by which a subject's latency is above that without a proxy in the same round."""
        pairs = zip(self.latency[subject], self.latency[Direct()], strict=True)
        return median(of(run) - of(base) for run, base in pairs)


def p50(run: Answered) -> float:
    """For `added`."""
    return run.p50


def p99(run: Answered) -> float:
    """For `added`."""
    return run.p99


def busy(runs: Sequence[Measured]) -> float:
    """The share of its core that a subject used."""
    return median(run.busy for run in runs)
