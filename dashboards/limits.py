"""Limits of panels: where they turn orange and red. Most are thresholds of alerts."""

from dataclasses import dataclass, replace

from dashboards.thresholds import DEFAULTS, Thresholds

ANY = 0.001
"""The limit of what must not occur at all: above the rounding errors of 0."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A panel turns orange at `warning` and red at `critical`; below both it is green.

    With `floor`, low values are bad: red below `critical`, green above. `threshold_key` names the
    threshold that `critical` is, and `alert` the alert that fires beyond it. In the text
    {critical}, {percent}, {mebibytes} and {alert} stand for their values.
    """

    text: str
    critical: float
    warning: float | None = None
    floor: bool = False
    threshold_key: str = ""
    alert: str = ""

    @property
    def show_line(self) -> bool:
        """Whether to draw a line at it: not where any value above 0 is too much."""
        return self.floor or self.critical > ANY

    @property
    def reason(self) -> str:
        """Why the limit is where it is, for the panel's description."""
        return self.text.format(
            critical=f"{self.critical:g}",
            percent=f"{self.critical * 100:g} %",
            mebibytes=f"{self.critical / 2**20:g} MiB",
            alert=self.alert,
        )

    def with_reason(self, text: str) -> "Limit":
        """The same values for another reason than an alert."""
        return replace(self, text=text, alert="")

    def with_thresholds(self, thresholds: Thresholds) -> "Limit":
        """The limit under these thresholds; its warning keeps the distance."""
        key = self.threshold_key
        critical: float = getattr(thresholds, key) if key else self.critical
        if critical == self.critical:
            return self
        warning = None if self.warning is None else self.warning * critical / self.critical
        return replace(self, critical=critical, warning=warning)


def _of(key: str, alert: str, text: str, warning: float | None = None) -> Limit:
    return Limit(text, getattr(DEFAULTS, key), warning, threshold_key=key, alert=alert)


CONTEXT_GROWTH = _of(
    "context_growth", "MCPToolListGrew", "Above {percent} {alert} fires, if it is over a kilobyte."
)
UPSTREAM = Limit(
    "{alert} fires where no proxy of a server reaches it.",
    critical=1,
    floor=True,
    alert="MCPServerDown",
)
ERRORS = _of(
    "error_ratio",
    "MCPErrorRatioHigh",
    "{alert} fires above {percent}; callers begin to notice at a fifth of it.",
    0.01,
)
LATENCY_SECONDS = _of(
    "latency_seconds",
    "MCPLatencyHigh",
    "{alert} fires above {critical} s; a chain of calls feels slow at a quarter of it.",
    0.5,
)
TOOL_ERRORS = _of(
    "tool_error_ratio",
    "MCPToolFailing",
    "{alert} fires above {percent}: the tool fails more often than it works.",
    0.05,
)
FAILING = Limit("Only failures are shown, so all are red.", critical=0)
FIRING = Limit("Any firing alert deserves a look.", critical=1)
OVERHEAD_SECONDS = _of(
    "overhead_seconds",
    "MCPProxySlow",
    "{alert} fires above {critical} s; a proxy spends tens of microseconds, and a tenth of the"
    " limit means that it is short of CPU.",
    0.005,
)
LOOP_LAG_SECONDS = _of(
    "loop_lag_seconds",
    "MCPEventLoopLag",
    "{alert} fires above {critical} s: every open call waits this long.",
    0.025,
)
CPU_CORES = _of(
    "cpu_cores",
    "MCPProxyCpuFull",
    "{alert} fires above {percent}: one proxy process uses at most one core.",
    0.7,
)
LOST = Limit("Anything lost makes the other numbers too low.", critical=ANY)
FRESHNESS_SECONDS = Limit(
    "Two missed pushes of 60 s are a warning; at 5 minutes Prometheus drops the series.",
    warning=120,
    critical=300,
)
COPIES = Limit(
    "2 means that a series arrives through two ingestion paths and every sum is doubled.",
    critical=2,
)
QUEUE = _of(
    "queue_fill",
    "MCPCollectorQueueFilling",
    "{alert} fires above {percent}: a full queue drops new data.",
    0.5,
)
TARGET_UP = Limit("0 means that Prometheus could not read the target.", critical=1, floor=True)
SCRAPE_SECONDS = Limit(
    "A scrape that takes 10 s is cut off by Prometheus' default timeout.", warning=2, critical=10
)
SERIES_PER_FAMILY = _of(
    "series_per_family",
    "MCPSeriesTooMany",
    "{alert} fires above {critical}: find the label with unbounded values before Prometheus runs"
    " out of memory.",
    2_000,
)
MEMORY_BYTES = _of(
    "memory_bytes",
    "MCPProxyMemoryHigh",
    "{alert} fires above {mebibytes}; a busy proxy needs a quarter of it.",
    128 * 2**20,
)
TOOL_LATENCY_SECONDS = _of(
    "tool_latency_seconds",
    "MCPToolSlow",
    "{alert} fires above {critical} s: clients begin to give up.",
    2,
)
BUDGET_LEFT = Limit(
    "Below 0 the objective is missed; the burn-rate alerts warn before that.",
    critical=0,
    floor=True,
)
BURN = Limit(
    "At 1 the budget lasts exactly 30 days; at 14.4, 2 % of it is spent in an hour.",
    warning=1,
    critical=14.4,
)
