"""Every question that boards and rules ask of Prometheus, and who must run for an answer."""

import re
from dataclasses import dataclass

from dashboards.board import Board
from dashboards.bundles import MonitoringBundle, default_bundle
from dashboards.series import Source

__all__ = ["MonitoringQuery", "Source", "concrete", "queries", "rule_queries", "bundle_queries"]


@dataclass(frozen=True, slots=True)
class MonitoringQuery:
    """One question. `board` is the board's uid or "rules"; `panel` says who asks.

    Where `needs` runs and calls have been made, an answer without data is a defect.
    """

    board: str
    panel: str
    expr: str
    needs: Source


def queries(board: Board) -> tuple[MonitoringQuery, ...]:
    """What the board's variables and panels ask; Grafana's variables are still in the text."""
    variables = tuple(
        MonitoringQuery(board.uid, f"${each.name}", each.promql, Source.PROXY)
        for each in board.variables
    )
    panels = tuple(
        MonitoringQuery(board.uid, panel.signal.title, answer.expr, panel.signal.needs)
        for panel in board.panels
        for answer in panel.signal.queries
    )
    return variables + panels


def rule_queries(made: MonitoringBundle | None = None) -> tuple[MonitoringQuery, ...]:
    """What the recording rules compute, and what the alerts watch, their bounds left out.

    Those of the set for the series contract, unless told otherwise.
    """
    made = made or default_bundle()
    recorded = tuple(
        MonitoringQuery("rules", each.record, each.expr, each.needs) for each in made.recordings
    )
    watched = tuple(
        MonitoringQuery("rules", each.name, each.expr, each.needs)
        for group in made.alerts.values()
        for each in group
    )
    return recorded + watched


def bundle_queries(made: MonitoringBundle) -> tuple[MonitoringQuery, ...]:
    """What the boards and rules of a set ask."""
    return (*(query for board in made.boards for query in queries(board)), *rule_queries(made))


RESOLUTION = "1s"
"""What $__interval becomes: the step of subqueries over all the time shown."""

EVERY_TOOL = ".+"
"""What $tool becomes: Grafana's All."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def concrete(expr: str, *, window: str, namespace: str, server: str) -> str:
    """`expr` with Grafana's variables replaced, for Prometheus to evaluate.

    `window` is one number with a unit of s, m, h or d, such as "30s"; `namespace` and `server`
    are regular expressions, as Grafana puts them (".+" for All).
    """
    if not re.fullmatch("[0-9]+[smhd]", window):
        raise ValueError(f'window "{window}" is not one number with a unit of s, m, h or d')
    seconds = int(window[:-1]) * _SECONDS[window[-1]]
    values = {
        "$__rate_interval": window,
        "$__interval": RESOLUTION,
        "$__range_s": str(seconds),
        "$__range": window,
        "$tool": EVERY_TOOL,
        "$namespace": namespace,
        "$server": server,
    }
    for variable, value in values.items():
        expr = expr.replace(variable, value)
    return expr
