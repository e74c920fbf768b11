"""MCP / Home: what fires, which servers need attention, and which board to open next."""

from dashboards.board import Board
from dashboards.boards import changes as changes_board
from dashboards.boards import clients as clients_board
from dashboards.boards import context as context_board
from dashboards.boards import fleet as fleet_board
from dashboards.boards import (
    latency,
    load,
    pipeline,
    proxy_cost,
    resources,
    server,
    sessions,
    slo,
    tools,
)
from dashboards.layout import Row
from dashboards.panels import BoardEntry, bars, board_list, stat, table
from dashboards.signals import clients, context, fleet, freshness, slis

_CALLERS = (
    *(fleet_board.BOARD, server.BOARD, tools.BOARD, clients_board.BOARD, sessions.BOARD),
    *(context_board.BOARD, changes_board.BOARD, latency.BOARD, slo.BOARD),
)
_BEHIND = (resources.BOARD, proxy_cost.BOARD, pipeline.BOARD, load.BOARD)


def _entries(boards: tuple[Board, ...]) -> tuple[BoardEntry, ...]:
    return tuple(BoardEntry(each.uid, each.title, each.question) for each in boards)


BOARD = Board(
    uid="mcp-home",
    title="MCP / Home",
    description="The first board to open: what fires, which servers need attention, where to go"
    " next.",
    rows=(
        Row(
            100,
            "What needs attention now?",
            (
                stat(1, slis.FIRING),
                stat(2, fleet.DOWN),
                stat(3, fleet.ERRORS),
                stat(4, fleet.SLOWEST_P95),
                stat(5, freshness.REPORTING),
                stat(6, freshness.OLDEST),
            ),
        ),
        Row(
            101,
            "What fires, and for which server",
            (table(10, fleet.ALERTS, 12), table(11, fleet.NEEDY, 12)),
        ),
        Row(
            103,
            "Who calls, and what the model pays",
            (
                bars(30, clients.BUSIEST),
                bars(31, clients.FAILING),
                bars(32, context.LISTS),
            ),
        ),
        Row(
            102,
            "Where to go next",
            (
                board_list(20, "What callers experience", _entries(_CALLERS)),
                board_list(21, "What is behind it", _entries(_BEHIND)),
            ),
        ),
    ),
)
