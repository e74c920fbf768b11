"""Break a running pipeline on purpose, and see that alerts and boards tell the truth of it."""

import math
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from threading import Event

from dashboards import BOARDS
from dashboards.promql.schema import Source
from dashboards.queries import MonitoringQuery, concrete, queries
from lab import evidence
from lab.evidence import EVERYTHING, Tell
from lab.faults import clients
from lab.faults.fault import Fault, Scene
from lab.faults.marks import Span, marks
from lab.faults.watch import Told, Verdict, alerts_query, judge, told
from lab.pipeline import Pipeline
from lab.processes import pause
from lab.prometheus_api import Unreachable
from lab.result import Coverage
from stacks.architectures import Architecture

FIRING_SECONDS = 60.0
"""How long all alerts together may take: scrapes, evaluations and holds of a few seconds."""

LOAD_SECONDS = 2.0
"""From one round of a fault's load to the next: Prometheus has to see that a counter rises."""

LOOK_SECONDS = 0.4
"""Between two looks at the alerts, and two steps of light traffic: both cost CPU that is scarce."""

COVER_WINDOW = "20s"
"""Range of the boards' rate queries afterwards: what was away was not away for so long."""

BEFORE_SECONDS = 15
"""What fired so short a time before a strike is not the strike's."""

QUIET_SECONDS = 9.0
"""How long is watched at least: an alert for no reason takes as long as one with a reason."""

