"""The set for ToolHive's own series holds together by itself, and beside the other set."""

import json
import re
import time
from functools import cache
from pathlib import Path

import pytest

from dashboards import BOARDS
from dashboards.alerts import ALERTS
from dashboards.board import Board
from dashboards.bundles import MonitoringBundle, translated
from dashboards.export import files
from dashboards.layout import lines_of
from dashboards.render import dashboard
from dashboards.render_options import RenderOptions
from dashboards.rules import document
from dashboards.variants import toolhive
from tests.dashboards.editions import LAYOUTS
from tests.dashboards.expressions import selectors
from tests.dashboards.lint import findings
from tests.dashboards.promtool import Promtool
from tests.dashboards.test_links import Json, links

pytestmark = pytest.mark.parametrize(("version", "ingestion"), LAYOUTS)


@cache
def made(version: str, ingestion: str) -> MonitoringBundle:
    return translated(toolhive.dialect(version, ingestion))


@cache
def written(version: str, ingestion: str) -> dict[Path, str]:
    return files(RenderOptions(dialect=toolhive.dialect(version, ingestion)))


@cache
def unified_files() -> frozenset[Path]:
    return frozenset(files(RenderOptions()))


@cache
def drawn(version: str, ingestion: str) -> dict[str, Json]:
    return {board.uid: dashboard(board) for board in made(version, ingestion).boards}


def boards(version: str, ingestion: str) -> dict[str, Board]:
    return {board.uid: board for board in made(version, ingestion).boards}


def test_the_linter_finds_nothing(version: str, ingestion: str) -> None:
    every = drawn(version, ingestion)

    found = {uid: findings(board, every) for uid, board in every.items()}

    assert {uid: lines for uid, lines in found.items() if lines} == {}


def test_it_can_stand_beside_the_other_set(version: str, ingestion: str) -> None:
    ours, theirs = made(version, ingestion).boards, BOARDS

    assert {each.uid for each in ours} & {each.uid for each in theirs} == set()
    assert {each.title for each in ours} & {each.title for each in theirs} == set()
    assert {each.tag for each in ours} & {each.tag for each in theirs} == set()
    assert all(len(each.uid) <= 40 for each in ours)
    assert set(written(version, ingestion)) & unified_files() == set()


def test_no_rule_or_group_is_called_as_one_of_the_other_set(version: str, ingestion: str) -> None:
    groups = document(made(version, ingestion))["groups"]
    names = json.dumps(groups)

    assert re.findall(r'"(?:record|alert|name)": "(?:mcp|MCP)[^"]*"', names) == []
    assert not re.search(r"\bmcp:", names)


def test_every_series_that_is_asked_for_is_recorded_or_comes_from_elsewhere(
    version: str, ingestion: str
) -> None:
    """Recordings are evaluated in order, each after those that it reads."""
    seen: set[str] = set()
    for recording in made(version, ingestion).recordings:
        asked = {each.name for each in selectors(recording.expr)}
        assert {each for each in asked if each.startswith("toolhive:")} <= seen, recording.record
        seen.add(recording.record)
    read = {
        each.name
        for board in made(version, ingestion).boards
        for panel in board.panels
        for answer in panel.signal.queries
        for each in selectors(answer.expr)
        if each.name.startswith("toolhive:")
    }
    assert read <= seen


def test_promtool_accepts_the_rules(version: str, ingestion: str, promtool: Promtool) -> None:
    assert promtool.check(document(made(version, ingestion))) == ""


def test_every_alert_has_its_board(version: str, ingestion: str) -> None:
    alerts = [each for group in made(version, ingestion).alerts.values() for each in group]

    assert len({each.name for each in alerts}) == len(alerts) >= 15
    assert {each.board for each in alerts} <= set(boards(version, ingestion))


def test_every_alert_has_its_heading_in_the_runbook_and_the_reverse(
    version: str, ingestion: str
) -> None:
    alerts = [each for group in made(version, ingestion).alerts.values() for each in group]
    text = written(version, ingestion)[Path("runbook/toolhive.md")]

    assert re.findall(r"^## (.*)$", text, re.M) == [each.name for each in alerts]
    assert {each.runbook_url for each in alerts} == {
        f"runbook/toolhive.md#{each.name.lower()}" for each in alerts
    }
    for part in ("Symptom", "Why", "Confirm", "Fix"):
        assert text.count(f"**{part}.**") == len(alerts)


