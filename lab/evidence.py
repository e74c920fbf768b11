"""Send the calls, then ask Prometheus and Jaeger until they show all of them."""

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field

from dashboards import BOARDS
from dashboards.queries import MonitoringQuery, concrete, queries, rule_queries
from lab.accounts import (
    Counts,
    accounts,
    by,
    disagreements,
    outcomes_query,
    status_queries,
    traced,
)
from lab.front import Front
from lab.hop_facts import blame
from lab.load import HUNDRED, Client, LoadFailed, ServerLost, light_traffic
from lab.pipeline import Pipeline
from lab.processes import Parts
from lab.prometheus_api import Prometheus, QueryRefused, Rule, Unreachable, has_data
from lab.result import Coverage, Ledger, Missing
from stacks.architectures import Architecture
from stacks.charts import Namespace

VISIBLE_SECONDS = 20.0
COVERED_SECONDS = 60.0
BLAME_SECONDS = 1.0

QUERIES_A_STEP = 20
"""Queries that are asked between two steps of light traffic."""

WINDOW = "5s"
"""Range of the boards' rate queries here: a few scrapes of one second each."""

EVERYTHING = ".+"
_TRACE_LIMIT = 5_000
_NAMESPACE = Namespace.SERVERS.value

Tell = Callable[[str], None]
"""Says a line to whoever watches."""


def send(pipeline: Pipeline) -> Counts:
    """A hundred calls through every server; how many came to what.

    Raises PartFailed when a part has died, LoadFailed when a call otherwise came to nothing or to
    something else than it must.
    """
    sent = {}
    for front in pipeline.fronts:
        with _blamed(pipeline.parts, front), Client(front.mcp_url, pipeline.agent) as client:
            counted = Counter(client.call(call) for call in HUNDRED)
            sent[front.server] = {str(outcome): number for outcome, number in counted.items()}
    return sent


@contextmanager
def _blamed(parts: Parts, front: Front) -> Iterator[None]:
    """Turn a failed call into PartFailed if a part's end is behind it; else say whose it was."""
    try:
        yield
    except LoadFailed as failed:
        _refuse_dead(parts)
        raise LoadFailed(f"{front.server}: {failed}; see the log of its proxy") from failed


def _refuse_dead(parts: Parts) -> None:
    """Raise PartFailed if a part ended, or ends within BLAME_SECONDS."""
    with suppress(TimeoutError):
        parts.wait("a part's end", lambda: None, BLAME_SECONDS)


@dataclass(slots=True)
class _Watch:
    """What was last seen of the calls, and when all of them had been seen."""

    sent: Counts
    since: float
    counted: Counts = field(default_factory=dict)
    by_status: dict[str, Counts] = field(default_factory=dict)
    traced: Counts = field(default_factory=dict)
    counted_after: float | None = None
    traced_after: float | None = None

    def look(self, pipeline: Pipeline) -> bool | None:
        """Ask once more for what is not complete; True when everything is."""
        try:
            if self.counted_after is None and self._counted(pipeline.prometheus):
                self.counted_after = time.monotonic() - self.since
            if self.traced_after is None and self._traced(pipeline):
                self.traced_after = time.monotonic() - self.since
        except Unreachable:
            return None
        return None if None in (self.counted_after, self.traced_after) else True

    def ledger(self) -> Ledger:
        differing = (
            row
            for metric, counts in self.by_status.items()
            for row in disagreements(self.sent, metric, counts)
        )
        return Ledger(
            accounts(self.sent, self.counted, self.traced),
            tuple(differing),
            self.counted_after,
            self.traced_after,
        )

    def _counted(self, prometheus: Prometheus) -> bool:
        self.counted = by("outcome", prometheus.query(outcomes_query(_NAMESPACE)))
        self.by_status = {
            metric: by("status", prometheus.query(query))
            for metric, query in status_queries(_NAMESPACE).items()
        }
        differing = (disagreements(self.sent, *each) for each in self.by_status.items())
        return self.counted == self.sent and not any(differing)

    def _traced(self, pipeline: Pipeline) -> bool:
        self.traced = {
            front.server: traced(front.server, pipeline.jaeger.spans(front.server, _TRACE_LIMIT))
            for front in pipeline.fronts
        }
        return self.traced == self.sent


