"""Every query that boards and rules send to Prometheus, and what must run for it to have data."""

import re
from dataclasses import dataclass

from dashboards.board import CLIENT, CLUSTER, NAMESPACE, SERVER, TOOL, Board
from dashboards.bundles import MonitoringBundle, monitoring_bundle
from dashboards.promql.schema import Source
from dashboards.promql.scope import variable

__all__ = ["MonitoringQuery", "Source", "bundle_queries", "concrete", "queries", "rule_queries"]


@dataclass(frozen=True, slots=True)
class MonitoringQuery:
    """One query. `board` is the board's uid or "rules"; `panel` names the panel or rule.

    Where `needs` runs and calls have been made, a result without data is a defect.
    """

    board: str
    panel: str
    expr: str
    needs: Source


def queries(board: Board) -> tuple[MonitoringQuery, ...]:
    """The queries of the board's variables and panels, with Grafana's variables in them."""
    variables = tuple(
        MonitoringQuery(board.uid, f"${each.name}", each.promql, Source.PROXY)
        for each in board.variables
    )
    panels = tuple(
        MonitoringQuery(board.uid, panel.signal.title, str(query.expr), panel.signal.needs)
        for panel in board.panels
        for query in panel.signal.queries
    )
    return variables + panels


def rule_queries(bundle: MonitoringBundle | None = None) -> tuple[MonitoringQuery, ...]:
    """The expressions of recording rules and of alerts, these without their bounds.

    Those of the default variant, where no bundle is given.
    """
    bundle = bundle or monitoring_bundle()
    recorded = ((each.record, each.expr) for each in bundle.recordings)
    alerts = ((each.name, each.expr) for each in bundle.every_alert)
    return tuple(
        MonitoringQuery("rules", name, str(expr), expr.needs) for name, expr in (*recorded, *alerts)
    )


def bundle_queries(bundle: MonitoringBundle) -> tuple[MonitoringQuery, ...]:
    """All queries of a bundle."""
    boards = (query for board in bundle.boards for query in queries(board))
    return (*boards, *rule_queries(bundle))


RESOLUTION = "1s"
"""What $__interval becomes: the step of subqueries over the whole time range."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def concrete(
    expr: str,
    *,
    window: str,
    namespace: str = NAMESPACE.everything,
    server: str = SERVER.everything,
) -> str:
    """`expr` with Grafana's variables replaced, for Prometheus to evaluate.

    `window` is one number with a unit of s, m, h or d, such as "30s"; `namespace` and `server`
    are regular expressions, as Grafana substitutes them: by default All, and `exactly` is of one.
    """
    if not re.fullmatch("[0-9]+[smhd]", window):
        raise ValueError(f'window "{window}" is not one number with a unit of s, m, h or d')
    seconds = int(window[:-1]) * _SECONDS[window[-1]]
    values = {
        "$__rate_interval": window,
        "$__interval": RESOLUTION,
        "$__range_s": str(seconds),
        "$__range": window,
        variable("tool"): TOOL.everything,
        variable("client"): CLIENT.everything,
        variable("cluster"): CLUSTER.everything,
        variable("namespace"): namespace,
        variable("server"): server,
    }
    for name, value in values.items():
        expr = expr.replace(name, value)
    return expr
