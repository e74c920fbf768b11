"""A query without data is told with the series it lacks and the first hop that lacks them."""

from dataclasses import replace

import pytest

from dashboards import ALERTS
from dashboards.annotations import ANNOTATIONS
from dashboards.queries import concrete
from lab.evidence import every_query
from lab.hops import Seen, selectors, why
from lab.prometheus_api import Target
from tests.dashboards import parsed_promql

EXPRESSIONS = sorted(
    {concrete(each.expr, window="5s", namespace=".+", server=".+") for each in every_query()}
    | {str(alert.condition) for alert in ALERTS}
    | {concrete(str(each.expr), window="5s", namespace=".+", server=".+") for each in ANNOTATIONS}
)

OURS = "mcp_proxy_sessions"
HEALTHY = Seen(
    emitted=frozenset({OURS, "mcp_proxy_streams"}),
    exposed=frozenset({OURS}),
    pushed=True,
    collected=frozenset({OURS}),
    targets=(Target("otel-collector", "http://c/metrics", ""),),
    scraped=frozenset({OURS}),
    stored=frozenset({OURS}),
    rules={"mcp:calls:rate5m": f"sum(rate({OURS}[5m]))"},
)
LOST = replace(HEALTHY, stored=frozenset())


def told(seen: Seen, expr: str = f"sum({OURS})") -> str:
    return why(expr, seen, lambda selector: False)


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_the_selectors_of_every_query_are_those_that_a_parser_finds(expr: str) -> None:
    parsed = {each.name for each in parsed_promql.selectors(expr)}
    assert {each.pattern for each in selectors(expr)} == parsed


def test_a_series_that_no_proxy_shows_is_the_proxys() -> None:
    seen = replace(LOST, exposed=frozenset())
    assert told(seen) == f"{OURS}: the proxy does not expose it"


def test_a_series_that_stops_before_the_collector_is_named_so() -> None:
    seen = replace(LOST, collected=frozenset(), scraped=frozenset())
    assert told(seen) == f"{OURS}: the proxy exposes it, but the collector did not get it"


def test_where_the_collector_writes_its_writing_is_the_hop() -> None:
    seen = replace(LOST, collected=None)
    expected = "the proxy exposes it, but the collector did not write it to Prometheus"
    assert told(seen) == f"{OURS}: {expected}"


def test_a_target_that_cannot_be_scraped_is_named_with_its_error() -> None:
    down = (Target("ns/echo", "http://p/metrics", "connection refused"),)
    seen = replace(LOST, pushed=False, targets=down, scraped=frozenset())
    expected = "Prometheus did not scrape ns/echo at http://p/metrics: connection refused"
    assert told(seen) == f"{OURS}: {expected}"


def test_what_is_scraped_but_not_stored_was_dropped_by_relabelling() -> None:
    assert told(LOST) == f"{OURS}: a target exposes it, but relabelling dropped it"


def test_what_is_stored_under_other_labels_is_told_so() -> None:
    expr = f'sum({OURS}{{server="none"}})'
    expected = f'{OURS}{{server="none"}}: the name is stored, but with other labels'
    assert told(HEALTHY, expr) == expected


def test_a_recording_rule_is_followed_to_what_it_lacks() -> None:
    assert told(replace(LOST, exposed=frozenset()), "mcp:calls:rate5m > 0") == (
        f"mcp:calls:rate5m: the recording rule yields nothing, since {OURS}:"
        " the proxy does not expose it"
    )


def test_a_series_of_others_that_nobody_exposes_is_told_so() -> None:
    assert told(LOST, "up") == "up: none of Prometheus' targets exposes it"


def test_only_the_first_series_that_is_missing_is_told() -> None:
    expr = f"{OURS} / mcp_proxy_streams"
    found = why(expr, LOST, lambda selector: selector == OURS)
    assert found == "mcp_proxy_streams: the proxy does not expose it"


def test_an_expression_whose_series_are_all_there_is_to_blame_itself() -> None:
    found = why(f"{OURS} > 1e9", HEALTHY, lambda selector: True)
    assert found == "all its series are there: it is the expression that yields nothing"
