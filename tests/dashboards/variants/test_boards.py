"""ToolHive's boards and rules are complete in themselves, and can stand beside the default ones."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dashboards import ALERTS, BOARDS, limits
from dashboards.board import Board
from dashboards.bundles import MonitoringBundle
from dashboards.export import files
from dashboards.expressions import calls, proxies
from dashboards.layout import Row
from dashboards.panels import Panel, stat, table
from dashboards.promql.expression import Expr
from dashboards.promql.scope import EACH_SERVER, RULE
from dashboards.render import dashboard
from dashboards.render_options import RenderOptions
from dashboards.rules import document
from dashboards.signal import Query, Signal
from dashboards.thresholds import DEFAULTS
from dashboards.variants import toolhive
from dashboards.variants.boards import VariantContext, boards
from tests.dashboards.board_lint import findings
from tests.dashboards.every_board import TOOLHIVE, toolhive_bundle
from tests.dashboards.parsed_promql import selectors
from tests.dashboards.promtool import Promtool
from tests.dashboards.test_links import Json, links


@pytest.fixture(params=TOOLHIVE, ids="-".join)
def layout(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A version and an ingestion path."""
    version, ingestion = request.param
    return version, ingestion


@pytest.fixture
def bundle(layout: tuple[str, str]) -> MonitoringBundle:
    return toolhive_bundle(*layout)


@cache
def written(layout: tuple[str, str]) -> dict[Path, str]:
    return files(RenderOptions(variant=toolhive.variant(*layout)))


@cache
def default_files() -> frozenset[Path]:
    return frozenset(files(RenderOptions()))


def drawn(bundle: MonitoringBundle) -> dict[str, Json]:
    return {board.uid: dashboard(board) for board in bundle.boards}


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


def test_the_linter_finds_nothing(bundle: MonitoringBundle) -> None:
    every = drawn(bundle)
    found = {uid: findings(board, every) for uid, board in every.items()}

    assert {uid: lines for uid, lines in found.items() if lines} == {}


def test_boards_and_files_have_other_names_than_the_default_ones(
    bundle: MonitoringBundle, layout: tuple[str, str]
) -> None:
    ours, theirs = bundle.boards, BOARDS

    assert {each.uid for each in ours} & {each.uid for each in theirs} == set()
    assert {each.title for each in ours} & {each.title for each in theirs} == set()
    assert {each.tag for each in ours} & {each.tag for each in theirs} == set()
    assert all(len(each.uid) <= 40 for each in ours)
    assert set(written(layout)) & default_files() == set()


def test_rules_and_groups_have_other_names_than_the_default_ones(bundle: MonitoringBundle) -> None:
    names = json.dumps(document(bundle)["groups"])

    assert re.findall(r'"(?:record|alert|name)": "(?:mcp|MCP)[^"]*"', names) == []
    assert not re.search(r"\bmcp:", names)


def test_every_recorded_series_is_recorded_before_it_is_read(bundle: MonitoringBundle) -> None:
    def read(expr: object) -> set[str]:
        names = (each.name for each in selectors(str(expr)))
        return {each for each in names if each.startswith("toolhive:")}

    recorded: set[str] = set()
    for recording in bundle.recordings:
        assert read(recording.expr) <= recorded, recording.record
        recorded.add(recording.record)
    queries = (q for board in bundle.boards for p in board.panels for q in p.signal.queries)
    assert set().union(*(read(query.expr) for query in queries)) <= recorded


@pytest.mark.slow
def test_promtool_accepts_the_rules(bundle: MonitoringBundle, promtool: Promtool) -> None:
    assert promtool.check(document(bundle)) == ""


def test_every_alert_has_its_board(bundle: MonitoringBundle) -> None:
    alerts = bundle.every_alert

    assert len({each.name for each in alerts}) == len(alerts) >= 15
    assert {each.board for each in alerts} <= {each.uid for each in bundle.boards}


def test_the_runbook_is_written_beside_the_boards(
    bundle: MonitoringBundle, layout: tuple[str, str]
) -> None:
    text = written(layout)[Path("runbook/toolhive.md")]
    queries = re.findall(r"```promql\n(.+?)\n```", text, re.S)
    names = {each.name for query in queries for each in selectors(query)}

    assert text.startswith("# Runbook: ToolHive\n")
    assert [each for each in names if each.startswith("mcp")] == []
    assert set(re.findall(r"Board: (.+?)\.", text)) <= {board.title for board in bundle.boards}


def test_texts_and_links_name_labels_that_the_series_have(bundle: MonitoringBundle) -> None:
    """Pushed series have no label `namespace`."""
    missing = {"namespace"} - {bundle.variant.schema.namespace}
    for alert in bundle.every_alert:
        text = f"{alert.summary} {alert.description} {alert.dashboard_url}"
        assert set(re.findall(r"\$labels\.(\w+)", text)) & missing == set(), alert.name
    for board in drawn(bundle).values():
        for url in (url for panel in board["panels"] for url in links(panel)):
            assert set(re.findall(r"\.(\w+):percentencode", url)) & missing == set(), url


def test_no_text_mentions_what_toolhive_does_not_measure(bundle: MonitoringBundle) -> None:
    signals = [panel.signal for board in bundle.boards for panel in board.panels]
    texts = [text for each in signals for text in (each.description, each.title)]
    missing = re.compile(r"this project's proxy|outcome|event loop|responsible|faults", re.I)

    assert [text for text in texts if missing.search(text)] == []


def test_an_alert_that_a_description_names_exists(bundle: MonitoringBundle) -> None:
    named = set(re.findall(r"\b(?:MCP|ToolHive)[A-Z][a-z]\w+", json.dumps(drawn(bundle))))

    assert named <= {each.name for each in bundle.every_alert}


def test_home_lists_the_boards_that_there_are(bundle: MonitoringBundle) -> None:
    every = drawn(bundle)
    text = json.dumps(every["mcp-toolhive-home"])

    assert set(re.findall(r"\(d/([a-z-]+)\?", text)) == set(every) - {"mcp-toolhive-home"}


def test_alerts_on_toolhives_series_are_kept(bundle: MonitoringBundle) -> None:
    kept = {each.default_name for each in bundle.every_alert}

    assert {"MCPErrorRatioHigh", "MCPToolFailing", "MCPTelemetryAbsent", "MCPNoCalls"} <= kept
    assert kept <= {each.name for each in ALERTS}
