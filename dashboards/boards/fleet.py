"""MCP / Fleet: all servers side by side, since when something is wrong and what kind it is."""

from dashboards.board import Board
from dashboards.layout import Row
from dashboards.panels import bars, heatmap, lines, stack, stat, table
from dashboards.signals import fleet, freshness, proxies, slis

BOARD = Board(
    uid="mcp-fleet",
    title="MCP / Fleet",
    description="For the on-call engineer: all servers side by side, the worst first.",
    rows=(
        Row(
            100,
            "Is anything wrong, and where?",
            (
                stat(1, freshness.REPORTING),
                stat(2, fleet.DOWN),
                stat(3, slis.FIRING_HERE),
                stat(4, fleet.CALLS),
                stat(5, fleet.ERRORS),
                stat(6, fleet.SLOWEST_P95),
            ),
        ),
        Row(101, "Which server", (table(10, fleet.TABLE, 16), bars(11, fleet.BUSIEST))),
        Row(
            102,
            "Since when",
            (lines(20, fleet.RATES), lines(21, fleet.ERROR_RATIOS), lines(22, fleet.LATENCIES)),
        ),
        Row(
            103,
            "What kind of calls",
            (
                stack(30, fleet.OUTCOMES),
                lines(31, fleet.FAULT_RATIOS),
                heatmap(40, fleet.DURATIONS, 8),
            ),
        ),
        Row(
            104,
            "Load, and whether the numbers can be trusted",
            (
                lines(41, fleet.OPEN_SESSIONS),
                lines(50, freshness.FRESHNESS),
                lines(51, proxies.LOST),
            ),
        ),
    ),
)
