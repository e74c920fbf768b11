"""The result of a load test."""

from collections.abc import Mapping
from dataclasses import dataclass

from lab.load.statistics import Interval, Latencies
from proxy.telemetry.catalogue import Outcome

LAG_LIMIT_SECONDS = 0.01
"""A run is valid if the generator sent 99 of 100 calls no later than this."""


@dataclass(frozen=True, slots=True)
class Result:
    """What was asked of a run, and its outcome. Times are in seconds, rates per second.

    `expected` calls were due, of an interrupted run those until then; `sent` calls were sent, and
    `waited` of these waited for a session. `elapsed` lasts until the last answer. `latency` counts
    from when a call was due, and `spectrum` has more of its percentiles; `lag` is how late the
    generator itself sent calls.
    """

    test: str
    target: str
    transport: str
    protocol: str
    connections: int
    sessions: str
    steps: str
    seed: int
    duration: float
    asked_rate: float
    expected: int
    sent: int
    waited: int
    elapsed: float
    outcomes: Mapping[Outcome, int]
    tools: Mapping[str, Mapping[Outcome, int]]
    reasons: Mapping[str, int]
    latency: Latencies
    spectrum: Mapping[float, float]
    lag: Latencies
    intervals: tuple[Interval, ...]
    interrupted: bool

    @property
    def success(self) -> int:
        return self.outcomes.get(Outcome.OK, 0)

    @property
    def failed(self) -> int:
        return self.sent - self.success

    @property
    def achieved_rate(self) -> float:
        """Calls with an answer or another end, per second."""
        return self.sent / self.elapsed if self.elapsed else 0.0

    @property
    def valid(self) -> bool:
        """Whether the generator kept up; without a call that it could have sent late, it did."""
        return not self.lag.p99 > LAG_LIMIT_SECONDS
