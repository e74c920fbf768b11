"""The runbook has a heading for every alert and an alert for every heading, with its facts."""

import re
from pathlib import Path

import pytest

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
