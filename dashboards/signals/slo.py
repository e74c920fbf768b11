"""Service level objectives: how much of each server's budget is left, and how fast it goes."""

from dataclasses import replace

from dashboards import limits
from dashboards.links import TO_LATENCY, TO_SERVER
from dashboards.objectives import BUDGET, Objective, speed, success
from dashboards.objectives import CALLS as RATE
from dashboards.recordings import RECORDINGS
from dashboards.series import SELECTED, Source
from dashboards.signal import EACH_SERVER, WHO, Query, Signal
from dashboards.signals import slis
from dashboards.thresholds import DEFAULTS

_RECORDED = {each.record: each for each in RECORDINGS}
_SUCCESS, _SPEED = success(DEFAULTS), speed(DEFAULTS)
_BUDGET_SECONDS = int(BUDGET.removesuffix("d")) * 86400


def _of(record: str) -> str:
    """A recorded value of each chosen server."""
    return _RECORDED[record].series.now(SELECTED, by=EACH_SERVER, operator="max")


def _least(objective: Objective, text: str) -> Signal:
    return Signal(
        f"Least {objective.name} budget",
        f"What is left of {text} within 30 days, of the server that has least. The objective is"
        f" {objective.goal:.2%} of the calls.",
        "percentunit",
        (Query(f"min({_of(objective.left)})", "left"),),
        Source.PROXY,
        limits.BUDGET_LEFT,
        no_value_text="no calls",
    )


def _fastest(objective: Objective) -> Signal:
    return Signal(
        f"Fastest {objective.name} burn",
        f"How many times faster than allowed the {objective.name} budget is spent, over the last"
        " hour, of the server where it goes fastest.",
        "short",
        (Query(f"max({_of(objective.burn('1h'))})", "burn"),),
        Source.PROXY,
        limits.BURN,
        no_value_text="no calls",
    )


def _over_time(objective: Objective, bad: str) -> Signal:
    return Signal(
        f"{bad} calls",
        f"{bad} calls of all calls over 5 minutes, as recorded: what spends the"
        f" {objective.name} budget, which is {objective.budget:.2%}.",
        "percentunit",
        (Query(_of(objective.ratio("5m")), WHO),),
        Source.PROXY,
        links=(TO_SERVER, TO_LATENCY),
    )


LEAST = (_least(_SUCCESS, "the calls that may fail"), _least(_SPEED, "the calls that may be slow"))
FASTEST = (_fastest(_SUCCESS), _fastest(_SPEED))
OVER_TIME = (_over_time(_SUCCESS, "Failed"), _over_time(_SPEED, "Slow"))


def _overspent(which: str, *objectives: Objective) -> Signal:
    return Signal(
        "Objectives missed",
        f"Servers whose {which} budget is overspent: more calls were bad within 30 days than may"
        " be.",
        "short",
        tuple(Query(f"count({_of(each.left)} < 0) or vector(0)", each.name) for each in objectives),
        Source.PROXY,
        limits.FIRING.with_reason("Risky changes wait until the budget has recovered."),
    )


OVERSPENT = replace(
    _overspent("availability or latency", _SUCCESS, _SPEED),
    fallback=_overspent("availability", _SUCCESS),
)


def _columns(objective: Objective, bad: str) -> tuple[Query, ...]:
    burns = (
        Query(_of(objective.burn(window)), f"{bad}: burn {window}", limit=limits.BURN)
        for window in ("1h", "3d")
    )
    left = Query(_of(objective.left), f"{bad}: left", "percentunit", limits.BUDGET_LEFT)
    return (*burns, Query(_of(objective.ratio(BUDGET)), f"{bad}, 30 d", "percentunit"), left)


TABLE = Signal(
    "Budgets",
    "Every chosen server, the one whose budget of failed calls goes fastest first. Burn: how many"
    " times faster than allowed; high over an hour only is a mishap, over days a fault that stays."
    " Left: of the calls that may be bad within 30 days.",
    "short",
    (
        *_columns(_SUCCESS, "Failed"),
        *_columns(_SPEED, "Slow"),
        Query(f"{_BUDGET_SECONDS} * {_of(RATE + BUDGET)}", "Calls, 30 d", "none", integer=True),
    ),
    Source.PROXY,
    keys=EACH_SERVER,
    links=(TO_SERVER, TO_LATENCY),
)
LEFT = tuple(replace(each, negative=True) for each in slis.BUDGET_LEFT)
"""What is left over time; below 0 it is overspent."""
