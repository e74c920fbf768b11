"""MCP / SLO: what is left of each server's budgets, how fast it goes, and what spends it."""

from dashboards.board import Board
from dashboards.layout import Row
from dashboards.panels import lines, stat, table
from dashboards.signals import fleet, slis, slo

_BURNS = slis.BURN_RATES
_EACH = len(_BURNS) // 2
"""Burn rates of one objective; availability's come first."""

BOARD = Board(
    uid="mcp-slo",
    title="MCP / SLO",
    description="For whoever promised something: budgets of failed and of slow calls, 30 days.",
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
            "How fast the availability budget goes",
            tuple(lines(number, each) for number, each in enumerate(_BURNS[:_EACH], 30)),
        ),
        Row(
            104,
            "How fast the latency budget goes",
            tuple(lines(number, each) for number, each in enumerate(_BURNS[_EACH:], 40)),
        ),
        Row(
            105,
            "What spends it",
            (
                *(lines(number, each) for number, each in enumerate(slo.OVER_TIME, 50)),
                lines(52, fleet.FAULTS),
            ),
        ),
    ),
)
