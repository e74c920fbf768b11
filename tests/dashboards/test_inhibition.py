"""What Alertmanager mutes, by its own rules of matching, on labels that the alerts carry."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from dashboards import ALERTS
from dashboards.alerts import Severity
from dashboards.bundles import monitoring_bundle
from dashboards.inhibition import InhibitRule, inhibit_rules
from tests.dashboards.alerts.cases import BY_NAME, Fires
from tests.dashboards.alerts.test_alert import FIRES
from tests.dashboards.promtool import Labels
from tests.dashboards.variants.test_rules import LAYOUTS, Layout

Pair = tuple[str, str]

INHIBITED = {(alert.name, name) for alert in ALERTS for name in alert.inhibits}
FIRED = {
    case.name: {"alertname": case.name, **case.firing(BY_NAME[case.name], case.labels).labels}
    for case in FIRES
}
RULES = list(inhibit_rules(monitoring_bundle()))


def matched(matchers: Iterable[str], labels: Labels) -> bool:
    """Whether an alert has what all matchers want; patterns are anchored, as in Alertmanager."""
    for each in matchers:
        found = re.fullmatch(r'(\w+) (=~?) "(.*)"', each)
        assert found, each
        name, operator, value = found.groups()
        wanted = value if operator == "=~" else re.escape(value)
        if not re.fullmatch(wanted, labels.get(name, "")):
            return False
    return True


def pairs(
    rules: Iterable[InhibitRule], sources: Mapping[str, Labels], targets: Mapping[str, Labels]
) -> set[Pair]:
    """Which alert mutes which; a label that both lack is equal (Alertmanager's documentation)."""
    return {
        (source, target)
        for rule in rules
        for source, here in sources.items()
        for target, there in targets.items()
        if matched(rule["source_matchers"], here)
        and matched(rule["target_matchers"], there)
        and all(here.get(name, "") == there.get(name, "") for name in rule["equal"])
    }


def test_each_alert_mutes_what_it_inhibits_and_nothing_else() -> None:
    assert pairs(RULES, FIRED, FIRED) == INHIBITED


@pytest.mark.parametrize("severity", Severity)
def test_an_alert_is_never_muted_by_one_that_is_no_more_severe(severity: Severity) -> None:
    rank = list(Severity)
    bundle = monitoring_bundle()
    alike = {
        group: tuple(replace(each, severity=severity) for each in alerts)
        for group, alerts in bundle.alerts.items()
    }

    assert list(inhibit_rules(replace(bundle, alerts=alike))) == []
    assert all(
        rank.index(BY_NAME[source].severity) < rank.index(BY_NAME[target].severity)
        for source, target in INHIBITED
    )


def test_alerts_of_another_server_are_not_muted() -> None:
    elsewhere = {name: {**labels, "server": "other"} for name, labels in FIRED.items()}
    of_a_server = {pair for pair in INHIBITED if all("server" in FIRED[name] for name in pair)}

    assert of_a_server
    assert pairs(RULES, FIRED, elsewhere) == INHIBITED - of_a_server


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["source_matchers"][0])
def test_labels_that_must_be_equal_are_labels_of_both(rule: InhibitRule) -> None:
    """Two alerts without them would be equal, whatever they are about."""
    meant = [FIRED[each] for pair in pairs([rule], FIRED, FIRED) for each in pair]

    assert meant
    assert all(labels.get(name) for labels in meant for name in rule["equal"])


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_toolhives_alerts_are_muted_alike(layout: Layout) -> None:
    names = {default: alert.name for default, alert in layout.alerts.items()}
    fired = {
        names[case.name]: {"alertname": names[case.name], **layout.firing(case).labels}
        for case, _ in layout.cases()
        if isinstance(case, Fires)
    }
    rules = list(inhibit_rules(layout.bundle()))

    assert pairs(rules, fired, fired) == {
        (names[source], names[target])
        for source, target in INHIBITED
        if source in names and target in names
    }
    assert {tuple(rule["equal"]) for rule in rules} == {(), (layout.namespace, "server")}
