"""Boards are adapted to what a variant has: rows, columns, fallbacks and limits."""

from typing import Any

import pytest

from dashboards import limits
from dashboards.board import Board
from dashboards.expressions import calls, proxies
from dashboards.layout import Row
from dashboards.panels import Panel, stat, table
from dashboards.promql.expression import Expr
from dashboards.promql.scope import EACH_SERVER, RULE
from dashboards.signal import Query, Signal
from dashboards.thresholds import DEFAULTS
from dashboards.variants import toolhive
from dashboards.variants.boards import VariantContext, boards

HAS, LACKS = (each.now(RULE, by=EACH_SERVER) for each in (calls.REQUESTS, proxies.SESSIONS))
PUSHED = VariantContext(
    toolhive.variant("0.44.0", "otel-scrape"), DEFAULTS, alerts=frozenset({"MCPErrorRatioHigh"})
)


def signal(*exprs: Expr, **more: Any) -> Signal:
    return Signal("Title", "Help.", "short", tuple(Query(e, "{namespace}") for e in exprs), **more)


def adapted(*panels: Panel) -> tuple[Board, ...]:
    """A board with these panels in its first row, in ToolHive's variant."""
    board = Board("mcp-x", "MCP / X", "Help.", (Row(100, "Is it well?", panels),))
    return boards((board,), PUSHED)


@pytest.mark.parametrize(("there", "kept"), [(4, 1), (2, 1), (1, 0)])
def test_a_board_remains_while_half_of_its_first_row_does(there: int, kept: int) -> None:
    panels = [stat(n, signal(HAS if n < there else LACKS), 6) for n in range(4)]

    found = adapted(*panels)

    assert len(found) == kept
    assert [sum(p.width for p in each.panels) for each in found] == [24] * kept


def test_a_table_keeps_the_columns_and_keys_that_there_are() -> None:
    (board,) = adapted(table(1, signal(HAS, LACKS, keys=EACH_SERVER)))
    (panel,) = board.panels

    assert [(str(q.expr), q.name) for q in panel.signal.queries] == [
        ("sum by (job, server) (toolhive_mcp_requests_total)", "{{job}}")
    ]
    assert panel.signal.keys == ("job", "server")


def test_another_panel_needs_all_of_its_queries_or_shows_its_fallback() -> None:
    fallback = signal(HAS, no_value_text="fallback")
    (board,) = adapted(
        stat(1, signal(HAS, LACKS), 8), stat(2, signal(LACKS, fallback=fallback), 16)
    )

    assert [panel.signal.no_value for panel in board.panels] == ["fallback"]


def test_a_limit_remains_with_its_alert() -> None:
    (board,) = adapted(
        stat(1, signal(HAS, limit=limits.ERRORS), 12), stat(2, signal(HAS, limit=limits.QUEUE), 12)
    )
    first, second = (panel.signal.limit for panel in board.panels)

    assert first
    assert first.reason.startswith("ToolHiveErrorRatioHigh fires above 5 %")
    assert second is None
