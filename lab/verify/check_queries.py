"""Run every query of boards and rules until each returns data."""

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass

from dashboards import BOARDS
from dashboards.promql.schema import Source
from dashboards.queries import MonitoringQuery, concrete, queries, rule_queries
from lab.local.pipeline import Pipeline
from lab.prometheus_api import Prometheus, QueryRefused, Rule, Unreachable, has_data
from lab.verify.locate_loss import locate_loss
from lab.verify.traffic import Report, background_traffic
from stacks.architectures import Architecture

CHECK_SECONDS = 60.0

QUERIES_PER_STEP = 20
"""Queries between two steps of background traffic."""

WINDOW = "5s"
"""Range of the boards' rate queries: a few scrapes of one second each."""


@dataclass(frozen=True, slots=True)
class QueryWithoutData:
    """A query without data; `why` names the missing series and the first hop without them."""

    query: MonitoringQuery
    why: str

    def __str__(self) -> str:
        return f"{self.query.board}, {self.query.panel}: {self.why}\n    {self.query.expr}"


@dataclass(frozen=True, slots=True)
class QueryCoverage:
    """The number of queries checked, and those without data.

    `skipped` counts the queries that were not checked by the source that is not running here.
    """

    checked: int
    without_data: tuple[QueryWithoutData, ...]
    failing_rules: tuple[Rule, ...]
    skipped: Mapping[Source, int]

    @property
    def complete(self) -> bool:
        return not self.without_data and not self.failing_rules


def available_sources(architecture: Architecture, *, logs: bool = False) -> frozenset[Source]:
    """The sources of series that exist without a kubelet, with or without a log store."""
    sources = architecture.sources - architecture.kubelet_sources
    return sources | {Source.COLLECTOR_LOGS} if logs else sources


def every_query() -> tuple[MonitoringQuery, ...]:
    """The queries of all boards and rules."""
    return (*(query for board in BOARDS for query in queries(board)), *rule_queries())


def available_queries(
    architecture: Architecture, *, logs: bool = False
) -> tuple[MonitoringQuery, ...]:
    """The queries that can have data without a kubelet, with or without a log store."""
    sources = available_sources(architecture, logs=logs)
    return tuple(query for query in every_query() if query.needs in sources)


def check_queries(
    pipeline: Pipeline,
    report: Report,
    window: str = WINDOW,
    selected: Sequence[MonitoringQuery] = (),
) -> QueryCoverage:
    """Send background traffic until every query has data, at most CHECK_SECONDS.

    Without `selected`, checks all that can have data without a kubelet.
    """
    prometheus = pipeline.prometheus
    logs = pipeline.logs is not None
    checked = tuple(selected) or available_queries(pipeline.architecture, logs=logs)
    missing = list(checked)
    failing: list[Rule] = []

    def all_have_data() -> bool | None:
        try:
            missing[:] = _without_data(prometheus, missing, window, traffic)
            failing[:] = [each for each in prometheus.rules() if each.health == "err"]
        except Unreachable:
            return None
        return None if missing or failing else True

    with suppress(TimeoutError), closing(background_traffic(pipeline, report)) as traffic:
        pipeline.processes.wait("every query has data", all_have_data, CHECK_SECONDS)
    skipped = Counter(query.needs for query in every_query())
    skipped.subtract(query.needs for query in checked)
    reasons = _reasons(pipeline, [_local(each, window) for each in missing])
    return QueryCoverage(
        len(checked), tuple(map(QueryWithoutData, missing, reasons)), tuple(failing), +skipped
    )


def _without_data(
    prometheus: Prometheus,
    queries: Sequence[MonitoringQuery],
    window: str,
    traffic: Generator[None],
) -> list[MonitoringQuery]:
    """Queries without data; traffic continues, since rates look back a few seconds only."""
    answered: dict[str, bool] = {}
    for query in queries:
        if query.expr not in answered:
            if len(answered) % QUERIES_PER_STEP == 0:
                next(traffic)
            answered[query.expr] = returns_data(prometheus, query, window)
    return [query for query in queries if not answered[query.expr]]


def _reasons(pipeline: Pipeline, exprs: Sequence[str]) -> Sequence[str]:
    try:
        return locate_loss(pipeline, exprs) if exprs else ()
    except Unreachable as wrong:
        return (str(wrong),) * len(exprs)


def returns_data(prometheus: Prometheus, query: MonitoringQuery, window: str = WINDOW) -> bool:
    """Whether a query has data now."""
    try:
        return has_data(prometheus.query(_local(query, window)))
    except QueryRefused:
        return False


def _local(query: MonitoringQuery, window: str) -> str:
    return concrete(query.expr, window=window)
