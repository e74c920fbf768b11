"""Recording rules and alerts as one plain Prometheus rule document."""

from dashboards.alerts import Alert
from dashboards.bundles import MonitoringBundle, default_bundle
from dashboards.recording import Group, Recording
from dashboards.thresholds import DEFAULTS, Thresholds

Rule = dict[str, object]


def rules_document(thresholds: Thresholds = DEFAULTS) -> dict[str, object]:
    """The rules of the set for the series contract, as `document` gives them."""
    return document(default_bundle(thresholds))


def document(made: MonitoringBundle) -> dict[str, object]:
    """`{"groups": [...]}`, as Prometheus' `rule_files` and PrometheusRule's `spec` take it."""
    groups = dict.fromkeys(each.group for each in made.recordings)
    recorded = [_recorded(made, each) for each in groups]
    watched = [
        {"name": name, "rules": [_alert(each) for each in group]}
        for name, group in made.alerts.items()
    ]
    return {"groups": [*recorded, *watched]}


def _recorded(made: MonitoringBundle, group: Group) -> Rule:
    rules = [_recording(each) for each in made.recordings if each.group == group]
    return {"name": f"{made.prefix}-{group.name}", "interval": group.interval, "rules": rules}


def _recording(recording: Recording) -> Rule:
    return {"record": recording.record, "expr": recording.expr}


def _alert(alert: Alert) -> Rule:
    return {
        "alert": alert.name,
        "expr": alert.condition,
        "for": alert.for_,
        "labels": {"severity": str(alert.severity), **alert.labels},
        "annotations": {
            "summary": alert.summary,
            "description": alert.description,
            "runbook_url": alert.runbook_url,
            "dashboard_url": alert.dashboard_url,
        },
    }
