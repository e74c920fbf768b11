"""The boards, one per file, each a literal list of signals in visualizations."""

from dashboards.board import Board
from dashboards.boards import (
    changes,
    clients,
    context,
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

EVERY: tuple[Board, ...] = (
    home.BOARD,
    fleet.BOARD,
    server.BOARD,
    tools.BOARD,
    clients.BOARD,
    context.BOARD,
    changes.BOARD,
    sessions.BOARD,
    latency.BOARD,
    resources.BOARD,
    slo.BOARD,
    proxy_cost.BOARD,
    load.BOARD,
    pipeline.BOARD,
)
"""From the general to the particular; `bundles` adapts them to a variant."""
