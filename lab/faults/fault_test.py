"""Inject faults into a running pipeline and check that alerts and boards show them."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from threading import Event

from dashboards import BOARDS
from dashboards.board import SERVER
from dashboards.promql.schema import Source
from dashboards.promql.scope import exactly
from dashboards.queries import MonitoringQuery, concrete, queries
from lab.faults import clients
from lab.faults.alert_checks import FaultResult, FiredAlert, alerts_query, evaluate, fired_alerts
from lab.faults.annotation_checks import Interval, annotation_queries
from lab.faults.fault import Fault, FaultContext, no_step
from lab.faults.injector import Injector
from lab.local.pipeline import Pipeline
from lab.local.processes import pause
from lab.prometheus_api import Unreachable
from lab.verify.check_queries import (
    QueryCoverage,
    available_queries,
    available_sources,
    check_queries,
)
from lab.verify.traffic import Report, background_traffic
from proxy.faults.injections import Injection
from stacks.architectures import Architecture

FIRING_SECONDS = 60.0
"""Limit for all alerts to fire: scrapes, evaluations and a `for` of a few seconds."""

LOAD_SECONDS = 2.0
"""Between two rounds of a fault's load: Prometheus has to see a counter rise."""

POLL_SECONDS = 0.4
"""Between two queries for alerts, and two steps of background traffic."""

COVERAGE_WINDOW = "20s"
"""Range of the boards' rate queries after recovery; longer than any outage."""

BEFORE_SECONDS = 15
"""Alerts that fired within this time before a fault are not attributed to it."""

MINIMUM_SECONDS = 9.0
"""Minimum observation time: an unexpected alert takes as long to fire as an expected one."""

PANEL_WINDOW = "1m"
"""Range of the rate queries of panels that must show a fault."""


@dataclass(frozen=True, slots=True)
class ActiveFault:
    """A fault and what it affects."""

    fault: Fault
    context: FaultContext

    @property
    def server(self) -> str:
        """The affected server; empty for a fault of the pipeline."""
        return self.context.server

    @property
    def injection(self) -> Injection:
        """As it is switched on."""
        level = self.fault.start_level or self.fault.default
        return Injection(self.fault.name, level, self.server, time.time())

    @property
    def sources(self) -> frozenset[Source]:
        return available_sources(self.context.pipeline.architecture)

    @property
    def expected(self) -> frozenset[str]:
        """The alerts that must fire."""
        return self.fault.expected_alerts(self.sources)

    def attributed(self, fired: frozenset[FiredAlert]) -> frozenset[FiredAlert]:
        """The alerts that this fault can have caused."""
        if not self.server:
            return fired
        allowed = self.expected | self.fault.possible_alerts(self.sources)
        return frozenset(
            each
            for each in fired
            if each.server == self.server or (not each.server and each.alert in allowed)
        )

    def shown(self, uid: str, title: str) -> bool:
        """Whether a panel shows the fault now."""
        board = next(each for each in BOARDS if each.uid == uid)
        exprs = [query.expr for query in queries(board) if query.panel == title]
        server = exactly(self.server) if self.server else SERVER.everything
        prometheus = self.context.pipeline.prometheus
        return any(
            sample.value and not math.isnan(sample.value)
            for expr in exprs
            for sample in prometheus.query(concrete(expr, window=PANEL_WINDOW, server=server))
        )


@dataclass(frozen=True, slots=True)
class FaultTestResult:
    """The results of faults that were active together, and the coverage after recovery.

    `unexpected` are alerts that none of the faults can have caused.
    """

    results: tuple[FaultResult, ...]
    unexpected: tuple[FiredAlert, ...]
    coverage: QueryCoverage

    @property
    def passed(self) -> bool:
        faults_passed = all(each.passed for each in self.results)
        return self.coverage.complete and not self.unexpected and faults_passed

    def __str__(self) -> str:
        passed = (
            "as expected: no other alert fired, and afterwards all"
            f" {self.coverage.checked} queries had data"
        )
        return "\n".join(
            (
                *map(str, self.results),
                *(f"{each} fires for no reason" for each in self.unexpected),
                *(f"no data: {each}" for each in self.coverage.without_data),
                *(f"rule {each.name} fails: {each.error}" for each in self.coverage.failing_rules),
                *((passed,) if self.passed else ()),
            )
        )


def possible(fault: Fault, architecture: Architecture) -> bool:
    """Whether the architecture has what the fault breaks."""
    return fault.needs in available_sources(architecture)


def run_fault_test(
    pipeline: Pipeline, injector: Injector, faults: Sequence[ActiveFault], report: Report
) -> FaultTestResult:
    """Inject, observe, recover; then check every query of boards, rules and annotations.

    Faults of servers may be active together, each on its own server; a fault of the pipeline is
    active alone.
    """
    with active(pipeline, injector, faults, report) as monitor:
        monitor.wait_until_fired(injector.step)
        silent = monitor.silent_panels()
    fired = monitor.alerts()
    attributed = {alert for each in faults for alert in each.attributed(fired)}
    results = tuple(
        evaluate(each.fault, each.sources, each.attributed(fired), panels)
        for each, panels in zip(faults, silent, strict=True)
    )
    selected = (*available_queries(pipeline.architecture), *monitor.annotation_queries())
    coverage = check_queries(pipeline, report, COVERAGE_WINDOW, selected)
    return FaultTestResult(results, tuple(sorted(fired - attributed)), coverage)


