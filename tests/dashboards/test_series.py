"""Series know their labels, and refuse the others when a query is written."""

import re

import pytest

from dashboards import series
from dashboards.promql import eq
from dashboards.series import RULE, SELECTED, Scope, Series, Source, UnknownLabel
from proxy.telemetry import catalogue

TOOL_CALLS = series.of(catalogue.TOOL_CALLS)


def test_a_label_that_the_metric_lacks_is_refused_by_name() -> None:
    with pytest.raises(UnknownLabel, match='"toolhive_mcp_tool_calls_total" has no label "tol"'):
        TOOL_CALLS.rate(RULE, eq("tol", "echo"))


def test_grouping_by_a_label_that_the_metric_lacks_is_refused() -> None:
    with pytest.raises(UnknownLabel, match='no label "instance"; it has job, namespace'):
        TOOL_CALLS.rate(RULE, by=("instance",))


def test_a_scope_whose_labels_the_series_lack_is_refused() -> None:
    up = Series("up", frozenset({"job"}), Source.SCRAPE_PROXY)

    with pytest.raises(UnknownLabel, match='no label "namespace"'):
        up.select(SELECTED)


def test_a_series_with_several_spellings_is_selected_by_pattern() -> None:
    spelled = Series("x(_total)?", frozenset(), Source.COLLECTOR, pattern=True)

    assert spelled.rate(Scope((), "1m")) == 'sum(rate({__name__=~"x(_total)?"}[1m]))'


def test_the_catalogue_names_the_series_of_a_histogram() -> None:
    names = [each(catalogue.OVERHEAD).name for each in (series.buckets, series.count, series.total)]

    assert names == [f"mcp_proxy_overhead_seconds_{part}" for part in ("bucket", "count", "sum")]


def test_only_buckets_carry_le() -> None:
    assert "le" in series.buckets(catalogue.OVERHEAD).labels
    assert "le" not in series.count(catalogue.OVERHEAD).labels


def test_a_histogram_is_not_taken_for_a_counter_nor_a_counter_for_a_histogram() -> None:
    with pytest.raises(ValueError, match="is a histogram"):
        series.of(catalogue.OVERHEAD)
    with pytest.raises(ValueError, match="is a counter, not a histogram"):
        series.buckets(catalogue.TOOL_CALLS)


@pytest.mark.parametrize("metric", catalogue.METRICS, ids=lambda metric: metric.family)
def test_every_series_of_the_catalogue_carries_the_series_contract(
    metric: catalogue.Metric,
) -> None:
    histogram = metric.instrument is catalogue.Instrument.HISTOGRAM
    made = series.count(metric) if histogram else series.of(metric)

    assert set(catalogue.CONTRACT_LABELS) <= made.labels


def test_a_bucket_is_matched_in_both_spellings_of_a_whole_number() -> None:
    match = series.at_most(catalogue.REQUEST_DURATION, 2)

    assert [bool(re.fullmatch(match.value, le)) for le in ("2", "2.0", "20", "2x0")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_bucket_that_the_histogram_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"has no bucket up to 3; it has 0.01, .* 300"):
        series.at_most(catalogue.REQUEST_DURATION, 3)
