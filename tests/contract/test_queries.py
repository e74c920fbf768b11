"""Every series and label that a board, variable, annotation or rule asks for exists somewhere."""

import re
from collections.abc import Iterator

from dashboards import ALERTS, BOARDS
from dashboards.annotations import ANNOTATIONS
from dashboards.fault_metrics import EVERY as OF_FAULTS
from dashboards.load_metrics import EVERY as OF_LOAD
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


KNOWN = (*ours(), *EVERY, *OF_LOAD, *OF_FAULTS)
NOTHING = Series("", frozenset(), Source.PROXY)

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
    same = [each for each in KNOWN if each.pattern and each.name == wanted.name]
    named = [each for each in KNOWN if re.fullmatch(wanted.name, each.name) and not each.pattern]
    return same or named


def test_every_series_and_label_of_a_query_exists() -> None:
    unknown = [
        (each.name, sorted(each.labels - known.labels))
        for expr in EXPRESSIONS
        for each in selectors(expr)
        for known in meant(each) or [NOTHING]
        if not each.labels <= known.labels or known is NOTHING
    ]

    assert unknown == []


def test_every_label_of_an_aggregation_is_one_that_its_series_carry() -> None:
    unknown = [
        (sorted(by - known.labels), known.name)
        for expr in EXPRESSIONS
        for by, under in groupings(expr)
        for each in under
        for known in meant(each)
        if not by - {"__name__"} <= known.labels
    ]

    assert unknown == []


def needed(query: MonitoringQuery) -> set[Source]:
    return {known.source for each in selectors(query.expr) for known in meant(each)}


def test_a_query_names_the_sources_that_its_series_come_from() -> None:
    """Queries about pods and targets read series of proxies too; alerts are wherever series are.

    Proxies report the faults that they inject.
    """
    implied = {
        Source.KUBELET: {Source.PROXY},
        Source.SCRAPE_PROXY: {Source.PROXY},
        Source.PROXY: {Source.PROMETHEUS, Source.FAULT_INJECTION},
    }

    for query in ASKED:
        assert needed(query) - implied.get(query.needs, set()) == {query.needs}, query.panel


def test_no_series_of_ours_has_a_label_that_only_one_ingestion_path_adds() -> None:
    """`instance` and `otel_scope_*`: only the pipeline's own telemetry may use them."""
    assert [
        known.name
        for known in ours()
        if "instance" in known.labels or any(each.startswith("otel_") for each in known.labels)
    ] == []