def test_the_runbook_speaks_of_what_the_set_has(version: str, ingestion: str) -> None:
    text = written(version, ingestion)[Path("runbook/toolhive.md")]
    queries = re.findall(r"```promql\n(.+?)\n```", text, re.S)
    prose = re.sub(r"```.*?```", "", text, flags=re.S)
    shown = {panel.signal.title for b in made(version, ingestion).boards for panel in b.panels}
    alerts = {each.name for group in made(version, ingestion).alerts.values() for each in group}

    asked = {each.name for query in queries for each in selectors(query)}
    assert [each for each in asked if each.startswith("mcp")] == []
    quoted = set(re.findall(r'"([^"]+)"', prose))
    assert {each for each in quoted if not any(s.startswith(each) for s in shown)} == set()
    assert set(re.findall(r"\b(?:MCP|ToolHive)[A-Z][a-z]\w+", text)) <= alerts
    assert set(re.findall(r"Board: (.+?)\.", text)) <= {
        b.title for b in made(version, ingestion).boards
    }


def test_a_template_names_labels_that_its_alert_has(version: str, ingestion: str) -> None:
    """Pushed series have no label `namespace`."""
    here = toolhive.dialect(version, ingestion).namespace
    for group in made(version, ingestion).alerts.values():
        for each in group:
            text = f"{each.summary} {each.description} {each.dashboard_url}"
            named = set(re.findall(r"\$labels\.(\w+)", text))
            assert "namespace" not in named - {here}, each.name


def test_a_click_hands_over_labels_that_the_panels_series_have(
    version: str, ingestion: str
) -> None:
    here = toolhive.dialect(version, ingestion).namespace
    for board in drawn(version, ingestion).values():
        for panel in board["panels"]:
            for url in links(panel):
                carried = set(re.findall(r"\.(\w+):percentencode", url))
                assert "namespace" not in carried - {here}, url


def test_no_description_speaks_of_what_toolhive_does_not_tell(version: str, ingestion: str) -> None:
    texts = [
        text
        for board in made(version, ingestion).boards
        for panel in board.panels
        for text in (panel.signal.description, panel.signal.title)
    ]
    strange = re.compile(r"our proxy|outcome|event loop|whose fault|the faults|honest", re.I)

    assert [text for text in texts if strange.search(text)] == []


def test_an_alert_that_a_description_names_exists(version: str, ingestion: str) -> None:
    names = {each.name for group in made(version, ingestion).alerts.values() for each in group}
    text = json.dumps(drawn(version, ingestion))

    assert set(re.findall(r"\b(?:MCP|ToolHive)[A-Z][a-z]\w+", text)) <= names


def test_home_lists_the_boards_that_there_are(version: str, ingestion: str) -> None:
    text = json.dumps(drawn(version, ingestion)["mcp-toolhive-home"])
    others = set(boards(version, ingestion)) - {"mcp-toolhive-home"}

    assert set(re.findall(r"\(d/([a-z-]+)\?", text)) == others


def test_it_is_made_the_same_again_and_quickly(version: str, ingestion: str) -> None:
    began = time.process_time()

    assert files(RenderOptions(dialect=toolhive.dialect(version, ingestion))) == written(
        version, ingestion
    )
    assert time.process_time() - began < 2


def test_a_row_that_lost_panels_is_full_again(version: str, ingestion: str) -> None:
    """Else `lines_of` raises UnevenRow."""
    for board in made(version, ingestion).boards:
        assert all(lines_of(row) for row in board.rows)


def test_most_alerts_of_the_contract_that_look_at_toolhives_series_are_kept(
    version: str, ingestion: str
) -> None:
    kept = {each.contract for group in made(version, ingestion).alerts.values() for each in group}

    assert {"MCPErrorRatioHigh", "MCPToolFailing", "MCPTelemetryAbsent", "MCPNoCalls"} <= kept
    assert kept <= {each.name for each in ALERTS}
