"""Recording rules and alerts as one plain Prometheus rule document."""

from dashboards.alerts import Alert
from dashboards.bundles import MonitoringBundle, monitoring_bundle
from dashboards.recordings.recording import Group, Recording
from dashboards.thresholds import DEFAULTS, Thresholds

Rule = dict[str, object]


def rules_document(thresholds: Thresholds = DEFAULTS) -> dict[str, object]:
    """The rules of the default variant, as `document` gives them."""
    return document(monitoring_bundle(thresholds=thresholds))


def document(bundle: MonitoringBundle) -> dict[str, object]:
    """`{"groups": [...]}`, for Prometheus' `rule_files` and PrometheusRule's `spec`."""
    prefix = bundle.variant.prefix
    groups = dict.fromkeys(each.group for each in bundle.recordings)
    recorded = [_recorded(bundle, each) for each in groups]
    alerts = [
        {"name": f"{prefix}-{name}", "rules": [_alert(each) for each in group]}
        for name, group in bundle.alerts.items()
    ]
    return {"groups": [*recorded, *alerts]}


def _recorded(bundle: MonitoringBundle, group: Group) -> Rule:
    rules = [_recording(each) for each in bundle.recordings if each.group == group]
    name = f"{bundle.variant.prefix}-{group.name}"
    return {"name": name, "interval": group.interval, "rules": rules}


def _recording(recording: Recording) -> Rule:
    return {"record": recording.record, "expr": str(recording.expr)}


def _alert(alert: Alert) -> Rule:
    return {
        "alert": alert.name,
        "expr": str(alert.condition),
        "for": alert.for_,
        "labels": {"severity": str(alert.severity), **alert.labels},
        "annotations": {
            "summary": alert.summary,
            "description": alert.description,
            "runbook_url": alert.runbook_url,
            "dashboard_url": alert.dashboard_url,
        },
    }
