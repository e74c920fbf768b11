"""Where good ends: the one home of every threshold, shared by the panels and the alerts."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Limit:
    """A panel turns orange at `warning` and red at `critical`; below both it is green.

    With `floor`, low values are the bad ones: red below `critical`, green from there on.
    """

    reason: str
    critical: float
    warning: float | None = None
    floor: bool = False

    def because(self, reason: str) -> "Limit":
        """The same values for another reason."""
        return replace(self, reason=reason)


CALL_FLOOR = 0.05
"""Calls per second below which a ratio is noise: one error in five minutes is no trend."""

TOOL_CALL_FLOOR = 0.01
"""Calls per second of one tool below which its error ratio is noise: three in five minutes."""

UPSTREAM = Limit(
    "MCPServerDown fires where no proxy of a server reaches it.", critical=1, floor=True
)
ERRORS = Limit(
    "MCPErrorRatioHigh fires above 5 %; above 1 % callers start to notice.",
    warning=0.01,
    critical=0.05,
)
LATENCY_SECONDS = Limit(
    "MCPLatencyHigh fires above 2 s; from 0.5 s on a chain of calls feels slow.",
    warning=0.5,
    critical=2,
)
TOOL_ERRORS = Limit(
    "MCPToolFailing fires above 50 %: the tool fails more often than it works.",
    warning=0.05,
    critical=0.5,
)
FIRING = Limit("Any firing alert deserves a look.", critical=1)
OVERHEAD_SECONDS = Limit(
    "A proxy spends tens of microseconds; from 5 ms on it is short of CPU.",
    warning=0.001,
    critical=0.005,
)
LOOP_LAG_SECONDS = Limit(
    "Every open call waits this long: from 0.1 s on the proxy is the bottleneck.",
    warning=0.01,
    critical=0.1,
)
CPU_CORES = Limit(
    "One proxy process uses one core at most: add replicas before it is full.",
    warning=0.7,
    critical=0.9,
)
LOST = Limit("Anything lost makes the other numbers too low.", critical=0.001)
FRESHNESS_SECONDS = Limit(
    "Two missed pushes of 60 s are a warning; at 5 minutes Prometheus drops the series.",
    warning=120,
    critical=300,
)
COPIES = Limit("2 means that a series arrives by two roads and every sum is doubled.", critical=2)
QUEUE = Limit("A full queue drops what comes next.", warning=0.5, critical=0.8)
TARGET_UP = Limit("0 means that Prometheus could not read the target.", critical=1, floor=True)
SCRAPE_SECONDS = Limit(
    "A scrape that takes 10 s is cut off by Prometheus' default timeout.",
    warning=2,
    critical=10,
)
SERIES_PER_FAMILY = Limit(
    "A family of 10,000 series has an unbounded label: find it before Prometheus runs out.",
    warning=2_000,
    critical=10_000,
)
