"""Boards and rules as code: catalogue -> signals -> panels -> boards, and -> recordings -> alerts.

Pure: no network, no Pulumi. `BOARDS` is what everyone iterates; `render` writes a board as
Grafana's JSON, `rules` the Prometheus rules, `queries` every question that boards and rules ask.
"""

from dashboards.board import Board
from dashboards.boards import pipeline, server

BOARDS: tuple[Board, ...] = (server.BOARD, pipeline.BOARD)

__all__ = ["BOARDS", "Board"]
