"""MCP / Changes: what is new in the tools that servers list, and what was not approved."""

from dashboards.board import Board
from dashboards.layout import Row
from dashboards.panels import lines, stack, stat, table
from dashboards.signals import changes, context

BOARD = Board(
    uid="mcp-changes",
    title="MCP / Changes",
    description="For owners of agents and for security: how the tools of servers changed.",
    rows=(
        Row(
            100,
            "What is new in the tools?",
            (
                stat(1, changes.ALL),
                stat(2, changes.BREAKING),
                stat(3, changes.ADDED),
                stat(4, changes.GONE),
                stat(5, changes.DESCRIPTIONS),
                stat(6, changes.UNAPPROVED),
            ),
        ),
        Row(101, "Which server", (table(10, changes.TABLE),)),
        Row(
            102,
            "Since when",
            (stack(20, changes.BY_KIND), lines(21, changes.BY_SERVER), lines(22, context.LISTS)),
        ),
    ),
)
