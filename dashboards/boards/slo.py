"""MCP / SLO: what is left of each server's budgets, how fast they are spent, and by what."""

from dashboards.board import Board
from dashboards.layout import Row
from dashboards.panels import lines, stat, table
from dashboards.signals import fleet, slis, slo

BOARD = Board(
    uid="mcp-slo",
    title="MCP / SLO",
    description="For owners of service level objectives: budgets of failed and of slow calls, 30"
    " days.",
    rows=(
        Row(
            100,
            "Is any server running out of its error budget?",
            (
                *(stat(number, each, 5) for number, each in enumerate(slo.LEAST, 1)),
                *(stat(number, each, 5) for number, each in enumerate(slo.FASTEST, 3)),
                stat(5, slo.OVERSPENT),
            ),
        ),
        Row(101, "Which server", (table(10, slo.TABLE),)),
        Row(
            102,
            "How much is left",
            tuple(lines(number, each, 12) for number, each in enumerate(slo.LEFT, 20)),
        ),
        Row(
            103,
            "How fast the availability budget is spent",
            tuple(
                lines(number, each) for number, each in enumerate(slis.AVAILABILITY_BURN_RATES, 30)
            ),
        ),
        Row(
            104,
            "How fast the latency budget is spent",
            tuple(lines(number, each) for number, each in enumerate(slis.LATENCY_BURN_RATES, 40)),
        ),
        Row(
            105,
            "What spends the budget",
            (
                *(lines(number, each) for number, each in enumerate(slo.OVER_TIME, 50)),
                lines(52, fleet.FAULT_RATIOS),
            ),
        ),
    ),
)
