"""What Alertmanager keeps back while an alert fires that says the same and more.

Only what is less severe is kept back, so no rule can hide a page, nor two alerts each other.
"""

from collections.abc import Iterator

from dashboards.alerts import Alert, Severity
from dashboards.bundles import MonitoringBundle

InhibitRule = dict[str, list[str]]


def inhibition(made: MonitoringBundle) -> dict[str, list[InhibitRule]]:
    """`{"inhibit_rules": [...]}`, as Alertmanager's configuration takes it (0.22 or newer)."""
    return {"inhibit_rules": list(inhibit_rules(made))}


def inhibit_rules(made: MonitoringBundle) -> Iterator[InhibitRule]:
    """A rule for each alert that implies others, and each set of labels that they share with it."""
    there = {each.contract or each.name: each for group in made.alerts.values() for each in group}
    for source in there.values():
        named = (there[name] for name in source.inhibits if name in there)
        implied = [each for each in named if _less(each.severity, source.severity)]
        shared = dict.fromkeys(_shared(source, target) for target in implied)
        for labels in shared:
            names = [each.name for each in implied if _shared(source, each) == labels]
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
    both = (each for each in source.about if each in target.about)
    return tuple(target.label_aliases.get(each, each) for each in both)
