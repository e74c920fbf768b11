"""Where good ends: the limits of panels, of the thresholds that alerts judge by where one does."""

from dataclasses import dataclass, replace

from dashboards.thresholds import DEFAULTS, Thresholds

ANY = 0.001
"""The limit of what must not be at all: more than the rounding of nothing."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A panel turns orange at `warning` and red at `critical`; below both it is green.

    With `floor`, low values are bad: red below `critical`, green above. `threshold_key` names
    the threshold that `critical` is. In the text {critical} and {percent} stand for it.
    """

    text: str
    critical: float
    warning: float | None = None
    floor: bool = False
    threshold_key: str = ""

    @property
    def show_line(self) -> bool:
        """Whether a line at it tells anything: not where any value above nothing is too much."""
        return self.floor or self.critical > ANY

    @property
    def reason(self) -> str:
        """Why the limit is where it is, for the panel's description."""
        return self.text.format(critical=f"{self.critical:g}", percent=f"{self.critical * 100:g} %")

    def with_reason(self, text: str) -> "Limit":
        """The same values for another reason."""
        return replace(self, text=text)

    def with_thresholds(self, thresholds: Thresholds) -> "Limit":
        """The limit as these thresholds put it; its warning keeps the distance."""
        critical: float = (
            getattr(thresholds, self.threshold_key) if self.threshold_key else self.critical
        )
        if critical == self.critical:
            return self
        warning = None if self.warning is None else self.warning * critical / self.critical
        return replace(self, critical=critical, warning=warning)


def _of(threshold_key: str, text: str, warning: float | None = None) -> Limit:
    return Limit(text, getattr(DEFAULTS, threshold_key), warning, threshold_key=threshold_key)


UPSTREAM = Limit(
    "MCPServerDown fires where no proxy of a server reaches it.", critical=1, floor=True
)
ERRORS = _of(
    "error_ratio",
    "MCPErrorRatioHigh fires above {percent}; from a fifth of it on callers start to notice.",
    0.01,
)
LATENCY_SECONDS = _of(
    "latency_seconds",
    "MCPLatencyHigh fires above {critical} s; from a quarter of it on a chain of calls feels slow.",
    0.5,
)
TOOL_ERRORS = _of(
    "tool_error_ratio",
    "MCPToolFailing fires above {percent}: the tool fails more often than it works.",
    0.05,
)
FAILING = Limit("Only what failed is shown, so all is red.", critical=0)
FIRING = Limit("Any firing alert deserves a look.", critical=1)
OVERHEAD_SECONDS = _of(
    "overhead_seconds",
    "MCPProxySlow fires above {critical} s; a proxy spends tens of microseconds, and a tenth of the"
    " limit says that it is short of CPU.",
    0.005,
)
LOOP_LAG_SECONDS = _of(
    "loop_lag_seconds",
    "MCPEventLoopLag fires above {critical} s: every open call waits this long.",
    0.025,
)
CPU_CORES = _of(
    "cpu_cores",
    "MCPProxyCpuFull fires above {percent}: one proxy process uses one core at most.",
    0.7,
)
LOST = Limit("Anything lost makes the other numbers too low.", critical=ANY)
FRESHNESS_SECONDS = Limit(
    "Two missed pushes of 60 s are a warning; at 5 minutes Prometheus drops the series.",
    warning=120,
    critical=300,
)
COPIES = Limit("2 means that a series arrives by two roads and every sum is doubled.", critical=2)
QUEUE = _of(
    "queue_fill",
    "MCPCollectorQueueFilling fires above {percent}: a full queue drops what comes next.",
    0.5,
)
TARGET_UP = Limit("0 means that Prometheus could not read the target.", critical=1, floor=True)
SCRAPE_SECONDS = Limit(
    "A scrape that takes 10 s is cut off by Prometheus' default timeout.",
    warning=2,
    critical=10,
)
SERIES_PER_FAMILY = _of(
    "series_per_family",
    "MCPSeriesTooMany fires above {critical}: find the label without bound before Prometheus runs"
    " out.",
    2_000,
)
MEMORY_BYTES = _of(
    "memory_bytes",
    "MCPProxyMemoryHigh fires above {critical} bytes; a busy proxy needs a quarter of it.",
    128 * 2**20,
)
TOOL_LATENCY_SECONDS = _of(
    "tool_latency_seconds",
    "MCPToolSlow fires above {critical} s: clients begin to give up.",
    2,
)
BUDGET_LEFT = Limit(
    "Below 0 the objective is missed; the alerts on burn rates warn before.",
    critical=0,
    floor=True,
)
BURN = Limit(
    "At 1 the budget lasts exactly 30 days; at 14.4 a fiftieth of it is gone in an hour.",
    warning=1,
    critical=14.4,
)