class AlertMonitor:
    """The alerts since the faults became active."""

    def __init__(self, pipeline: Pipeline, faults: Sequence[ActiveFault], report: Report) -> None:
        self._pipeline = pipeline
        self._faults = faults
        self._report = report
        self._before = self._query(BEFORE_SECONDS)
        self._started = time.monotonic()
        self._reported: set[FiredAlert] = set()
        self._silent = [each.fault.panels for each in faults]

    def __repr__(self) -> str:
        return f"AlertMonitor({', '.join(each.fault.name for each in self._faults)})"

    def alerts(self) -> frozenset[FiredAlert]:
        """Every alert that fired since, and not before."""
        return self._query(self._seconds + 1) - self._before

    def annotation_queries(self) -> Iterator[MonitoringQuery]:
        """Queries for the annotations that the faults must have caused."""
        interval = Interval(time.time(), self._seconds)
        for each in self._faults:
            server = exactly(each.server) if each.server else SERVER.everything
            yield from annotation_queries(each.fault, each.sources, server, interval)

    @property
    def _seconds(self) -> int:
        return math.ceil(time.monotonic() - self._started)

    def report_new(self) -> frozenset[FiredAlert]:
        """Return `alerts`, and report each that fires for the first time."""
        fired = self.alerts()
        for each in sorted(fired - self._reported):
            self._report(f"  {time.monotonic() - self._started:4.1f} s after: {each}")
            self._reported.add(each)
        return fired

    def report_reached(self) -> None:
        """As `report_new`, where Prometheus answers."""
        with suppress(Unreachable):
            self.report_new()

    def wait_until_fired(self, step: Callable[[], None]) -> None:
        """Send traffic until all expected alerts fire, at most FIRING_SECONDS.

        `step` is called a few times a second.
        """
        traffic = background_traffic(self._pipeline, self._report)

        def fired() -> bool | None:
            next(traffic)
            step()
            pause(POLL_SECONDS)
            try:
                return self._all_fired(self.report_new()) or None
            except Unreachable:
                return None

        with suppress(TimeoutError), closing(traffic):
            self._pipeline.processes.wait("alerts", fired, FIRING_SECONDS)

    def _all_fired(self, fired: frozenset[FiredAlert]) -> bool:
        if time.monotonic() - self._started < MINIMUM_SECONDS:
            return False
        shown = not any(self.silent_panels())
        return shown and all(
            each.expected <= {alert.alert for alert in each.attributed(fired)}
            for each in self._faults
        )

    def silent_panels(self) -> list[tuple[tuple[str, str], ...]]:
        """For each fault the panels that must show it and have not done so at any time yet.

        One that shows a restart of the last minute need not do so until the slowest alert fires.
        """
        self._silent = [
            tuple(panel for panel in panels if not each.shown(*panel))
            for each, panels in zip(self._faults, self._silent, strict=True)
        ]
        return self._silent

    def _query(self, seconds: int) -> frozenset[FiredAlert]:
        return fired_alerts(self._pipeline.prometheus.query(alerts_query(seconds)))


@contextmanager
def active(
    pipeline: Pipeline, injector: Injector, faults: Sequence[ActiveFault], report: Report
) -> Iterator[AlertMonitor]:
    """Switch the faults on, and run their load while they are, until the block ends."""
    stopped = Event()

    def run_load(each: ActiveFault) -> None:
        load = each.fault.load or (clients.usual_calls if each.server else no_step)
        while not stopped.is_set():
            if injector.is_on(each.fault.name, each.server):
                load(each.context)
            stopped.wait(LOAD_SECONDS)

    with ThreadPoolExecutor(len(faults)) as pool:
        list(pool.map(clients.successful_calls, (each.context for each in faults if each.server)))
        _wait_until_known(pipeline, faults)
        monitor = AlertMonitor(pipeline, faults, report)
        injector.switch(each.injection for each in faults)
        loads = [pool.submit(run_load, each) for each in faults]
        try:
            yield monitor
        finally:
            stopped.set()
    for load in loads:
        load.result()
    injector.switch(())


def _wait_until_known(pipeline: Pipeline, faults: Sequence[ActiveFault]) -> None:
    """Wait until Prometheus has series of each server: a rate needs a first sample."""
    servers = [exactly(each.server) for each in faults if each.server]
    query = f"count(count by (server) (mcp:calls:rate5m{{server=~`{'|'.join(servers)}`}}))"

    def all_known() -> bool | None:
        try:
            samples = pipeline.prometheus.query(query)
        except Unreachable:
            return None
        return any(each.value == len(servers) for each in samples) or None

    if servers:
        pipeline.processes.wait("Prometheus discovered the servers", all_known, FIRING_SECONDS)
