"""MCP / Tools: which tools are called, which of them fail or are slow, and what goes wrong."""

from dashboards.board import NAMESPACE, SERVER, TOOL, Board
from dashboards.layout import Row
from dashboards.panels import bars, lines, stack, stat, table
from dashboards.signals import proxies, usage

BOARD = Board(
    uid="mcp-tools",
    title="MCP / Tools",
    description="For whoever writes a server: its tools, as agents use them.",
    variables=(NAMESPACE, SERVER, TOOL),
    rows=(
        Row(
            100,
            "Which tool fails, is slow, or is not used?",
            (
                stat(1, usage.CALLS),
                stat(2, usage.ERRORS),
                stat(3, usage.SLOWEST),
                stat(4, usage.IN_USE),
                stat(5, usage.QUIET),
                stat(6, usage.NEW),
            ),
        ),
        Row(101, "Which tool", (table(10, usage.TABLE),)),
        Row(
            102,
            "What to look at first",
            (bars(20, usage.BUSIEST), bars(21, usage.FAILING), bars(22, usage.SLOW)),
        ),
        Row(
            103,
            "Since when",
            (lines(30, usage.RATES), lines(31, usage.ERROR_RATIOS), lines(32, usage.LATENCIES)),
        ),
        Row(
            104,
            "Why",
            (
                stack(40, usage.ERROR_TYPES),
                lines(41, usage.LISTS_PER_CALL),
                lines(42, proxies.OVERFLOWED),
            ),
        ),
    ),
)
