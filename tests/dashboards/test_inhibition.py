"""What Alertmanager keeps back, by its own rules of matching, on labels that the alerts carry."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from dashboards.alerts import ALERTS, Severity
from dashboards.bundles import default_bundle
from dashboards.inhibition import InhibitRule, inhibit_rules
from tests.dashboards.alert_cases.case import Fires
from tests.dashboards.promtool import Labels
from tests.dashboards.test_alerts import FIRES
from tests.dashboards.test_bundles_alerts import LAYOUTS, Layout, firing, kept, made, played

Pair = tuple[str, str]

URGENCY = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)
SEVERITY = {alert.name: alert.severity for alert in ALERTS}
IMPLIED = {(alert.name, name) for alert in ALERTS for name in alert.inhibits}


def matched(matchers: Iterable[str], labels: Labels) -> bool:
    """Whether an alert has what all matchers want; expressions are anchored, as there."""
    for each in matchers:
        found = re.fullmatch(r'(\w+) (=~?) "(.*)"', each)
        assert found, each
        name, operator, value = found.groups()
        wanted = value if operator == "=~" else re.escape(value)
        if not re.fullmatch(wanted, labels.get(name, "")):
            return False
    return True


def inhibited(rule: InhibitRule, source: Labels, target: Labels) -> bool:
    """Alertmanager's documentation, `inhibit_rule`: a label that both lack is equal, too."""
    return (
        matched(rule["source_matchers"], source)
        and matched(rule["target_matchers"], target)
        and all(source.get(name, "") == target.get(name, "") for name in rule["equal"])
    )


def pairs(rules: Iterable[InhibitRule], fired: Mapping[str, Labels]) -> set[Pair]:
    """Who keeps back whom, of alerts that fire with those labels."""
    return {
        (source, target)
        for rule in rules
        for source, here in fired.items()
        for target, there in fired.items()
        if inhibited(rule, here, there)
    }


def fired(case: Fires) -> Labels:
    return {"alertname": case.name, **case.firing.labels}


RULES = list(inhibit_rules(default_bundle()))
FIRED = {case.name: fired(case) for case in FIRES}


def test_each_alert_keeps_back_what_it_implies_and_nothing_else() -> None:
    assert pairs(RULES, FIRED) == IMPLIED


def test_what_is_kept_back_is_less_severe_so_no_page_is_hidden() -> None:
    assert [
        (source, target)
        for source, target in IMPLIED
        if URGENCY.index(SEVERITY[target]) >= URGENCY.index(SEVERITY[source])
    ] == []


@pytest.mark.parametrize("severity", Severity)
def test_nothing_is_kept_back_by_what_is_as_severe(severity: Severity) -> None:
    made = default_bundle()
    alike = {
        group: tuple(replace(each, severity=severity) for each in alerts)
        for group, alerts in made.alerts.items()
    }

    assert list(inhibit_rules(replace(made, alerts=alike))) == []


def test_another_server_is_heard_of() -> None:
    elsewhere = {name: {**labels, "server": "other"} for name, labels in FIRED.items()}
    heard = {
        (source, target)
        for rule in RULES
        for source, here in FIRED.items()
        for target, there in elsewhere.items()
        if inhibited(rule, here, there)
    }

    of_a_server = {pair for pair in IMPLIED if all("server" in FIRED[name] for name in pair)}
    assert heard == IMPLIED - of_a_server
    assert of_a_server


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["source_matchers"][0])
def test_labels_that_must_be_equal_are_labels_of_both(rule: InhibitRule) -> None:
    """Two alerts without them would be equal, whatever they are about."""
    meant = [FIRED[each] for pair in pairs([rule], FIRED) for each in pair]

    assert meant
    assert all(labels.get(name) for labels in meant for name in rule["equal"])


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_toolhives_alerts_are_kept_back_alike_by_their_own_names_and_labels(
    layout: Layout,
) -> None:
    names = kept(layout)
    there = {
        names[case.name]: {"alertname": names[case.name], **firing(case, layout).labels}
        for case, _ in played(layout)
        if isinstance(case, Fires)
    }
    rules = list(inhibit_rules(made(layout)))

    assert pairs(rules, there) == {
        (names[source], names[target])
        for source, target in IMPLIED
        if source in names and target in names
    }
    assert {tuple(rule["equal"]) for rule in rules} == {(), (layout.namespace, "server")}
