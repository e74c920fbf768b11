"""MCP / Clients: who calls, how much, and how well that goes."""

from dashboards.board import CLIENT, NAMESPACE, SERVER, Board
from dashboards.layout import Row
from dashboards.panels import bars, lines, stack, stat, table
from dashboards.signals import clients, context

BOARD = Board(
    uid="mcp-clients",
    title="MCP / Clients",
    description="For operators and server developers: the clients, by the names they declare.",
    variables=(NAMESPACE, SERVER, CLIENT),
    rows=(
        Row(
            100,
            "Who calls, how much, and how well does it go?",
            (
                stat(1, clients.IN_USE),
                stat(2, clients.CALLS),
                stat(3, clients.ERRORS),
                stat(4, clients.UNNAMED),
                stat(5, clients.DESTRUCTIVE),
                stat(6, clients.NEW),
            ),
        ),
        Row(101, "Which client", (table(10, clients.TABLE),)),
        Row(
            102,
            "Where to begin",
            (
                bars(20, clients.BUSIEST),
                bars(21, clients.FAILING),
                bars(22, clients.SERVERS),
            ),
        ),
        Row(
            103,
            "Since when",
            (
                lines(30, clients.RATES),
                lines(31, clients.ERROR_RATIOS),
                stack(32, clients.CLASSES),
            ),
        ),
        Row(
            104,
            "Versions, principals, and who is not distinguished",
            (
                table(40, clients.VERSIONS, 8),
                lines(41, clients.PRINCIPALS),
                lines(42, clients.OVERFLOWED),
            ),
        ),
        Row(
            105,
            "Which client spends the context",
            (bars(50, context.TOKENS_BY_CLIENT, 12), lines(51, context.TOKEN_RATES, 12)),
        ),
    ),
)
