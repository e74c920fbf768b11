"""What a load test measures."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import nan

from hdrh.histogram import HdrHistogram

from proxy.telemetry.catalogue import Outcome

MOST_REASONS = 20
"""Different reasons of failures that are kept."""

_MICROSECONDS = 1e6
_DIGITS, _INTERVAL_DIGITS = 3, 2


@dataclass(frozen=True, slots=True)
class Latencies:
    """A distribution, in seconds; all NaN if there is nothing."""

    min: float
    mean: float
    max: float
    p50: float
    p75: float
    p90: float
    p95: float
    p99: float
    p999: float


SPECTRUM = (*range(0, 90, 10), 90, 95, 97.5, 99, 99.5, 99.75, 99.9, 99.95, 99.99)
"""The percentiles of a plot."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A part of the run: `seconds` since the start of the run until its end, and what was counted.

    `in_flight` and `waiting` calls are those at its end; percentiles are in seconds, NaN without
    calls.
    """

    seconds: float
    due: int
    sent: int
    ok: int
    failed: int
    in_flight: int
    waiting: int
    p50: float
    p95: float
    p99: float


class Distribution:
    """Durations in an HDR histogram, in seconds."""

    def __init__(self, highest_seconds: float, digits: int) -> None:
        self._highest = highest_seconds
        self._histogram = HdrHistogram(1, round(highest_seconds * _MICROSECONDS), digits)
        self._sum, self._min, self._max = 0.0, nan, nan
        self.observer: Callable[[float], None] = _ignore
        """Called with every duration."""

    @property
    def number(self) -> int:
        return int(self._histogram.get_total_count())

    def add(self, seconds: float) -> None:
        """Record a duration; longer ones than the highest count as that."""
        microseconds = round(min(seconds, self._highest) * _MICROSECONDS)
        self._histogram.record_value(max(1, microseconds))
        self.observer(seconds)
        self._sum += seconds
        self._min = min(seconds, self._min) if self._min == self._min else seconds
        self._max = max(seconds, self._max) if self._max == self._max else seconds

    def percentile(self, percent: float) -> float:
        if not self.number:
            return nan
        return float(self._histogram.get_value_at_percentile(percent)) / _MICROSECONDS

    def spectrum(self) -> dict[float, float]:
        """Seconds by percentile."""
        return {percent: self.percentile(percent) for percent in SPECTRUM}

    def reset(self) -> None:
        self._histogram.reset()

    def latencies(self) -> Latencies:
        mean = self._sum / self.number if self.number else nan
        percentiles = map(self.percentile, (50, 75, 90, 95, 99, 99.9))
        return Latencies(self._min, mean, self._max, *percentiles)


class CallStatistics:
    """Counts calls, their outcomes and latencies, and how late they were sent."""

    def __init__(self, longest_seconds: float) -> None:
        """`longest_seconds` is the longest possible latency."""
        self.latency = Distribution(longest_seconds, _DIGITS)
        self.lag = Distribution(longest_seconds, _DIGITS)
        self.due = self.sent = self.waited = 0
        self.tools: dict[str, Counter[Outcome]] = {}
        self.reasons: Counter[str] = Counter()
        self._recent = Distribution(longest_seconds, _INTERVAL_DIGITS)
        self._finished = self._ok = 0
        self._last = (0, 0, 0, 0)

    def outcomes(self) -> Counter[Outcome]:
        """The outcomes of the calls of all tools."""
        # The exporter's thread asks meanwhile: a list, because a tool may be added.
        return sum(list(self.tools.values()), Counter())

    @property
    def in_flight(self) -> int:
        return self.sent - self._finished

    @property
    def waiting(self) -> int:
        return self.due - self.sent

    def on_due(self, calls: int) -> None:
        self.due += calls

    def on_sent(self, lag: float) -> None:
        """A call is sent, this many seconds after it was due."""
        self.sent += 1
        self.lag.add(max(0.0, lag))

    def on_sent_late(self) -> None:
        """A call is sent that waited for a connection, which is not the generator's fault."""
        self.sent += 1
        self.waited += 1

    def on_finished(self, tool: str, outcome: Outcome, latency: float, reason: str) -> None:
        """The outcome of a call, and the seconds since it was due."""
        self._finished += 1
        self._ok += outcome is Outcome.OK
        self.latency.add(latency)
        self._recent.add(latency)
        self.tools.setdefault(tool, Counter())[outcome] += 1
        if reason and (reason in self.reasons or len(self.reasons) < MOST_REASONS):
            self.reasons[reason] += 1

    def interval(self, seconds: float) -> Interval:
        """What was counted since the last interval."""
        now = (self.due, self.sent, self._ok, self._finished - self._ok)
        due, sent, ok, failed = (after - was for was, after in zip(self._last, now, strict=True))
        p50, p95, p99 = map(self._recent.percentile, (50, 95, 99))
        self._last = now
        self._recent.reset()
        counts = (due, sent, ok, failed, self.in_flight, self.waiting)
        return Interval(seconds, *counts, p50, p95, p99)


def _ignore(seconds: float) -> None:
    pass
