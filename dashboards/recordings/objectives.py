"""Service level objectives: what share of calls is bad, over every window that an alert looks at.

Short windows are rated from the counters, long ones are combined from recorded shorter ones: a rate
over 30 days of raw samples would read all of them at every evaluation.
"""

from dataclasses import dataclass

from dashboards.expressions import calls
from dashboards.promql.expression import Expr
from dashboards.promql.functions import or_zero, ratio
from dashboards.promql.scope import EACH_SERVER, RULE, Match
from dashboards.promql.series import at_most
from dashboards.recordings.recording import PARTS, Recording, combine_windows
from dashboards.thresholds import Thresholds
from proxy.telemetry.catalogue import REQUEST_DURATION

RATED = ("5m", "30m", "1h", "2h")
WINDOWS = (*RATED, *PARTS)
BURN_WINDOWS = ("1h", "6h", "3d")
BUDGET = "30d"
"""The window in which the budget may be spent."""


def _over_windows(record: str, rated: dict[str, Expr]) -> dict[str, Recording]:
    """A rate over every window; `record` lacks the window, `rated` has the short ones."""
    rates = {window: Recording(f"{record}{window}", expr) for window, expr in rated.items()}
    for window, (_, part) in PARTS.items():
        rates[window] = Recording(f"{record}{window}", combine_windows(rates[part], window))
    return rates


CALL_RATES = _over_windows(
    "mcp:calls:rate", {each: calls.call_rate(RULE.over(each), by=EACH_SERVER) for each in RATED}
)
"""Calls per second by window."""


@dataclass(frozen=True, slots=True)
class Objective:
    """The share `goal` of calls must not be bad: by window, how many are and what that spends."""

    name: str
    goal: float
    rates: dict[str, Recording]
    """Bad calls per second."""
    ratios: dict[str, Recording]
    """Bad calls of all calls."""
    burns: dict[str, Recording]
    """How fast the budget is spent; at 1 it lasts exactly 30 days."""
    left: Recording
    """The share of the budget that is left; below 0 it is overspent."""

    @property
    def budget(self) -> float:
        """The share of calls that may be bad; rounded, for 1 - 0.995 is not 0.005."""
        return round(1 - self.goal, 6)

    @property
    def recordings(self) -> tuple[Recording, ...]:
        """The bad calls, each recording after those that it reads."""
        return tuple(each for w in WINDOWS for each in (self.rates[w], self.ratios[w]))

    @property
    def spending(self) -> tuple[Recording, ...]:
        """What is left of the budget and how fast it goes."""
        return (*self.burns.values(), self.left)


def _objective(name: str, noun: str, goal: float, rated: dict[str, Expr]) -> Objective:
    """`noun` names the bad calls in series, `rated` is their rate over short windows."""
    budget = round(1 - goal, 6)
    rates = _over_windows(f"mcp:{noun}:rate", rated)
    ratios = {
        each: Recording(
            f"mcp:{noun}:ratio_rate{each}", ratio(rates[each].value, CALL_RATES[each].value)
        )
        for each in WINDOWS
    }
    burns = {
        each: Recording(f"mcp:{noun}:burn_rate{each}", ratios[each].value / budget)
        for each in BURN_WINDOWS
    }
    left = Recording(f"mcp:{noun}:budget_left_ratio", 1 - ratios[BUDGET].value / budget)
    return Objective(name, goal, rates, ratios, burns, left)


def success(t: Thresholds) -> Objective:
    """Calls that do not fail."""
    failed = {
        each: or_zero(
            calls.REQUESTS.rate(RULE.over(each), calls.IS_CALL, calls.FAILED, by=EACH_SERVER),
            CALL_RATES[each].value,
        )
        for each in RATED
    }
    return _objective("availability", "errors", t.slo_success, failed)


def speed(t: Thresholds) -> Objective:
    """Calls that are not slow."""

    def rate(window: str, *bound: Match) -> Expr:
        return calls.BUCKETS.rate(RULE.over(window), calls.IS_CALL, *bound, by=EACH_SERVER)

    fast = at_most(REQUEST_DURATION, t.slow_seconds)
    slow = {each: rate(each, calls.ALL) - rate(each, fast) for each in RATED}
    return _objective("latency", "slow", t.slo_fast, slow)


def objectives(t: Thresholds) -> tuple[Recording, ...]:
    """Every recording of both objectives, each after those that it reads."""
    both = (success(t), speed(t))
    bad = (each for objective in both for each in objective.recordings)
    spent = (each for objective in both for each in objective.spending)
    return (*CALL_RATES.values(), *bad, *spent)
