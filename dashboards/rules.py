"""Recording rules and alerts as one plain Prometheus rule document."""

from dashboards import alerts
from dashboards.alerts import Alert
from dashboards.recordings import RECORDINGS, Recording

Rule = dict[str, object]

ALERT_GROUPS: dict[str, tuple[Alert, ...]] = {
    "mcp-availability": alerts.AVAILABILITY,
    "mcp-errors": alerts.ERRORS,
    "mcp-latency": alerts.LATENCY,
    "mcp-pipeline": alerts.PIPELINE,
}


def rules_document() -> dict[str, object]:
    """`{"groups": [...]}`, as Prometheus' `rule_files` and PrometheusRule's `spec` take it."""
    recorded = {"name": "mcp-indicators", "rules": [_recording(each) for each in RECORDINGS]}
    watched = [
        {"name": name, "rules": [_alert(each) for each in group]}
        for name, group in ALERT_GROUPS.items()
    ]
    return {"groups": [recorded, *watched]}


def _recording(recording: Recording) -> Rule:
    return {"record": recording.record, "expr": recording.expr}


def _alert(alert: Alert) -> Rule:
    return {
        "alert": alert.name,
        "expr": alert.condition,
        "for": alert.hold,
        "labels": {"severity": str(alert.severity)},
        "annotations": {
            "summary": alert.summary,
            "description": alert.description,
            "runbook_url": alert.runbook_url,
            "dashboard_url": alert.dashboard_url,
        },
    }
