"""Missing and unexpected alerts of a fault are reported."""

from dataclasses import replace

from dashboards.promql.schema import Source
from lab.faults.alert_checks import FiredAlert, alerts_query, evaluate, fired_alerts
from lab.faults.fault import Fault
from lab.prometheus_api import Sample

HERE = frozenset({Source.PROXY})
FAULT = Fault(
    "made-up",
    "something breaks",
    fires=(("MCPServerDown", Source.PROXY), ("MCPScrapeFailing", Source.SCRAPE_PROXY)),
    may_fire=(("MCPCallsLost", Source.PROXY),),
)
DOWN, LOST = FiredAlert("MCPServerDown", "echo"), FiredAlert("MCPCallsLost", "echo")


def test_the_expected_alert_passes() -> None:
    result = evaluate(FAULT, HERE, frozenset({DOWN}))
    assert result.passed
    assert str(result) == "made-up: MCPServerDown"


def test_a_possible_alert_is_accepted_but_replaces_no_expected_one() -> None:
    assert evaluate(FAULT, HERE, frozenset({DOWN, LOST})).passed
    assert evaluate(FAULT, HERE, frozenset({LOST})).missing == ("MCPServerDown",)


def test_a_missing_alert_is_reported() -> None:
    result = evaluate(FAULT, HERE, frozenset())
    assert not result.passed
    assert str(result) == "made-up: no alert; MCPServerDown does not fire"


def test_an_unexpected_alert_is_reported() -> None:
    result = evaluate(FAULT, HERE, frozenset({DOWN, FiredAlert("MCPNoCalls", "echo")}))
    assert not result.passed
    assert "MCPNoCalls of echo fires for no reason" in str(result)


def test_more_sources_require_more_alerts() -> None:
    everything = HERE | {Source.SCRAPE_PROXY}
    assert evaluate(FAULT, everything, frozenset({DOWN})).missing == ("MCPScrapeFailing",)


def test_a_late_alert_is_required_only_where_it_is_not_late() -> None:
    late = replace(FAULT, late=(("MCPServerDown", Source.REMOTE_WRITE),))
    there = HERE | {Source.REMOTE_WRITE}
    assert evaluate(late, HERE, frozenset()).missing == ("MCPServerDown",)
    assert evaluate(late, there, frozenset()).passed
    assert evaluate(late, there, frozenset({DOWN})).passed


def test_a_silent_panel_is_reported() -> None:
    result = evaluate(FAULT, HERE, frozenset({DOWN}), (("mcp-fleet", "Servers down"),))
    assert not result.passed
    assert 'board mcp-fleet, panel "Servers down" does not show it' in str(result)


def test_an_alert_on_the_pipeline_has_no_server() -> None:
    samples = (
        Sample({"alertname": "MCPRulesFailing"}, 1),
        Sample({"alertname": "A", "server": "s"}, 1),
    )
    assert fired_alerts(samples) == {FiredAlert("MCPRulesFailing", ""), FiredAlert("A", "s")}


def test_the_query_covers_all_alerts_within_the_seconds() -> None:
    assert "[7s]" in alerts_query(7)
    assert 'alertstate="firing"' in alerts_query(7)
