"""The fast rules are the deployed ones except for `for` and five thresholds."""

from typing import Any

from dashboards.rules import rules_document
from dashboards.thresholds import DEFAULTS
from lab.faults.fast_rules import (
    ABSENT,
    ABSENT_FOR,
    SHORT_FOR,
    THRESHOLDS,
    fast_rules,
    with_short_for,
)


def rules(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [rule for group in document["groups"] for rule in group["rules"]]


def deployed() -> dict[str, Any]:
    return rules_document(DEFAULTS)


def test_only_for_is_shortened() -> None:
    without = [{k: v for k, v in each.items() if k != "for"} for each in rules(deployed())]
    fast = rules(with_short_for(deployed()))
    assert [{k: v for k, v in each.items() if k != "for"} for each in fast] == without
    assert {each.get("for") for each in fast} == {None, SHORT_FOR, ABSENT_FOR}
    assert {each["alert"] for each in fast if each.get("for") == ABSENT_FOR} == ABSENT


def test_only_the_named_thresholds_differ() -> None:
    changed = {
        rule["alert"]
        for rule, own in zip(rules(fast_rules()), rules(deployed()), strict=True)
        if rule["expr"] != own["expr"]
    }
    assert changed == {
        "MCPCollectorQueueFilling",
        "MCPEventLoopLag",
        "MCPProxyRestarting",
        "MCPProxySlow",
        "MCPToolSlow",
    }
    assert THRESHOLDS.slo_success == DEFAULTS.slo_success
