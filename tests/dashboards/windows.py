"""Over which windows the panels of a board show each quantity."""

from collections import defaultdict
from collections.abc import Iterator

import promql_parser as promql

from dashboards import Board
from dashboards.bundles import MonitoringBundle
from dashboards.panels import Panel, Visualization
from tests.dashboards.parsed_promql import parse, selected, walk

_STAND_INS = {"$__rate_interval": "61s", "$__range": "62s"}
"""Durations that no query has, so that the variables are found in the tree."""
_NAMES = {"0:01:01": "$__rate_interval", "0:01:02": "$__range"}

Quantity = frozenset[str]
"""The counters and histograms whose rates a query shows."""
Windows = tuple[tuple[str, str], ...]
"""Functions with their windows, the outermost first: the mean over the range of a rate over 5m."""


def is_instant(panel: Panel) -> bool:
    """Whether it shows one value, that of the end of the time range."""
    return panel.visualization in (Visualization.STAT, Visualization.TABLE, Visualization.BARS)


def over_range(windows: Windows) -> bool:
    """Whether the whole time range of the board is one value."""
    return "$__range" in (window for _, window in windows)


def shown(
    board: Board, bundle: MonitoringBundle
) -> dict[Quantity, list[tuple[Panel, frozenset[Windows]]]]:
    """The panels of a board by what they show, with the windows over which each query shows it.

    What compares with the past shows something else: a growth.
    """
    recorded = {each.record: str(each.expr) for each in bundle.recordings}
    found: dict[Quantity, list[tuple[Panel, frozenset[Windows]]]] = defaultdict(list)
    for panel in board.panels:
        for query in panel.signal.queries:
            text = str(query.expr)
            rates = set(_rates(text, recorded))
            if rates and " offset " not in text:
                windows = frozenset(windows for _, windows in rates)
                found[frozenset(name for name, _ in rates)].append((panel, windows))
    return found


def _rates(expr: str, recorded: dict[str, str]) -> Iterator[tuple[str, Windows]]:
    """Every counter that is rated, with the windows, through the rules that record it.

    Without what a query only counts as present.
    """
    for variable, stand_in in _STAND_INS.items():
        expr = expr.replace(variable, stand_in)
    for node, above in walk(parse(expr)):
        if not isinstance(node, promql.VectorSelector) or _is_aside(node, above):
            continue
        name, outer = selected(node).name, tuple(_windows(above))
        if name in recorded:
            yield from ((each, outer + inner) for each, inner in _rates(recorded[name], recorded))
        elif outer and outer[-1][0] in ("rate", "increase"):
            yield name, (*outer[:-1], ("rate", outer[-1][1]))


def _is_aside(node: promql.VectorSelector, above: tuple[promql.Expr, ...]) -> bool:
    aggregations = (each for each in above if isinstance(each, promql.AggregateExpr))
    return any(str(each.op) == "group" for each in aggregations)


def _windows(above: tuple[promql.Expr, ...]) -> Iterator[tuple[str, str]]:
    function = ""
    for node in above:
        if isinstance(node, promql.Call):
            function = node.func.name
        elif isinstance(node, promql.MatrixSelector | promql.SubqueryExpr):
            window = str(node.range)
            yield function, _NAMES.get(window, window)
