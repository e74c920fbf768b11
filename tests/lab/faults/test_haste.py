"""A drill's rules are the deployed ones but for holds and the thresholds that it names."""

from typing import Any, cast

from dashboards.rules import rules_document
from dashboards.thresholds import DEFAULTS
from lab.faults.haste import ABSENT, ABSENT_HOLD, HOLD, THRESHOLDS, hastened, hasty_rules


def rules(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [rule for group in document["groups"] for rule in group["rules"]]


def deployed() -> dict[str, Any]:
    return cast(dict[str, Any], rules_document(DEFAULTS))


def test_haste_changes_holds_and_nothing_else() -> None:
    without = [{k: v for k, v in each.items() if k != "for"} for each in rules(deployed())]
    hasty = rules(hastened(deployed()))
    assert [{k: v for k, v in each.items() if k != "for"} for each in hasty] == without
    assert {each.get("for") for each in hasty} == {None, HOLD, ABSENT_HOLD}
    assert {each["alert"] for each in hasty if each.get("for") == ABSENT_HOLD} == ABSENT


def test_the_hasty_thresholds_differ_where_they_say_so_only() -> None:
    changed = {
        rule["alert"]
        for rule, own in zip(rules(hasty_rules()), rules(deployed()), strict=True)
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