PANEL_WINDOW = "1m"
"""Range of the panels' rate queries that must show a fault."""


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault with what it strikes."""

    fault: Fault
    scene: Scene

    @property
    def server(self) -> str:
        """The server that suffers; empty for a fault of the pipeline."""
        return "" if self.fault.transport is None else self.scene.front.server

    @property
    def sources(self) -> frozenset[Source]:
        """What runs here."""
        return sources(self.scene.pipeline.architecture)

    @property
    def expected(self) -> frozenset[str]:
        """The alerts that must fire here."""
        return self.fault.must(self.sources)

    def own(self, seen: frozenset[Told]) -> frozenset[Told]:
        """Those of the alerts that the fault answers for."""
        if not self.server:
            return seen
        known = self.expected | self.fault.may(self.sources)
        return frozenset(
            each
            for each in seen
            if each.server == self.server or (not each.server and each.alert in known)
        )

    @property
    def dark(self) -> tuple[tuple[str, str], ...]:
        """The panels that must show the fault and do not."""
        return tuple(each for each in self.fault.shows if not self._shown(*each))

    def _shown(self, uid: str, title: str) -> bool:
        board = next(each for each in BOARDS if each.uid == uid)
        asked = [query.expr for query in queries(board) if query.panel == title]
        server = self.server or EVERYTHING
        prometheus = self.scene.pipeline.prometheus
        return any(
            sample.value and not math.isnan(sample.value)
            for expr in asked
            for sample in prometheus.query(
                concrete(expr, window=PANEL_WINDOW, namespace=EVERYTHING, server=server)
            )
        )


@dataclass(frozen=True, slots=True)
class Drill:
    """What some faults came to, and which queries had data after them.

    `false` are alerts that none of them answers for.
    """

    verdicts: tuple[Verdict, ...]
    false: tuple[Told, ...]
    coverage: Coverage

    @property
    def good(self) -> bool:
        return self.coverage.full and not self.false and all(each.good for each in self.verdicts)

    def __str__(self) -> str:
        missing = self.coverage.missing
        expected = (
            "as expected: no other alert fired, and afterwards all"
            f" {self.coverage.asked} queries had data"
        )
        return "\n".join(
            (
                *map(str, self.verdicts),
                *(f"{each} fires for no reason" for each in self.false),
                *(f"no data: {each}" for each in missing),
                *(f"rule {each.name} fails: {each.error}" for each in self.coverage.broken),
                *((expected,) if self.good else ()),
            )
        )


def sources(architecture: Architecture) -> frozenset[Source]:
    """What can have data where there is no kubelet."""
    return architecture.sources - architecture.kubelet_sources


def possible(fault: Fault, architecture: Architecture) -> bool:
    """Whether the architecture has what the fault breaks."""
    return fault.needs in sources(architecture)


def drill(pipeline: Pipeline, struck: Sequence[Struck], tell: Tell) -> Drill:
    """Strike, watch, heal; then ask every query of boards and rules, annotations included.

    Faults of servers may strike together, each its own; one of the pipeline strikes alone.
    """
    with broken(pipeline, struck, tell) as watch:
        watch.until_fired()
        dark = [each.dark for each in struck]
    seen = watch.look()
    answered = {each for one in struck for each in one.own(seen)}
    verdicts = tuple(
        judge(each.fault, each.sources, each.own(seen), unlit)
        for each, unlit in zip(struck, dark, strict=True)
    )
    asked = (*evidence.askable(pipeline.architecture), *watch.marks())
    coverage = evidence.cover(pipeline, tell, COVER_WINDOW, asked)
    return Drill(verdicts, tuple(sorted(seen - answered)), coverage)


class Watch:
    """The alerts that came since a strike, asked while light traffic goes on."""

    def __init__(self, pipeline: Pipeline, struck: Sequence[Struck], tell: Tell) -> None:
        self._pipeline = pipeline
        self._struck = struck
        self._tell = tell
        self._before = self._ask(BEFORE_SECONDS)
        self._began = time.monotonic()
        self._announced: set[Told] = set()

    def __repr__(self) -> str:
        return f"Watch({', '.join(each.fault.name for each in self._struck)})"

    def look(self) -> frozenset[Told]:
        """Every alert since the strike that was not there before."""
        return self._ask(self._seconds + 1) - self._before

    def marks(self) -> Iterator[MonitoringQuery]:
        """What annotations must have marked since the strike."""
        span = Span(time.time(), self._seconds)
        for each in self._struck:
            yield from marks(each.fault, each.sources, each.server or EVERYTHING, span)

    @property
    def _seconds(self) -> int:
        """How long ago it struck."""
        return math.ceil(time.monotonic() - self._began)

    def announce(self) -> frozenset[Told]:
        """As `look`, and tell of each alert that fires for the first time."""
        seen = self.look()
        for each in sorted(seen - self._announced):
            self._tell(f"  {time.monotonic() - self._began:4.1f} s after: {each}")
            self._announced.add(each)
        return seen

    def until_fired(self) -> None:
        """Keep light traffic going until all tell of it that must, at most FIRING_SECONDS."""
        with suppress(TimeoutError), closing(self._traffic()) as traffic:
            self._pipeline.parts.wait("alerts", lambda: self._fired(traffic), FIRING_SECONDS)

    def _traffic(self) -> Generator[None]:
        return evidence.steps(self._pipeline, self._tell)

    def _fired(self, traffic: Generator[None]) -> bool | None:
        next(traffic)
        pause(LOOK_SECONDS)
        try:
            seen = self.announce()
            return self._all_told(seen) or None
        except Unreachable:
            return None

    def _all_told(self, seen: frozenset[Told]) -> bool:
        if time.monotonic() - self._began < QUIET_SECONDS:
            return False
        fired = all(one.expected <= {each.alert for each in one.own(seen)} for one in self._struck)
        return fired and not any(each.dark for each in self._struck)

    def _ask(self, seconds: int) -> frozenset[Told]:
        return told(self._pipeline.prometheus.query(alerts_query(seconds)))


@contextmanager
def broken(pipeline: Pipeline, struck: Sequence[Struck], tell: Tell) -> Iterator[Watch]:
    """Strike, and let clients bear the consequences for as long as the block lasts; then heal."""
    over = Event()

    def bear(each: Struck) -> None:
        while not over.is_set():
            each.fault.load(each.scene)
            over.wait(LOAD_SECONDS)

    with ThreadPoolExecutor(len(struck)) as pool:
        list(pool.map(clients.healthy, (each.scene for each in struck if each.server)))
        _counted(pipeline, struck)
        watch = Watch(pipeline, struck, tell)
        for each in struck:
            each.fault.strike(each.scene)
        loads = [pool.submit(bear, each) for each in struck]
        try:
            yield watch
        finally:
            over.set()
    for load in loads:
        load.result()
    for each in struck:
        each.fault.heal(each.scene)


def _counted(pipeline: Pipeline, struck: Sequence[Struck]) -> None:
    """Wait until Prometheus knows the servers: only what rises from there is a rate."""
    servers = [each.server for each in struck if each.server]
    query = f'count(count by (server) (mcp:calls:rate5m{{server=~"{"|".join(servers)}"}}))'

    def all_known() -> bool | None:
        try:
            return (
                any(each.value == len(servers) for each in pipeline.prometheus.query(query)) or None
            )
        except Unreachable:
            return None

    if servers:
        pipeline.parts.wait("the servers are known to Prometheus", all_known, FIRING_SECONDS)
