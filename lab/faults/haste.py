"""The rules with short holds, so that a drill takes seconds.

Only the time for which a condition must hold, and five thresholds, differ from what is deployed:
the expressions are the same.
"""

from collections.abc import Mapping
from typing import Any, cast

from dashboards.rules import rules_document
from dashboards.thresholds import Thresholds

HOLD = "2s"
ABSENT_HOLD = "10s"
"""A busy machine misses a scrape or two of those that come every second."""

ABSENT = frozenset(
    {"MCPTelemetryAbsent", "MCPTelemetryStale", "MCPScrapeFailing", "MCPCollectorSilent"}
)
"""Alerts of what is no longer heard of."""

THRESHOLDS = Thresholds(
    # A few seconds without Jaeger fill ten of the thousand places.
    queue_fill=0.01,
    # The fault restarts a proxy once.
    proxy_restarts=0,
    # A proxy that is starved on purpose, not one that shares a busy machine with thirty others.
    loop_lag_seconds=1,
    overhead_seconds=0.1,
    # As slow as the slow tool of the fault.
    tool_latency_seconds=2,
)


def hastened(document: Mapping[str, Any]) -> dict[str, Any]:
    """The rules, every hold shortened."""
    return {"groups": [_group(each) for each in document["groups"]]}


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    return {**group, "rules": [_rule(each) for each in group["rules"]]}


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    if "alert" not in rule:
        return dict(rule)
    return {**rule, "for": ABSENT_HOLD if rule["alert"] in ABSENT else HOLD}


def hasty_rules() -> dict[str, Any]:
    """What the pipeline of a drill evaluates."""
    return hastened(cast(dict[str, Any], rules_document(THRESHOLDS)))
