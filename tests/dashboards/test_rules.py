"""The rule document is sound to promtool, and so is every query of a board."""

from typing import Any, cast

import pytest

from dashboards import ALERTS, BOARDS
from dashboards.bundles import monitoring_bundle
from dashboards.queries import concrete, queries, rule_queries
from dashboards.recordings import RECORDINGS
from dashboards.renamed_series import RENAMED
from dashboards.rules import RuleOptions, document, rules_document
from tests.dashboards.promtool import Promtool


def rules() -> list[dict[str, Any]]:
    groups = cast(list[dict[str, list[dict[str, Any]]]], rules_document()["groups"])
    return [rule for group in groups for rule in group["rules"]]


def test_every_recording_and_every_alert_is_in_one_group_once() -> None:
    named = sorted(rule.get("record") or rule["alert"] for rule in rules())

    ours = (*(r.record for r in RECORDINGS), *(alert.name for alert in ALERTS))
    assert named == sorted((*ours, *(each.record for each in RENAMED)))


@pytest.mark.slow
def test_promtool_refuses_a_broken_rule(promtool: Promtool) -> None:
    broken = {"groups": [{"name": "g", "rules": [{"record": "a:b:c", "expr": "sum by ("}]}]}

    assert "parse error" in promtool.check(cast(dict[str, object], broken))


@pytest.mark.slow
def test_promtool_accepts_every_query_of_boards_and_rules(promtool: Promtool) -> None:
    asked = [query for board in BOARDS for query in queries(board)] + list(rule_queries())
    numbered = [
        {
            "record": f"query:number:{number}",
            "expr": concrete(query.expr, window="5m"),
        }
        for number, query in enumerate(asked)
    ]

    assert promtool.check({"groups": [{"name": "queries", "rules": numbered}]}) == ""


def test_groups_are_split_where_asked_and_keep_their_rules_in_order() -> None:
    whole = rules_document()["groups"]
    split = document(monitoring_bundle(), RuleOptions(group_size=20))["groups"]

    assert max(len(each["rules"]) for each in split) == 20
    assert [rule for each in split for rule in each["rules"]] == rules()
    assert len({each["name"] for each in split}) == len(split) > len(whole)
    assert {each.get("interval") for each in split} == {each.get("interval") for each in whole}


def test_links_of_alerts_begin_with_the_given_prefixes() -> None:
    options = RuleOptions(None, "https://git.example.org/main/", "https://grafana.example.org")
    groups = document(monitoring_bundle(), options)["groups"]
    found = {rule.get("alert"): rule for each in groups for rule in each["rules"]}
    links = found["MCPServerDown"]["annotations"]

    assert links["runbook_url"] == (
        "https://git.example.org/main/dashboards/RUNBOOK.md#mcpserverdown"
    )
    assert links["dashboard_url"].startswith("https://grafana.example.org/d/mcp-server?var-")
