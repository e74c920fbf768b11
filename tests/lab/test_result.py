"""The table says what agrees, what differs, and what has no data."""

from dataclasses import replace

import pytest

from dashboards.queries import MonitoringQuery, Source
from lab.accounts import Account
from lab.prometheus_api import Rule
from lab.result import Coverage, Ledger, Missing, Result, compared, told
from proxy.telemetry.catalogue import Outcome

GOOD = Result(
    "hybrid",
    Ledger((Account("echo-http", Outcome.OK, 85, 85, 85),), (), 1.23, 0.5),
    Coverage(40, (), (), {Source.REMOTE_WRITE: 1, Source.KUBELET: 3}),
    9.87,
    300 * 1024 * 1024,
)


def test_a_good_run_is_told_in_numbers() -> None:
    assert told(GOOD).splitlines() == [
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
    assert GOOD.good


def test_a_difference_is_marked_and_spoils_the_run() -> None:
    ledger = Ledger((Account("echo-http", Outcome.OK, 85, 84, 85),), (), None, 0.5)
    bad = replace(GOOD, ledger=ledger)
    assert "echo-http  ok         85       84      85  <- differ" in told(bad)
    assert "visible never completely (counted)" in told(bad)
    assert not bad.good


def test_a_query_without_data_is_named_and_spoils_the_run() -> None:
    query = MonitoringQuery("mcp-server", "Call rate", "sum(rate(x[1m]))", Source.PROXY)
    missing = Missing(query, "x: the proxy does not expose it")
    bad = replace(GOOD, coverage=Coverage(40, (missing,), (), {}))
    assert "queries of boards and rules with data: 39 of 40" in told(bad)
    assert "  no data: mcp-server, Call rate: x: the proxy does not expose it\n" in told(bad)
    assert "    sum(rate(x[1m]))" in told(bad)
    assert not bad.good


def test_nothing_is_said_of_other_parts_when_every_query_was_asked() -> None:
    assert "more need" not in told(replace(GOOD, coverage=Coverage(40, (), (), {})))


@pytest.mark.parametrize("source", Source)
def test_every_part_that_a_query_can_need_has_words(source: Source) -> None:
    assert "1 more need" in told(replace(GOOD, coverage=Coverage(40, (), (), {source: 1})))


def test_a_rule_that_fails_spoils_the_run() -> None:
    rule = Rule("mcp:x", "recording", "x", "err", "many-to-many")
    bad = replace(GOOD, coverage=Coverage(40, (), (rule,), {}))
    assert "  rule mcp:x fails: many-to-many" in told(bad)
    assert not bad.good


def test_several_runs_are_compared_in_one_table() -> None:
    late = replace(GOOD.ledger, counted_after=None)
    lines = compared([GOOD, replace(GOOD, architecture="direct-scrape", ledger=late)]).splitlines()
    assert lines[2].split() == [
        "hybrid", "85", "85", "85", "1.2", "40", "of", "40", "9.9", "300", "agrees",
    ]  # fmt: skip
    assert "never" in lines[3]
    assert lines[3].endswith("DIFFERS")
