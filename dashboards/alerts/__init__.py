"""Alerts: what wakes someone, what waits until morning, and what only explains. One group a file.

`ALERTS` are those of the default thresholds; `groups` makes them of any.
"""

from dashboards.alerts.alert import RUNBOOK, Alert, Severity
from dashboards.alerts.availability import availability
from dashboards.alerts.errors import errors
from dashboards.alerts.latency import latency
from dashboards.alerts.pipeline import pipeline
from dashboards.alerts.saturation import saturation
from dashboards.alerts.usage import usage
from dashboards.thresholds import DEFAULTS, Thresholds


def groups(t: Thresholds) -> dict[str, tuple[Alert, ...]]:
    """Every alert under the thresholds, by the name of its group."""
    return {
        "mcp-availability": availability(t),
        "mcp-errors": errors(t),
        "mcp-latency": latency(t),
        "mcp-saturation": saturation(t),
        "mcp-pipeline": pipeline(t),
        "mcp-usage": usage(t),
    }


ALERTS = tuple(each for group in groups(DEFAULTS).values() for each in group)

__all__ = ["ALERTS", "RUNBOOK", "Alert", "Severity", "groups"]
