"""The report shows differences and queries without data."""

from dataclasses import replace

import pytest

from dashboards.queries import MonitoringQuery, Source
from lab.prometheus_api import Rule
from lab.verify.check_queries import QueryCoverage, QueryWithoutData
from lab.verify.reconciliation import OutcomeCounts, Reconciliation
from lab.verify.result import Result, comparison, report
from proxy.telemetry.catalogue import Outcome

VISIBLE: dict[str, float | None] = {"counted": 1.23, "traced": 0.5}
GOOD = Result(
    "hybrid",
    Reconciliation((OutcomeCounts("echo-http", Outcome.OK, 85, 85, 85),), (), VISIBLE),
    QueryCoverage(40, (), (), {Source.REMOTE_WRITE: 1, Source.KUBELET: 3}),
    9.87,
    300 * 1024 * 1024,
)


def test_the_report_of_a_run_that_passed() -> None:
    assert report(GOOD).splitlines() == [
        "",
        "server     outcome  sent  counted  traced",
        "echo-http  ok         85       85      85",
        "",
        "visible 1.2 s after (counted), 0.5 s after (traced) the last call",
        "queries of boards and rules with data: 40 of 40",
        "4 more need what does not run here:"
        " a cluster's kubelet (3), remote write to Prometheus (1)",
        "9.9 s to the last count, 300 MiB at most, all processes together",
    ]
    assert GOOD.passed


def test_a_difference_is_marked_and_fails_the_run() -> None:
    late = {**VISIBLE, "counted": None}
    calls = Reconciliation((OutcomeCounts("echo-http", Outcome.OK, 85, 84, 85),), (), late)
    bad = replace(GOOD, reconciliation=calls)
    assert "echo-http  ok         85       84      85  <- differ" in report(bad)
    assert "visible never completely (counted)" in report(bad)
    assert not bad.passed


def test_with_a_store_of_logs_the_report_shows_what_was_logged() -> None:
    outcomes = (
        OutcomeCounts("echo-http", Outcome.OK, 85, 85, 85),
        OutcomeCounts("echo-http", Outcome.TOOL_ERROR, 10, 10, 10, logged=9),
    )
    calls = Reconciliation(outcomes, (), {**VISIBLE, "logged": 0.7})
    lines = report(replace(GOOD, reconciliation=calls)).splitlines()
    assert lines[1:4] == [
        "server     outcome     sent  counted  traced  logged",
        "echo-http  ok            85       85      85       -",
        "echo-http  tool_error    10       10      10       9  <- differ",
    ]
    assert "0.5 s after (traced), 0.7 s after (logged) the last call" in lines[5]


def test_a_query_without_data_is_named_and_fails_the_run() -> None:
    query = MonitoringQuery("mcp-server", "Call rate", "sum(rate(x[1m]))", Source.PROXY)
    missing = QueryWithoutData(query, "x: the proxy does not expose it")
    bad = replace(GOOD, coverage=QueryCoverage(40, (missing,), (), {}))
    assert "queries of boards and rules with data: 39 of 40" in report(bad)
    assert "  no data: mcp-server, Call rate: x: the proxy does not expose it\n" in report(bad)
    assert "    sum(rate(x[1m]))" in report(bad)
    assert not bad.passed


def test_skipped_queries_are_not_mentioned_if_there_are_none() -> None:
    assert "more need" not in report(replace(GOOD, coverage=QueryCoverage(40, (), (), {})))


@pytest.mark.parametrize("source", Source)
def test_every_source_has_a_name(source: Source) -> None:
    assert "1 more need" in report(replace(GOOD, coverage=QueryCoverage(40, (), (), {source: 1})))


def test_a_failing_rule_fails_the_run() -> None:
    rule = Rule("mcp:x", "recording", "x", "err", "many-to-many")
    bad = replace(GOOD, coverage=QueryCoverage(40, (), (rule,), {}))
    assert "  rule mcp:x fails: many-to-many" in report(bad)
    assert not bad.passed


def test_several_runs_are_one_table() -> None:
    late = replace(GOOD.reconciliation, visible_after={**VISIBLE, "counted": None})
    lines = comparison(
        [GOOD, replace(GOOD, architecture="direct-scrape", reconciliation=late)]
    ).splitlines()
    assert lines[2].split() == [
        "hybrid", "85", "85", "85", "1.2", "40", "of", "40", "9.9", "300", "agrees",
    ]  # fmt: skip
    assert "never" in lines[3]
    assert lines[3].endswith("DIFFERS")
