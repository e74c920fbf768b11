"""The runbook has a heading for every alert and an alert for every heading, with its facts."""

import re
from pathlib import Path

import pytest

from dashboards import BOARDS, alerts, limits
from dashboards.alerts import ALERTS, RUNBOOK, Alert

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / RUNBOOK).read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
HOLD = {"m": "minutes", "h": "hours"}


def test_every_alert_has_a_heading_and_every_heading_an_alert() -> None:
    assert sorted(SECTIONS) == sorted(alert.name for alert in ALERTS)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_a_section_opens_with_the_severity_and_hold_of_its_alert(alert: Alert) -> None:
    facts = f"Severity: {alert.severity}, after {alert.hold[:-1]} {HOLD[alert.hold[-1]]}"

    assert SECTIONS[alert.name].strip().startswith(facts)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_a_section_says_what_it_means_where_to_look_and_what_to_do(alert: Alert) -> None:
    missing = [
        part
        for part in ("**Meaning.**", "**Look.**", "**Do.**")
        if part not in SECTIONS[alert.name]
    ]

    assert missing == []


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_the_runbook_address_of_an_alert_is_its_heading(alert: Alert) -> None:
    path, anchor = alert.runbook_url.split("#")

    assert (ROOT / path).name == "RUNBOOK.md"
    assert anchor in [name.lower() for name in SECTIONS]


BOUNDS = {
    alerts.ERROR_RATIO_HIGH: f"above {limits.ERRORS.critical * 100:g} %, at more than"
    f" {limits.CALL_FLOOR:g} calls per second",
    alerts.TOOL_FAILING: f"above {limits.TOOL_ERRORS.critical * 100:g} %, at more than"
    f" {limits.TOOL_CALL_FLOOR:g} calls per second",
    alerts.LATENCY_HIGH: f"above {limits.LATENCY_SECONDS.critical:g} s, at more than"
    f" {limits.CALL_FLOOR:g} calls per second",
}


@pytest.mark.parametrize("alert", BOUNDS, ids=lambda alert: alert.name)
def test_a_section_tells_the_bound_and_the_traffic_that_the_alert_needs(alert: Alert) -> None:
    assert BOUNDS[alert] in SECTIONS[alert.name]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_a_section_names_the_board_that_its_alert_links_to(alert: Alert) -> None:
    title = next(board.title for board in BOARDS if board.uid == alert.board)

    assert f"Board: {title}." in SECTIONS[alert.name]


def test_every_panel_that_the_runbook_quotes_exists() -> None:
    quoted = {" ".join(each.split()) for each in re.findall(r'"([^"]+)"', TEXT)}
    titles = {panel.signal.title for board in BOARDS for panel in board.panels}
    rows = {row.title for board in BOARDS for row in board.rows}

    assert {each for each in quoted if not any(t.startswith(each) for t in titles | rows)} == set()
