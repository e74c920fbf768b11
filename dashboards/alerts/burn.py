"""Burn-rate alerts: a budget of bad calls is being spent too fast, over a long and a short window.

The pairs of windows are those of the Google SRE workbook, "Alerting on SLOs": the long one says
that it matters, the short one that it still goes on.
"""

from dataclasses import dataclass

from dashboards.alerts.alert import PERCENT, WHO, Alert, Severity, older_than
from dashboards.objectives import Objective


@dataclass(frozen=True, slots=True)
class Burn:
    """How fast is too fast: `speed` times the budget's own pace over `hours` and `short`."""

    speed: float
    long: str
    hours: int
    short: str
    for_: str
    severity: Severity


BURNS = {
    "Fast": Burn(14.4, "1h", 1, "5m", "2m", Severity.CRITICAL),
    "Steady": Burn(6, "6h", 6, "30m", "15m", Severity.CRITICAL),
    "Slow": Burn(3, "1d", 24, "2h", "1h", Severity.WARNING),
    "Creeping": Burn(1, "3d", 72, "6h", "3h", Severity.WARNING),
}


@dataclass(frozen=True, slots=True)
class BurnAlertText:
    """The words and settings of an objective's alerts; `bad` is what the bad calls do.

    `now` is the alert of the last minutes, which says no more than the fastest burn.
    """

    stem: str
    bad: str
    threshold_keys: tuple[str, ...]
    now: str


def burns(objective: Objective, story: BurnAlertText, least: float) -> tuple[Alert, ...]:
    """One alert for each speed; fewer bad calls than `least` in the long window are bad luck.

    A server that has not been there for the long window is left out: it has no budget to spend.
    """
    return tuple(
        Alert(
            f"{story.stem}{name}",
            f"{objective.ratio(each.long)} and {objective.ratio(each.short)}",
            _condition(objective, each, least),
            each.for_,
            each.severity,
            f"MCP server {WHO} spends its {objective.name} budget at over {each.speed:g} times"
            " the allowed pace",
            f"{PERCENT} of the calls to {WHO} {story.bad}, over {each.long}; the objective allows"
            f" {objective.budget * 100:g} %, over 30 days.",
            story.threshold_keys,
            labels={"slo": objective.name, "long": each.long, "short": each.short},
            inhibits=_implied(story, name),
        )
        for name, each in BURNS.items()
    )


def _implied(story: BurnAlertText, name: str) -> tuple[str, ...]:
    """A burn that pages says all that slower ones say; the fastest, that it goes on now."""
    if BURNS[name].severity is not Severity.CRITICAL:
        return ()
    slower = tuple(
        f"{story.stem}{other}"
        for other, burn in BURNS.items()
        if burn.severity is not Severity.CRITICAL
    )
    return (story.now, *slower) if name == next(iter(BURNS)) else slower


def _condition(objective: Objective, burn: Burn, least: float) -> str:
    bound = round(burn.speed * objective.budget, 6)
    return (
        f"{objective.ratio(burn.long)} > {bound:g}"
        f" and {objective.ratio(burn.short)} > {bound:g}"
        f" and {objective.rate(burn.long)} * {burn.hours * 3600} >= {least:g}"
        f" and {older_than(burn.long)}"
    )
