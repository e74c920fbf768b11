"""Service level objectives: what share of calls is bad, over every window that an alert looks at.

Short windows are rated from the counters, long ones are spliced from recorded shorter ones: a
rate over 30 days of raw samples would read all of them at every evaluation.
"""

from dataclasses import dataclass

from dashboards.promql import eq, or_zero
from dashboards.recording import SPANS, Recording, combine_windows
from dashboards.series import Scope, at_most
from dashboards.signal import EACH_SERVER
from dashboards.signals import calls
from dashboards.thresholds import Thresholds
from proxy.telemetry.catalogue import REQUEST_DURATION

RATED = ("5m", "30m", "1h", "2h")
WINDOWS = (*RATED, *SPANS)
BUDGET = "30d"
"""The window in which the budget may be spent."""

CALLS = "mcp:calls:rate"


@dataclass(frozen=True, slots=True)
class Objective:
    """`noun` names the bad calls in series; `goal` is the share of calls that must not be bad."""

    name: str
    noun: str
    goal: float

    @property
    def budget(self) -> float:
        """The share of calls that may be bad; rounded, for 1 - 0.995 is not 0.005."""
        return round(1 - self.goal, 6)

    def rate(self, window: str) -> str:
        """The recorded rate of bad calls."""
        return f"mcp:{self.noun}:rate{window}"

    def ratio(self, window: str) -> str:
        """The recorded share of bad calls."""
        return f"mcp:{self.noun}:ratio_rate{window}"

    def burn(self, window: str) -> str:
        """The recorded speed at which the budget is spent; at 1 it lasts exactly 30 days."""
        return f"mcp:{self.noun}:burn_rate{window}"

    @property
    def left(self) -> str:
        """The recorded share of the budget that is left; below 0 it is overspent."""
        return f"mcp:{self.noun}:budget_left_ratio"


def success(t: Thresholds) -> Objective:
    """Calls that do not fail."""
    return Objective("availability", "errors", t.slo_success)


def speed(t: Thresholds) -> Objective:
    """Calls that are not slow."""
    return Objective("latency", "slow", t.slo_fast)


def _bad(t: Thresholds, objective: Objective, window: str) -> str:
    scope = Scope((), window)
    if objective.noun == "errors":
        failed = calls.REQUESTS.rate(scope, calls.IS_CALL, calls.FAILED, by=EACH_SERVER)
        return or_zero(failed, f"{CALLS}{window}")
    within = at_most(REQUEST_DURATION, t.slow_seconds)
    every, fast = (
        calls.BUCKETS.rate(scope, calls.IS_CALL, each, by=EACH_SERVER)
        for each in (eq("le", "+Inf"), within)
    )
    return f"{every} - {fast}"


def _calls(window: str) -> Recording:
    scope = Scope((), window)
    rated = window in RATED
    expr = calls.call_rate(scope, by=EACH_SERVER) if rated else combine_windows(CALLS, window)
    return Recording(f"{CALLS}{window}", expr)


def _of(t: Thresholds, objective: Objective, window: str) -> tuple[Recording, Recording]:
    rate = objective.rate(window)
    rated = window in RATED
    bad = _bad(t, objective, window) if rated else combine_windows(objective.rate(""), window)
    ratio = Recording(objective.ratio(window), f"{rate} / ({CALLS}{window} > 0)")
    return Recording(rate, bad), ratio


def _spent(objective: Objective) -> tuple[Recording, ...]:
    burns = (
        Recording(objective.burn(each), f"{objective.ratio(each)} / {objective.budget:g}")
        for each in ("1h", "6h", "3d")
    )
    left = f"1 - {objective.ratio(BUDGET)} / {objective.budget:g}"
    return (*burns, Recording(objective.left, left))


def objectives(t: Thresholds) -> tuple[Recording, ...]:
    """Every recording of both objectives, each after those that it reads."""
    both = (success(t), speed(t))
    called = tuple(_calls(window) for window in WINDOWS)
    bad = tuple(
        each for objective in both for window in WINDOWS for each in _of(t, objective, window)
    )
    return (*called, *bad, *(each for objective in both for each in _spent(objective)))
