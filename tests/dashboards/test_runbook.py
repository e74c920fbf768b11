"""The runbook has a section for every alert, and names panels, series and labels that exist."""

import re
from pathlib import Path

import pytest

from dashboards import ALERTS
from dashboards.alerts import RUNBOOK
from dashboards.bundles import MonitoringBundle, monitoring_bundle
from dashboards.runbook import runbook
from dashboards.thresholds import parse
from tests.contract.test_queries import meant
from tests.dashboards.every_board import EVERY_BUNDLE
from tests.dashboards.parsed_promql import groupings, selectors

ROOT = Path(__file__).parents[2]
every_bundle = pytest.mark.parametrize("bundle", EVERY_BUNDLE.values(), ids=EVERY_BUNDLE)


def test_the_runbook_in_the_repository_is_current() -> None:
    text = (ROOT / RUNBOOK).read_text(encoding="utf-8")

    assert text == runbook(monitoring_bundle()), "run `make docs`"


@every_bundle
def test_every_alert_links_to_its_section(bundle: MonitoringBundle) -> None:
    headings = re.findall(r"^## (.*)$", runbook(bundle), re.MULTILINE)

    assert headings == [alert.name for alert in bundle.every_alert]
    assert {alert.runbook_url for alert in bundle.every_alert} == {
        f"{bundle.variant.runbook_file}#{each.lower()}" for each in headings
    }


@every_bundle
def test_a_section_has_a_symptom_a_cause_a_query_and_a_fix(bundle: MonitoringBundle) -> None:
    for alert in bundle.every_alert:
        section = alert.runbook
        assert all((section.symptom, section.cause, section.confirm, section.fix)), alert.name


@every_bundle
def test_every_panel_that_the_runbook_quotes_exists(bundle: MonitoringBundle) -> None:
    prose = re.sub(r"```.*?```", "", runbook(bundle), flags=re.DOTALL)
    quoted = {" ".join(each.split()) for each in re.findall(r'"([^"]+)"', prose)}
    titles = {panel.signal.title for board in bundle.boards for panel in board.panels}

    assert quoted - titles == set()


@every_bundle
def test_the_runbook_names_only_alerts_that_exist(bundle: MonitoringBundle) -> None:
    named = set(re.findall(r"\b(?:MCP|ToolHive)[A-Z][a-z]\w+", runbook(bundle)))

    assert named <= {alert.name for alert in bundle.every_alert}


@every_bundle
def test_the_runbook_queries_series_of_its_variant_only(bundle: MonitoringBundle) -> None:
    queries = re.findall(r"```promql\n(.+?)\n```", runbook(bundle), re.DOTALL)
    names = {each.name for query in queries for each in selectors(query)}

    assert bundle.variant.name == "unified" or not any(each.startswith("mcp") for each in names)
    assert runbook(bundle).startswith("# Runbook")


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_the_query_of_a_section_selects_series_and_labels_that_exist(alert: object) -> None:
    query = str(next(each for each in ALERTS if each is alert).runbook.confirm)
    selected = [(each, meant(each)) for each in selectors(query)]
    by = [(labels, each) for labels, under in groupings(query) for each in under]

    assert selected != []
    assert [each.name for each, known in selected if not known] == []
    assert [e for e, known in selected for k in known if not e.labels <= k.labels] == []
    assert [
        e.name for labels, e in by for k in meant(e) if not labels - {"__name__"} <= k.labels
    ] == []


def test_a_section_begins_with_the_facts_of_its_alert() -> None:
    text = runbook(monitoring_bundle(thresholds=parse({"error_ratio": 0.123})))

    assert (
        "## MCPErrorRatioHigh\n\nSeverity: warning, after 10 minutes. Board: MCP / Server."
        " Thresholds: `error_ratio` 0.123, `call_floor` 0.05.\n"
    ) in text
    assert "Severity: warning, after 1 hour. Board: MCP / Server." in text
