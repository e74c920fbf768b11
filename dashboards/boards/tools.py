"""MCP / Tools: which tools are called, which of them fail or are slow, and what goes wrong."""

from dashboards.board import NAMESPACE, SERVER, TOOL, Board
from dashboards.layout import Row
from dashboards.panels import bars, lines, stack, stat, table
from dashboards.signals import changes, context, proxies, tools_fleet

BOARD = Board(
    uid="mcp-tools",
    title="MCP / Tools",
    description="For server developers: the tools, as agents use them.",
    variables=(NAMESPACE, SERVER, TOOL),
    rows=(
        Row(
            100,
            "Which tool fails, is slow, or is not used?",
            (
                stat(1, tools_fleet.CALLS),
                stat(2, tools_fleet.ERRORS),
                stat(3, tools_fleet.SLOWEST),
                stat(4, tools_fleet.IN_USE),
                stat(5, tools_fleet.UNUSED),
                stat(6, tools_fleet.NEW),
            ),
        ),
        Row(101, "Which tool", (table(10, tools_fleet.TABLE),)),
        Row(
            102,
            "Where to begin",
            (
                bars(20, tools_fleet.BUSIEST),
                bars(21, tools_fleet.FAILING),
                bars(22, tools_fleet.SLOW),
            ),
        ),
        Row(
            103,
            "Since when",
            (
                lines(30, tools_fleet.RATES),
                lines(31, tools_fleet.ERROR_RATIOS),
                lines(32, tools_fleet.LATENCIES),
            ),
        ),
        Row(
            105,
            "What the model pays, and what changed",
            (
                bars(50, context.LARGEST_TOOLS),
                bars(51, context.LARGEST_RESULTS),
                stack(52, changes.BY_KIND),
            ),
        ),
        Row(
            104,
            "Why",
            (
                stack(40, tools_fleet.ERROR_TYPES, 6),
                stack(43, tools_fleet.IN_VAIN, 6),
                lines(41, tools_fleet.LISTS_PER_CALL, 6),
                lines(42, proxies.OVERFLOWED, 6),
            ),
        ),
    ),
)
