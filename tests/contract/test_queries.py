"""Every series and label that a board, variable, annotation or rule asks for exists somewhere."""

import re
from collections.abc import Iterator

import pytest

from dashboards import ALERTS, BOARDS
from dashboards.annotations import ANNOTATIONS
from dashboards.promql import series
from dashboards.promql.schema import Source
from dashboards.promql.series import Series
from dashboards.queries import MonitoringQuery, queries, rule_queries
from dashboards.recordings import RECORDINGS
from dashboards.third_party_metrics import EVERY
from proxy.telemetry.catalogue import METRICS, Instrument
from tests.dashboards.parsed_promql import Selected, groupings, selectors


def ours() -> Iterator[Series]:
    for metric in METRICS:
        if metric.instrument is Instrument.HISTOGRAM:
            yield from (series.buckets(metric), series.count(metric), series.total(metric))
        else:
            yield series.of(metric)
    yield from (each.series for each in RECORDINGS)


KNOWN = (*ours(), *EVERY)

ASKED = [query for board in BOARDS for query in queries(board)] + list(rule_queries())
EXPRESSIONS = sorted(
    {query.expr for query in ASKED}
    | {str(alert.condition) for alert in ALERTS}
    | {str(annotation.expr) for annotation in ANNOTATIONS}
)


def meant(wanted: Selected) -> list[Series]:
    """The known series that a selector can select; a pattern of names selects several."""
    if not wanted.pattern:
        return [each for each in KNOWN if not each.pattern and each.name == wanted.name]
    spelled = [each for each in KNOWN if each.pattern and each.name == wanted.name]
    named = [each for each in KNOWN if re.fullmatch(wanted.name, each.name) and not each.pattern]
    return spelled or named


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_every_series_of_a_query_is_in_the_catalogue_or_a_foreign_list(expr: str) -> None:
    unknown = [each.name for each in selectors(expr) if not meant(each)]

    assert unknown == []


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_every_label_of_a_selector_is_one_that_its_series_carry(expr: str) -> None:
    strays = [
        (each.name, sorted(each.labels - known.labels))
        for each in selectors(expr)
        for known in meant(each)
        if not each.labels <= known.labels
    ]

    assert strays == []


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_every_label_of_an_aggregation_is_one_that_its_series_carry(expr: str) -> None:
    strays = [
        (sorted(by - known.labels - {"__name__"}), known.name)
        for by, under in groupings(expr)
        for each in under
        for known in meant(each)
        if not by - {"__name__"} <= known.labels
    ]

    assert strays == []


def needed(query: MonitoringQuery) -> set[Source]:
    return {known.source for each in selectors(query.expr) for known in meant(each)}


@pytest.mark.parametrize("query", ASKED, ids=lambda each: f"{each.board}/{each.panel}")
def test_a_query_names_the_sources_that_its_series_come_from(query: MonitoringQuery) -> None:
    """Proxies tell whose pods and targets others know of; alerts are wherever series are."""
    told_by = {
        Source.KUBELET: {Source.PROXY},
        Source.SCRAPE_PROXY: {Source.PROXY},
        Source.PROXY: {Source.PROMETHEUS},
    }

    assert needed(query) - told_by.get(query.needs, set()) == {query.needs}


def test_no_query_keys_on_a_label_that_only_one_road_has() -> None:
    """`instance` and `otel_scope_*` differ by road; only the parts' own telemetry may use them."""
    one_road = {
        known.name
        for known in ours()
        if {"instance"} & known.labels or any(each.startswith("otel_") for each in known.labels)
    }

    assert one_road == set()
