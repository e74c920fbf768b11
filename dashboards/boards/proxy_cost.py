"""MCP / Proxy cost: proxy time and upstream time, and what the proxy takes of the machine."""

from dashboards.board import Board
from dashboards.layout import Row
from dashboards.panels import heatmap, lines, stack, stat
from dashboards.signals import cost, fleet, proxies, recorded, resources

BOARD = Board(
    uid="mcp-proxy-cost",
    title="MCP / Proxy cost",
    description="Whether the proxy is to blame: its time beside the server's, and its cost.",
    rows=(
        Row(
            100,
            "Is it the proxy or the server, and what does the proxy cost?",
            (
                stat(1, cost.ADDED),
                stat(2, cost.ADDED_P99),
                stat(3, cost.SHARE),
                stat(4, cost.FAULTS),
                stat(5, cost.CPU_PER_CALL),
                stat(6, cost.MEMORY),
            ),
        ),
        Row(
            101,
            "Time",
            (stack(10, cost.SPLIT), lines(11, cost.SIDE_BY_SIDE), heatmap(12, cost.SPREAD, 8)),
        ),
        Row(
            102,
            "Which server",
            (
                lines(20, cost.SERVER_TIME),
                lines(21, cost.ADDED_BY_SERVER),
                lines(22, recorded.OVERHEAD_SHARE),
            ),
        ),
        Row(
            103,
            "Errors by who is responsible",
            (lines(30, fleet.FAULT_RATIOS, 12), lines(31, cost.UPSTREAM_ERRORS, 12)),
        ),
        Row(
            104,
            "Why the proxy is slow or large",
            (
                lines(40, recorded.LOOP_LAG),
                lines(41, proxies.PROCESS_CPU),
                lines(42, proxies.PROCESS_MEMORY),
                lines(43, resources.CPU_PER_CALL),
                lines(44, cost.MEMORY_PER_SESSION),
                lines(45, proxies.LOST),
            ),
        ),
    ),
)
