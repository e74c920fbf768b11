"""MCP / Context: what tool lists and results take of the model's context, and what grew."""

from dashboards.board import Board
from dashboards.layout import Row
from dashboards.panels import bars, lines, stack, stat, table
from dashboards.signals import context

BOARD = Board(
    uid="mcp-context",
    title="MCP / Context",
    description="For owners of servers and agents: bytes and tokens of tool lists and results.",
    rows=(
        Row(
            100,
            "What does the model pay for the tools?",
            (
                stat(1, context.LIST_TOKENS),
                stat(2, context.LISTED),
                stat(3, context.UNUSED_TOOLS),
                stat(4, context.UNUSED_TOKENS),
                stat(5, context.RESULT_SIZE),
                stat(6, context.MOST_GROWN),
            ),
        ),
        Row(
            101,
            "Which server, and which tool",
            (table(10, context.SERVERS), table(11, context.TOOLS)),
        ),
        Row(
            102,
            "Where to begin",
            (
                bars(20, context.LARGEST_TOOLS),
                bars(21, context.LARGEST_RESULTS),
                stack(22, context.PARTS),
            ),
        ),
        Row(103, "Since when", (lines(30, context.LISTS, 12), lines(31, context.RESULT_SIZES, 12))),
        Row(104, "Tools, resources and prompts", (table(40, context.RESULTS_BY_NAME),)),
        Row(
            105,
            "Which client spends the context",
            (bars(50, context.TOKENS_BY_CLIENT, 12), lines(51, context.TOKEN_RATES, 12)),
        ),
    ),
)
