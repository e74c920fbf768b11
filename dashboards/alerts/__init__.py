"""Alerts: what pages someone, what waits until morning, and what only explains. One group per file.

The alerts are templates: `bundles` adapts them to a variant.
"""

from dashboards.alerts.alert import RUNBOOK, Alert, Runbook, Severity
from dashboards.alerts.availability import availability
from dashboards.alerts.changes import tool_changes
from dashboards.alerts.context import context_growth
from dashboards.alerts.errors import errors
from dashboards.alerts.latency import latency
from dashboards.alerts.pipeline import pipeline
from dashboards.alerts.saturation import saturation
from dashboards.alerts.usage import usage
from dashboards.thresholds import Thresholds


def groups(t: Thresholds) -> dict[str, tuple[Alert, ...]]:
    """Every alert under the thresholds, by the name of its group."""
    return {
        "availability": availability(t),
        "errors": errors(t),
        "latency": latency(t),
        "saturation": saturation(t),
        "pipeline": pipeline(t),
        "usage": usage(t),
        "context": context_growth(t),
        "changes": tool_changes(t),
    }


__all__ = ["RUNBOOK", "Alert", "Runbook", "Severity", "groups"]
