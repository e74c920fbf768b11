"""Burn-rate alerts: a budget of bad calls is spent too fast, over a long and a short window.

The pairs of windows are those of the Google SRE workbook, "Alerting on SLOs": the long one shows
that it matters, the short one that it still goes on.
"""

from dataclasses import dataclass

from dashboards.alerts.alert import Alert, Runbook, Severity, older_than
from dashboards.promql.expression import Expr
from dashboards.recordings.objectives import Objective


@dataclass(frozen=True, slots=True)
class Burn:
    """How fast is too fast: `speed` times the budget's own pace over `hours` and `short`."""

    speed: float
    long: str
    hours: int
    short: str
    for_: str
    severity: Severity
    pace: str


BURNS = {
    "Fast": Burn(
        *(14.4, "1h", 1, "5m", "2m", Severity.CRITICAL),
        "2 % of the month's budget is spent within this hour: investigate now.",
    ),
    "Steady": Burn(
        *(6, "6h", 6, "30m", "15m", Severity.CRITICAL),
        "At this rate the month's budget is spent in five days.",
    ),
    "Slow": Burn(
        *(3, "1d", 24, "2h", "1h", Severity.WARNING),
        "At this rate the month's budget is spent in ten days.",
    ),
    "Creeping": Burn(
        *(1, "3d", 72, "6h", "3h", Severity.WARNING),
        "At this rate nothing is left at the end of the month.",
    ),
}


@dataclass(frozen=True, slots=True)
class BurnAlertText:
    """What the alerts of an objective have in common; `bad` is what the bad calls do.

    `now` is the alert of the last minutes, which the fastest burn makes redundant.
    """

    stem: str
    bad: str
    adjective: str
    threshold_keys: tuple[str, ...]
    now: str
    cause: str
    fix: str


def burns(objective: Objective, text: BurnAlertText, least: float) -> tuple[Alert, ...]:
    """One alert for each speed; fewer bad calls than `least` in the long window are noise.

    A server younger than the long window is left out: it has no budget to spend.
    """
    return tuple(
        Alert(
            f"{text.stem}{name}",
            objective.ratios[each.long].value & objective.ratios[each.short].value,
            _burning(objective, each)
            & (objective.rates[each.long].value * (each.hours * 3600) >= least)
            & older_than(each.long),
            each.for_,
            each.severity,
            f"MCP server {{server}} spends its {objective.name} budget at over {each.speed:g} times"
            " the allowed rate",
            f"{{percent}} of the calls to {{server}} {text.bad}, over {each.long}; the objective"
            f" allows {objective.budget * 100:g} %, over 30 days.",
            Runbook(
                f"More calls {text.bad} than the objective allows, over both {each.long} and"
                f" {each.short}. {each.pace}",
                f"{text.cause} Fewer {text.adjective} calls than `burn_calls` in the long window,"
                " and servers younger than it, are ignored.",
                text.fix,
                _burning(objective, each),
            ),
            text.threshold_keys,
            labels={"slo": objective.name, "long": each.long, "short": each.short},
            inhibits=_inhibited(text, name),
        )
        for name, each in BURNS.items()
    )


def _inhibited(text: BurnAlertText, name: str) -> tuple[str, ...]:
    """A burn that pages implies the slower ones; the fastest also that it goes on now."""
    if BURNS[name].severity is not Severity.CRITICAL:
        return ()
    slower = tuple(
        f"{text.stem}{other}"
        for other, burn in BURNS.items()
        if burn.severity is not Severity.CRITICAL
    )
    return (text.now, *slower) if name == next(iter(BURNS)) else slower


def _burning(objective: Objective, burn: Burn) -> Expr:
    bound = round(burn.speed * objective.budget, 6)
    long, short = objective.ratios[burn.long].value, objective.ratios[burn.short].value
    return (long > bound) & (short > bound)
