"""MCP / Fleet: all servers beside each other, then what has changed and of what kind it is."""

from dashboards.board import Board
from dashboards.layout import Row
from dashboards.panels import bars, heatmap, lines, stack, stat, table
from dashboards.signals import arrival, calls, fleet, indicators, proxies

BOARD = Board(
    uid="mcp-fleet",
    title="MCP / Fleet",
    description="For whoever is on call: all servers beside each other, the worst first.",
    rows=(
        Row(
            100,
            "Is anything wrong, and where?",
            (
                stat(1, arrival.REPORTING),
                stat(2, fleet.DOWN),
                stat(3, indicators.FIRING_HERE),
                stat(4, fleet.CALLS),
                stat(5, fleet.ERRORS),
                stat(6, fleet.SLOWEST_P95),
            ),
        ),
        Row(101, "Which server", (table(10, fleet.TABLE, 16), bars(11, fleet.BUSIEST))),
        Row(
            102,
            "Since when",
            (
                lines(20, fleet.RATES),
                lines(21, fleet.ERROR_RATIOS),
                lines(22, fleet.LATENCIES),
            ),
        ),
        Row(
            103,
            "Of what kind",
            (
                stack(30, calls.OUTCOME_RATE),
                lines(31, calls.FAULT_RATIO),
                stack(32, calls.STATUS_CODES),
            ),
        ),
        Row(
            104,
            "How slow, how full",
            (heatmap(40, calls.DURATIONS, 12), lines(41, fleet.OPEN_SESSIONS, 12)),
        ),
        Row(
            105,
            "Can this be trusted",
            (lines(50, arrival.FRESHNESS, 12), lines(51, proxies.LOST, 12)),
        ),
    ),
)
