"""The runbook has a heading for every alert and an alert for every heading, with its facts."""

import re
from pathlib import Path

import pytest

from dashboards import BOARDS
from dashboards.alerts import ALERTS, RUNBOOK, Alert
from dashboards.thresholds import DEFAULTS
from tests.contract.test_queries import meant
from tests.dashboards.expressions import groupings, selectors

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / RUNBOOK).read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))


def confirming(text: str) -> dict[str, str]:
    """The query under each heading of a runbook."""
    return dict(re.findall(r"^## (\S+)\n(?:(?!^## ).)*?```promql\n(.+?)\n```", text, re.M | re.S))


QUERIES = confirming(TEXT)
PROSE = re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)
UNITS = {"m": "minute", "h": "hour"}


def spoken(for_: str) -> str:
    """5m as 5 minutes."""
    number, unit = for_[:-1], UNITS[for_[-1]]
    return f"{number} {unit}{'' if number == '1' else 's'}"


def test_every_alert_has_a_heading_and_every_heading_an_alert() -> None:
    assert sorted(SECTIONS) == sorted(alert.name for alert in ALERTS)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_a_section_opens_with_the_severity_and_hold_of_its_alert(alert: Alert) -> None:
    facts = f"Severity: {alert.severity}, after {spoken(alert.for_)}."

    assert SECTIONS[alert.name].strip().startswith(facts)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_a_section_tells_symptom_cause_a_query_and_what_to_do(alert: Alert) -> None:
    missing = [
        part
        for part in ("**Symptom.**", "**Why.**", "**Confirm.**", "**Fix.**")
        if part not in SECTIONS[alert.name]
    ]

    assert missing == []


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_the_runbook_address_of_an_alert_is_its_heading(alert: Alert) -> None:
    path, anchor = alert.runbook_url.split("#")

    assert (ROOT / path).name == "RUNBOOK.md"
    assert anchor in [name.lower() for name in SECTIONS]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_a_section_names_the_thresholds_of_its_alert_with_their_defaults(alert: Alert) -> None:
    text = " ".join(SECTIONS[alert.name].split())
    named = [f"`{name}` {getattr(DEFAULTS, name):.12g}" for name in alert.threshold_keys]

    assert [each for each in named if each not in text] == []


def test_every_alert_has_one_query_to_confirm_it() -> None:
    assert sorted(QUERIES) == sorted(alert.name for alert in ALERTS)
    assert TEXT.count("```promql") == len(ALERTS)


BURNS = [alert for alert in ALERTS if "long" in alert.labels]


@pytest.mark.parametrize("alert", BURNS, ids=lambda alert: alert.name)
def test_the_query_of_a_burn_has_the_bounds_of_its_alert(alert: Alert) -> None:
    assert alert.condition.startswith(f"{QUERIES[alert.name]} and ")


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_query_parses_and_asks_for_series_and_labels_that_exist(query: str) -> None:
    asked = [(each, meant(each)) for each in selectors(query)]
    by = [(labels, each) for labels, under in groupings(query) for each in under]

    assert asked != []
    assert [each.name for each, known in asked if not known] == []
    assert [e for e, known in asked for k in known if not e.labels <= k.labels] == []
    assert [
        e.name for labels, e in by for k in meant(e) if not labels - {"__name__"} <= k.labels
    ] == []


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_a_section_names_the_board_that_its_alert_links_to(alert: Alert) -> None:
    title = next(board.title for board in BOARDS if board.uid == alert.board)

    assert f"Board: {title}." in SECTIONS[alert.name]


def test_every_panel_that_the_runbook_quotes_exists() -> None:
    quoted = {" ".join(each.split()) for each in re.findall(r'"([^"]+)"', PROSE)}
    titles = {panel.signal.title for board in BOARDS for panel in board.panels}
    rows = {row.title for board in BOARDS for row in board.rows}

    assert {each for each in quoted if not any(t.startswith(each) for t in titles | rows)} == set()
