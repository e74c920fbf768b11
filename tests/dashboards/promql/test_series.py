"""Series know their labels, and refuse unknown ones when a query is written."""

import re

import pytest

from dashboards.promql import series
from dashboards.promql.expression import MissingSeries
from dashboards.promql.functions import aggregate
from dashboards.promql.schema import Source
from dashboards.promql.scope import EVERYTHING, RULE, SELECTED, eq
from dashboards.promql.series import Series, UnknownLabel, any_of
from proxy.telemetry import catalogue

TOOL_CALLS = series.of(catalogue.TOOL_CALLS)
REQUESTS = series.of(catalogue.REQUESTS)


def test_a_label_that_the_metric_lacks_is_refused_by_name() -> None:
    with pytest.raises(UnknownLabel, match='"toolhive_mcp_tool_calls_total" has no label "tol"'):
        TOOL_CALLS.rate(RULE, eq("tol", "echo"))


def test_grouping_by_a_label_that_the_metric_lacks_is_refused() -> None:
    with pytest.raises(UnknownLabel, match='no label "instance"; it has job, namespace'):
        TOOL_CALLS.rate(RULE, by=("instance",))


def test_grouping_an_expression_by_a_label_that_it_lacks_is_refused() -> None:
    by_tool = TOOL_CALLS.rate(RULE, by=("tool",))

    with pytest.raises(MissingSeries, match="toolhive_mcp_tool_calls_total"):
        str(aggregate("max", by_tool, ("server",)))


def test_a_scope_whose_labels_the_series_lack_is_refused() -> None:
    up = Series("up", frozenset({"job"}), Source.SCRAPE_PROXY)

    with pytest.raises(UnknownLabel, match='no label "namespace"'):
        up.select(SELECTED)


def test_a_series_with_several_names_is_selected_by_pattern() -> None:
    either = Series("x(_total)?", frozenset(), Source.COLLECTOR, pattern=True)

    assert str(either.rate(EVERYTHING.over("1m"))) == 'sum(rate({__name__=~"x(_total)?"}[1m]))'


def test_several_series_are_selected_together_by_their_common_labels() -> None:
    either = any_of(TOOL_CALLS, REQUESTS, where=(eq("server", "a"),))
    names = f"{TOOL_CALLS.name}|{REQUESTS.name}"

    assert str(either) == f'{{__name__=~"{names}", server="a"}}'
    assert "tool" not in either.in_contract().labels


def test_a_selector_may_look_back() -> None:
    selector = TOOL_CALLS.select(EVERYTHING, eq("tool", "a"))

    assert str(selector.ago("1d")) == f'{TOOL_CALLS.name}{{tool="a"}} offset 1d'
    assert str(selector.ago("1d").over("last_over_time", "1h")) == (
        f'last_over_time({TOOL_CALLS.name}{{tool="a"}}[1h] offset 1d)'
    )


def test_the_catalogue_names_the_series_of_a_histogram() -> None:
    names = [each(catalogue.OVERHEAD).name for each in (series.buckets, series.count, series.total)]

    assert names == [f"mcp_proxy_overhead_seconds_{part}" for part in ("bucket", "count", "sum")]


def test_only_buckets_carry_le() -> None:
    assert "le" in series.buckets(catalogue.OVERHEAD).labels
    assert "le" not in series.count(catalogue.OVERHEAD).labels


def test_a_histogram_is_not_a_counter_nor_a_counter_a_histogram() -> None:
    with pytest.raises(ValueError, match="is a histogram"):
        series.of(catalogue.OVERHEAD)
    with pytest.raises(ValueError, match="is a counter, not a histogram"):
        series.buckets(catalogue.TOOL_CALLS)


@pytest.mark.parametrize("metric", catalogue.METRICS, ids=lambda metric: metric.family)
def test_every_series_of_the_catalogue_carries_the_contract_labels(
    metric: catalogue.Metric,
) -> None:
    histogram = metric.instrument is catalogue.Instrument.HISTOGRAM
    made = series.count(metric) if histogram else series.of(metric)

    assert set(catalogue.CONTRACT_LABELS) <= made.labels


def test_a_bucket_is_matched_in_both_notations_of_a_whole_number() -> None:
    match = series.at_most(catalogue.REQUEST_DURATION, 2)
    matched = [le for le in ("2", "2.0", "20", "2x0") if re.fullmatch(match.value, le)]

    assert matched == ["2", "2.0"]


def test_a_bucket_that_the_histogram_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"has no bucket up to 3; it has 0.01, .* 300"):
        series.at_most(catalogue.REQUEST_DURATION, 3)
