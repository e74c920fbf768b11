"""The rules with a short `for` and five lower thresholds, so that a fault test takes seconds.

The expressions are those that are deployed.
"""

from collections.abc import Mapping
from typing import Any

from dashboards.rules import rules_document
from dashboards.thresholds import Thresholds

SHORT_FOR = "2s"
ABSENT_FOR = "10s"
"""For alerts on missing data: a busy machine misses one or two of the scrapes each second."""

ABSENT = frozenset(
    {"MCPTelemetryAbsent", "MCPTelemetryStale", "MCPScrapeFailing", "MCPCollectorSilent"}
)

THRESHOLDS = Thresholds(
    # A few seconds without Jaeger fill ten of the thousand places.
    queue_fill=0.01,
    # The fault restarts a proxy once.
    proxy_restarts=0,
    # Stalled on purpose, not by sharing a busy machine with thirty other processes.
    loop_lag_seconds=1,
    overhead_seconds=0.1,
    # As slow as the slow tool of the fault.
    tool_latency_seconds=2,
)


def with_short_for(document: Mapping[str, Any]) -> dict[str, Any]:
    """The rules, with the `for` of every alert shortened."""
    return {"groups": [_group(each) for each in document["groups"]]}


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    return {**group, "rules": [_rule(each) for each in group["rules"]]}


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    if "alert" not in rule:
        return dict(rule)
    return {**rule, "for": ABSENT_FOR if rule["alert"] in ABSENT else SHORT_FOR}


def fast_rules() -> dict[str, Any]:
    """The rules of a pipeline that is set up for faults."""
    return with_short_for(rules_document(THRESHOLDS))
