"""Service level objectives: how much of each server's budget is left, and how fast it is spent."""

from dataclasses import replace

from dashboards import limits
from dashboards.links import TO_LATENCY, TO_SERVER
from dashboards.promql.functions import aggregate, zero_if_none
from dashboards.promql.scope import EACH_SERVER
from dashboards.recordings.objectives import BUDGET, CALL_RATES, Objective
from dashboards.signal import SERVER_LEGEND, Query, Signal
from dashboards.signals import slis
from dashboards.signals.fleet import recorded
from dashboards.signals.slis import AVAILABILITY, LATENCY_OBJECTIVE

_BUDGET_SECONDS = int(BUDGET.removesuffix("d")) * 86400


def _least(objective: Objective, text: str) -> Signal:
    return Signal(
        f"Least {objective.name} budget",
        f"What is left of {text} within 30 days, for the server with the least left. The objective"
        f" is {objective.goal:.2%} of the calls.",
        "percentunit",
        (Query(aggregate("min", recorded(objective.left)), "left"),),
        limits.BUDGET_LEFT,
        no_value_text="no calls",
    )


def _fastest(objective: Objective) -> Signal:
    return Signal(
        f"Fastest {objective.name} burn",
        f"How many times faster than allowed the {objective.name} budget is being spent, over the"
        " last hour, for the server that spends it fastest.",
        "short",
        (Query(aggregate("max", recorded(objective.burns["1h"])), "burn"),),
        limits.BURN,
        no_value_text="no calls",
    )


def _over_time(objective: Objective, bad: str) -> Signal:
    return Signal(
        f"{bad} calls",
        f"{bad} calls as a share of all calls over 5 minutes, as recorded: what spends the"
        f" {objective.name} budget, which is {objective.budget:.2%}.",
        "percentunit",
        (Query(recorded(objective.ratios["5m"]), SERVER_LEGEND),),
        links=(TO_SERVER, TO_LATENCY),
    )


LEAST = (
    _least(AVAILABILITY, "the calls that may fail"),
    _least(LATENCY_OBJECTIVE, "the calls that may be slow"),
)
FASTEST = (_fastest(AVAILABILITY), _fastest(LATENCY_OBJECTIVE))
OVER_TIME = (_over_time(AVAILABILITY, "Failed"), _over_time(LATENCY_OBJECTIVE, "Slow"))


def _overspent(which: str, *objectives: Objective) -> Signal:
    return Signal(
        "Objectives missed",
        f"Servers whose {which} budget is overspent: more calls were bad within 30 days than the"
        " objective allows.",
        "short",
        tuple(
            Query(zero_if_none(aggregate("count", recorded(each.left) < 0)), each.name)
            for each in objectives
        ),
        limits.FIRING.with_reason("Postpone risky changes until the budget has recovered."),
    )


OVERSPENT = replace(
    _overspent("availability or latency", AVAILABILITY, LATENCY_OBJECTIVE),
    fallback=_overspent("availability", AVAILABILITY),
)


def _columns(objective: Objective, bad: str) -> tuple[Query, ...]:
    burns = (
        Query(recorded(objective.burns[window]), f"{bad}: burn {window}", limit=limits.BURN)
        for window in ("1h", "3d")
    )
    left = Query(recorded(objective.left), f"{bad}: left", "percentunit", limits.BUDGET_LEFT)
    share = Query(recorded(objective.ratios[BUDGET]), f"{bad}, 30 d", "percentunit")
    return (*burns, share, left)


TABLE = Signal(
    "Budgets",
    "Every selected server, the one that spends its availability budget fastest first. Burn: how"
    " many times faster than allowed; high over an hour only is a brief failure, over days a"
    " lasting fault. Left: of the calls that may be bad within 30 days.",
    "short",
    (
        *_columns(AVAILABILITY, "Failed"),
        *_columns(LATENCY_OBJECTIVE, "Slow"),
        Query(_BUDGET_SECONDS * recorded(CALL_RATES[BUDGET]), "Calls, 30 d", "none", integer=True),
    ),
    keys=EACH_SERVER,
    links=(TO_SERVER, TO_LATENCY),
)
LEFT = tuple(replace(each, negative=True) for each in slis.BUDGET_LEFT)
"""What is left over time; below 0 it is overspent."""
