"""Boards and rules as code: catalogue -> signals -> panels -> boards, and -> recordings -> alerts.

Pure but for `command`, which writes files or sends boards to a Grafana; no Pulumi. `BOARDS` is
what everyone iterates; `render` writes a board as Grafana's JSON, `rules` the Prometheus rules,
`queries` every question that boards and rules ask.
"""

from dashboards.board import Board
from dashboards.boards import (
    fleet,
    home,
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

BOARDS: tuple[Board, ...] = (
    home.BOARD,
    fleet.BOARD,
    server.BOARD,
    tools.BOARD,
    sessions.BOARD,
    latency.BOARD,
    resources.BOARD,
    slo.BOARD,
    proxy_cost.BOARD,
    load.BOARD,
    pipeline.BOARD,
)
"""From the general to the particular."""

__all__ = ["BOARDS", "Board"]
