"""An alert that must fire and does not is told, and so is one that fires for no reason."""

from dataclasses import replace

from dashboards.promql.schema import Source
from lab.faults.fault import Fault
from lab.faults.watch import Told, alerts_query, judge, told
from lab.prometheus_api import Sample

HERE = frozenset({Source.PROXY})
FAULT = Fault(
    "made-up",
    "something breaks",
    (("MCPServerDown", Source.PROXY), ("MCPScrapeFailing", Source.SCRAPE_PROXY)),
    may_fire=(("MCPCallsLost", Source.PROXY),),
)
DOWN, LOST = Told("MCPServerDown", "echo"), Told("MCPCallsLost", "echo")


def test_the_alert_that_must_fire_is_enough() -> None:
    verdict = judge(FAULT, HERE, frozenset({DOWN}))
    assert verdict.good
    assert str(verdict) == "made-up: MCPServerDown"


def test_an_alert_that_may_fire_does_no_harm_and_replaces_none() -> None:
    assert judge(FAULT, HERE, frozenset({DOWN, LOST})).good
    assert judge(FAULT, HERE, frozenset({LOST})).silent == ("MCPServerDown",)


def test_silence_is_told() -> None:
    verdict = judge(FAULT, HERE, frozenset())
    assert not verdict.good
    assert str(verdict) == "made-up: no alert; MCPServerDown does not fire"


def test_an_alert_without_reason_is_told() -> None:
    verdict = judge(FAULT, HERE, frozenset({DOWN, Told("MCPNoCalls", "echo")}))
    assert not verdict.good
    assert "MCPNoCalls of echo fires for no reason" in str(verdict)


def test_where_more_runs_more_must_fire() -> None:
    everything = HERE | {Source.SCRAPE_PROXY}
    assert judge(FAULT, everything, frozenset({DOWN})).silent == ("MCPScrapeFailing",)


def test_an_alert_that_comes_late_somewhere_is_waited_for_elsewhere_only() -> None:
    late = replace(FAULT, late=(("MCPServerDown", Source.REMOTE_WRITE),))
    there = HERE | {Source.REMOTE_WRITE}
    assert judge(late, HERE, frozenset()).silent == ("MCPServerDown",)
    assert judge(late, there, frozenset()).good
    assert judge(late, there, frozenset({DOWN})).good


def test_a_panel_that_shows_nothing_is_told() -> None:
    verdict = judge(FAULT, HERE, frozenset({DOWN}), (("mcp-fleet", "Servers down"),))
    assert not verdict.good
    assert 'board mcp-fleet, panel "Servers down" does not show it' in str(verdict)


def test_an_alert_of_the_pipeline_has_no_server() -> None:
    samples = (
        Sample({"alertname": "MCPRulesFailing"}, 1),
        Sample({"alertname": "A", "server": "s"}, 1),
    )
    assert told(samples) == {Told("MCPRulesFailing", ""), Told("A", "s")}


def test_all_that_fired_within_the_time_is_asked_for() -> None:
    assert "[7s]" in alerts_query(7)
    assert 'alertstate="firing"' in alerts_query(7)
