"""A query without data is explained by the missing series and the first hop without them."""

from dataclasses import replace

import pytest

from dashboards import ALERTS
from dashboards.annotations import ANNOTATIONS
from dashboards.queries import concrete
from lab.prometheus_api import Target
from lab.verify.check_queries import every_query
from lab.verify.diagnosis import HopNames, explain, selectors
from tests.dashboards import parsed_promql

EXPRESSIONS = sorted(
    {concrete(each.expr, window="5s") for each in every_query()}
    | {str(alert.condition) for alert in ALERTS}
    | {concrete(str(each.expr), window="5s") for each in ANNOTATIONS}
)

OURS = "mcp_proxy_sessions"
HEALTHY = HopNames(
    emitted=frozenset({OURS, "mcp_proxy_streams"}),
    exposed=frozenset({OURS}),
    pushed=True,
    collected=frozenset({OURS}),
    targets=(Target("otel-collector", "http://c/metrics", "", 0.0, "1s"),),
    scraped=frozenset({OURS}),
    stored=frozenset({OURS}),
    rules={"mcp:calls:rate5m": f"sum(rate({OURS}[5m]))"},
)
LOST = replace(HEALTHY, stored=frozenset())


def explained(seen: HopNames, expr: str = f"sum({OURS})") -> str:
    return explain(expr, seen, lambda selector: False)


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_the_selectors_of_every_query_are_those_that_a_parser_finds(expr: str) -> None:
    parsed = {each.name for each in parsed_promql.selectors(expr)}
    assert {each.pattern for each in selectors(expr)} == parsed


def test_a_series_that_no_proxy_exposes() -> None:
    seen = replace(LOST, exposed=frozenset())
    assert explained(seen) == f"{OURS}: the proxy does not expose it"


def test_a_series_that_the_collector_does_not_get() -> None:
    seen = replace(LOST, collected=frozenset(), scraped=frozenset())
    assert explained(seen) == f"{OURS}: the proxy exposes it, but the collector did not get it"


def test_a_series_that_the_collector_does_not_write() -> None:
    seen = replace(LOST, collected=None)
    expected = "the proxy exposes it, but the collector did not write it to Prometheus"
    assert explained(seen) == f"{OURS}: {expected}"


def test_a_target_that_cannot_be_scraped_is_named_with_its_error() -> None:
    down = (Target("ns/echo", "http://p/metrics", "connection refused", 0.0, "1s"),)
    seen = replace(LOST, pushed=False, targets=down, scraped=frozenset())
    expected = "Prometheus did not scrape ns/echo at http://p/metrics: connection refused"
    assert explained(seen) == f"{OURS}: {expected}"


def test_a_scraped_series_that_is_not_stored_was_dropped_by_relabelling() -> None:
    assert explained(LOST) == f"{OURS}: a target exposes it, but relabelling dropped it"


def test_a_series_stored_with_other_labels() -> None:
    expr = f'sum({OURS}{{server="none"}})'
    expected = f'{OURS}{{server="none"}}: the name is stored, but with other labels'
    assert explained(HEALTHY, expr) == expected


def test_a_recording_rule_is_explained_by_its_expression() -> None:
    assert explained(replace(LOST, exposed=frozenset()), "mcp:calls:rate5m > 0") == (
        f"mcp:calls:rate5m: the recording rule yields nothing, since {OURS}:"
        " the proxy does not expose it"
    )


def test_a_third_party_series_that_no_target_exposes() -> None:
    assert explained(LOST, "up") == "up: none of Prometheus' targets exposes it"


def test_only_the_first_missing_series_is_named() -> None:
    expr = f"{OURS} / mcp_proxy_streams"
    found = explain(expr, LOST, lambda selector: selector == OURS)
    assert found == "mcp_proxy_streams: the proxy does not expose it"


def test_an_expression_whose_series_all_exist() -> None:
    found = explain(f"{OURS} > 1e9", HEALTHY, lambda selector: True)
    assert found == "all its series are there: it is the expression that yields nothing"
