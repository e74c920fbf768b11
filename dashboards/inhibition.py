"""Inhibit rules: what Alertmanager mutes while an alert fires that says the same and more.

Only less severe alerts are muted, so no rule can hide a page, nor two alerts each other.
"""

from collections.abc import Iterator

from dashboards.alerts import Alert, Severity
from dashboards.bundles import MonitoringBundle

InhibitRule = dict[str, list[str]]


def inhibition(bundle: MonitoringBundle) -> dict[str, list[InhibitRule]]:
    """`{"inhibit_rules": [...]}`, for Alertmanager's configuration (0.22 or newer)."""
    return {"inhibit_rules": list(inhibit_rules(bundle))}


def inhibit_rules(bundle: MonitoringBundle) -> Iterator[InhibitRule]:
    """A rule for each alert that inhibits others, and each set of labels that they share."""
    there = {each.default_name: each for each in bundle.every_alert}
    for source in there.values():
        named = (there[name] for name in source.inhibits if name in there)
        targets = [each for each in named if _less(each.severity, source.severity)]
        for labels in dict.fromkeys(_shared(source, target) for target in targets):
            names = [each.name for each in targets if _shared(source, each) == labels]
            yield {
                "source_matchers": [f'alertname = "{source.name}"'],
                "target_matchers": [f'alertname =~ "{"|".join(names)}"'],
                "equal": list(labels),
            }


def _less(severity: Severity, than: Severity) -> bool:
    rising = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)
    return rising.index(severity) < rising.index(than)


def _shared(source: Alert, target: Alert) -> tuple[str, ...]:
    """The labels that must be equal: those by which both name what they are about."""
    return tuple(label for each, label in target.about.items() if each in source.about)
