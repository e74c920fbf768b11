"""The rule document is sound to promtool, and so is every query of a board."""

from typing import Any, cast

import pytest

from dashboards import ALERTS, BOARDS
from dashboards.queries import concrete, queries, rule_queries
from dashboards.recordings import RECORDINGS
from dashboards.rules import rules_document
from tests.dashboards.promtool import Promtool


def rules() -> list[dict[str, Any]]:
    groups = cast(list[dict[str, list[dict[str, Any]]]], rules_document()["groups"])
    return [rule for group in groups for rule in group["rules"]]


def test_every_recording_and_every_alert_is_in_one_group_once() -> None:
    named = sorted(rule.get("record") or rule["alert"] for rule in rules())

    assert named == sorted([r.record for r in RECORDINGS] + [alert.name for alert in ALERTS])


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