def account(pipeline: Pipeline, sent: Counts) -> Ledger:
    """Wait until every call is counted and traced, at most VISIBLE_SECONDS; then what was seen."""
    watch = _Watch(sent, time.monotonic())
    with suppress(TimeoutError):
        pipeline.parts.wait("counted and traced", lambda: watch.look(pipeline), VISIBLE_SECONDS)
    return watch.ledger()


def every_query() -> tuple[MonitoringQuery, ...]:
    """What boards and rules ask."""
    return (*(query for board in BOARDS for query in queries(board)), *rule_queries())


def askable(architecture: Architecture) -> tuple[MonitoringQuery, ...]:
    """Those of them that can have data where there is no kubelet."""
    local = architecture.sources - architecture.kubelet_sources
    return tuple(query for query in every_query() if query.needs in local)


def cover(
    pipeline: Pipeline, tell: Tell, window: str = WINDOW, wanted: Sequence[MonitoringQuery] = ()
) -> Coverage:
    """Keep light traffic going until every query has data, at most COVERED_SECONDS.

    Asked are the given queries, else all that can have data without a kubelet.
    """
    prometheus = pipeline.prometheus
    asked = tuple(wanted) or askable(pipeline.architecture)
    missing = list(asked)
    broken: list[Rule] = []

    def all_have_data() -> bool | None:
        try:
            missing[:] = _unanswered(prometheus, missing, window, traffic)
            broken[:] = [each for each in prometheus.rules() if each.health == "err"]
        except Unreachable:
            return None
        return None if missing or broken else True

    with suppress(TimeoutError), closing(steps(pipeline, tell)) as traffic:
        pipeline.parts.wait("every query has data", all_have_data, COVERED_SECONDS)
    elsewhere = Counter(query.needs for query in every_query())
    elsewhere.subtract(query.needs for query in asked)
    return Coverage(len(asked), _explained(pipeline, missing, window), tuple(broken), +elsewhere)


def _unanswered(
    prometheus: Prometheus,
    queries: Iterable[MonitoringQuery],
    window: str,
    traffic: Generator[None],
) -> list[MonitoringQuery]:
    """Those without data; traffic goes on meanwhile, since rates look back a few seconds only."""
    told: dict[str, bool] = {}
    unanswered = []
    for query in queries:
        if query.expr not in told:
            if len(told) % QUERIES_A_STEP == 0:
                next(traffic)
            told[query.expr] = answered(prometheus, query, window)
        if not told[query.expr]:
            unanswered.append(query)
    return unanswered


def _explained(
    pipeline: Pipeline, missing: Sequence[MonitoringQuery], window: str
) -> tuple[Missing, ...]:
    """Each query with the hop that its series do not pass."""
    if not missing:
        return ()
    try:
        reasons = blame(pipeline, [_local(each, window) for each in missing])
    except Unreachable as wrong:
        reasons = (str(wrong),) * len(missing)
    return tuple(Missing(query, why) for query, why in zip(missing, reasons, strict=True))


def steps(pipeline: Pipeline, tell: Tell) -> Generator[None]:
    """Light traffic through every server, one step of each at a time; close it to end its sessions.

    Raises as `send` does, but a session that is lost while every part lives is only told.
    """
    with ExitStack() as owned:
        traffic = [
            (front, owned.enter_context(closing(_light_traffic(pipeline, front, tell))))
            for front in pipeline.fronts
        ]
        while True:
            for front, each in traffic:
                with _blamed(pipeline.parts, front):
                    next(each)
            yield


def _light_traffic(pipeline: Pipeline, front: Front, tell: Tell) -> Generator[None]:
    def lost(why: ServerLost) -> None:
        _refuse_dead(pipeline.parts)
        tell(f"{front.server}: session lost: {why}; opening a new one")

    return light_traffic(front.mcp_url, lost, pipeline.agent)


def answered(prometheus: Prometheus, query: MonitoringQuery, window: str = WINDOW) -> bool:
    """Whether a query has data now."""
    try:
        return has_data(prometheus.query(_local(query, window)))
    except QueryRefused:
        return False


def _local(query: MonitoringQuery, window: str) -> str:
    return concrete(query.expr, window=window, namespace=EVERYTHING, server=EVERYTHING)
