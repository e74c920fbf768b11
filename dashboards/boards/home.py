"""MCP / Home: what fires, which server needs somebody, and which board to go to."""

from dashboards.board import Board
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
from dashboards.links import address
from dashboards.panels import stat, table, text
from dashboards.signals import fleet, freshness, slis

_FELT = (
    fleet_board.BOARD,
    server.BOARD,
    tools.BOARD,
    sessions.BOARD,
    latency.BOARD,
    slo.BOARD,
)
_BEHIND = (resources.BOARD, proxy_cost.BOARD, pipeline.BOARD, load.BOARD)


def _entry(board: Board) -> str:
    """A line of the list; the address has no slash before it, so that it stays under Grafana's."""
    return f"- [{board.title}]({address(board.uid).removeprefix('/')}): {board.question}"


BOARD = Board(
    uid="mcp-home",
    title="MCP / Home",
    description="For everybody, first: what fires, which server needs somebody, where to go next.",
    rows=(
        Row(
            100,
            "What needs me now?",
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
            "What fires, and for whom",
            (table(10, fleet.ALERTS, 12), table(11, fleet.NEEDY, 12)),
        ),
        Row(
            102,
            "Where to go next",
            (
                text(20, "What callers feel", "\n".join(map(_entry, _FELT)), width=12, height=6),
                text(21, "What is behind it", "\n".join(map(_entry, _BEHIND)), width=12, height=6),
            ),
        ),
    ),
)
