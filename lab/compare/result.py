"""What a comparison has measured. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lab.compare.hops import SIGNAL_HOPS, Hop
from lab.compare.samples import percentile

SPANS_OF_A_CALL = 2
"""The proxy's own: one as a server, one as a client."""

UNDISTURBED = ""
"""The name of the trial without an outage."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds until calls could be queried; NaN if none could."""

    p50: float
    p99: float
    longest: float


def waits(seconds: Iterable[float]) -> Waits:
    found = tuple(seconds)
    return Waits(*(percentile(found, each) for each in (50, 99, 100)))


@dataclass(frozen=True, slots=True)
class Measurement:
    """One architecture in one trial.

    `lost` and `doubled` are increments of answered calls, `spans_lost` spans of them. `gap` is the
    longest time without a stored sample, in seconds, and `down` how long the outage lasted. Bytes,
    CPU and memory are those while the calls are made; CPU is measured only without an outage.
    `behind` is how many answered calls were not in the metrics yet, each second.
    """

    architecture: str
    outage: str
    down: float
    calls: int
    answered: int
    lost: int
    doubled: int
    spans_lost: int
    metric: Waits
    trace: Waits
    gap: float
    series: int
    all_series: int
    wire_bytes: Mapping[Hop, int]
    cpu_seconds: Mapping[str, float]
    peak_bytes: Mapping[str, int]
    lag: float
    behind: tuple[int, ...]

    @property
    def spans(self) -> int:
        """The proxy's spans of all answered calls."""
        return SPANS_OF_A_CALL * self.answered

    @property
    def bytes_per_call(self) -> float:
        """Of metrics and spans, on all their connections."""
        return sum(self.wire_bytes.get(each, 0) for each in SIGNAL_HOPS) / self.calls


@dataclass(frozen=True, slots=True)
class Comparison:
    """All measurements of a run. `bare_cpu_seconds` is of the same proxy without telemetry."""

    calls: int
    call_seconds: float
    outage_seconds: float
    seed: int
    measurements: tuple[Measurement, ...]
    bare_cpu_seconds: float | None = None

    def of(self, architecture: str, outage: str) -> Measurement | None:
        """None if it was not measured."""
        for each in self.measurements:
            if (each.architecture, each.outage) == (architecture, outage):
                return each
        return None

    @property
    def architectures(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.architecture for each in self.measurements))

    @property
    def outages(self) -> tuple[str, ...]:
        """Without the undisturbed trial."""
        return tuple(dict.fromkeys(each.outage for each in self.measurements if each.outage))

    def extra_cpu(self, measured: Measurement) -> float | None:
        """Seconds of CPU that telemetry costs a call: all parts, less the proxy without it."""
        if self.bare_cpu_seconds is None or not measured.cpu_seconds:
            return None
        return (sum(measured.cpu_seconds.values()) - self.bare_cpu_seconds) / measured.calls
