"""Asks a demo for what is shown of it: each source in a thread of its own, so that none waits."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

import psutil
import requests

from dashboards.cli_text import cause, one_line
from dashboards.expressions import calls
from dashboards.promql.expression import Expr
from dashboards.promql.scope import EACH_SERVER, SELECTED
from dashboards.queries import concrete
from dashboards.signals import fleet
from dashboards.signals.calls import OUTCOME_RATE
from dashboards.signals.slis import AVAILABILITY, LATENCY_OBJECTIVE
from lab import signals
from lab.jaeger_api import Jaeger
from lab.local.running_demo import Demo, DemoPart, Running
from lab.preview.traces import Trace
from lab.prometheus_api import Prometheus, QueryRefused, Sample, Unreachable
from lab.watch.snapshot import WINDOW_SECONDS, Figures, Part, ServerFigures, Snapshot
from proxy.faults.injections import InjectionFile

T = TypeVar("T")

Found = tuple[T | None, str]
"""What was asked for, or why there is no answer."""

INTERVAL_SECONDS = 1.0
MEMORY_INTERVAL_SECONDS = 5.0
"""To find a process's descendants takes a look at every process of the machine."""
PROBE_SECONDS = 2.0
"""For a part to answer."""

SETTLED_SECONDS, LOOK_BACK_SECONDS = 2.0, 300.0
"""A trace is shown once its last span had the time to arrive, and if it is not older than this."""

_BY_SERVER: dict[str, Expr] = {
    "rate": calls.call_rate(SELECTED, EACH_SERVER),
    "errors": calls.error_ratio(SELECTED, EACH_SERVER),
    "p50": calls.latency(0.5, SELECTED, EACH_SERVER),
    "p95": calls.latency(0.95, SELECTED, EACH_SERVER),
    "availability_budget": fleet.recorded(AVAILABILITY.left),
    "latency_budget": fleet.recorded(LATENCY_OBJECTIVE.left),
}
"""The columns of the servers, by the field of ServerFigures, as the dashboards define them."""
[_OUTCOMES] = OUTCOME_RATE.queries
[_ALERTS] = fleet.ALERTS.queries


class Poller(Generic[T]):
    """Calls a function every `seconds` in a thread; `latest` is what it returned last."""

    def __init__(self, ask: Callable[[], T], first: T, seconds: float = INTERVAL_SECONDS) -> None:
        self.latest = first
        self._ask = ask
        self._seconds = seconds
        self._ended = threading.Event()
        # What it waits for must not delay the end of the program.
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            self.latest = self._ask()
            self._ended.wait(self._seconds)

    def stop(self) -> None:
        self._ended.set()


class Sources:
    """Everything that is shown of one demo, kept up to date until `close`."""

    def __init__(self, running: Running) -> None:
        demo = self._demo = running.demo
        self._started = _start_of(running.pid)
        self._faults = InjectionFile(Path(demo.faults))
        prometheus, jaeger = Prometheus(demo.prometheus), Jaeger(demo.jaeger)
        # Signals must reach the main thread: others do not delay them where it blocks them.
        with signals.blocked():
            self._parts = [
                Poller(PartProbe(each), Part(each.name, known=False)) for each in demo.parts
            ]
            self._figures = Poller[Found[Figures]](lambda: figures_of(demo, prometheus), (None, ""))
            self._trace = Poller[Found[Trace]](lambda: trace_of(demo, jaeger), (None, ""))
            self._memory = Poller(lambda: memory_bytes(running.pid), 0, MEMORY_INTERVAL_SECONDS)

    def snapshot(self) -> Snapshot:
        """What is known now; does not wait."""
        return Snapshot(
            self._demo.architecture,
            self._demo.boards,
            time.time() - self._started,
            self._memory.latest,
            tuple(each.latest for each in self._parts),
            *self._figures.latest,
            *self._trace.latest,
            faults=tuple(each.text() for each in self._faults.active()),
        )

    def close(self) -> None:
        pollers: tuple[Poller[Any], ...] = (
            *self._parts,
            *(self._figures, self._trace, self._memory),
        )
        for each in pollers:
            each.stop()


class PartProbe:
    """Whether a part is ready, as its start was waited for."""

    def __init__(self, part: DemoPart) -> None:
        self._part = part
        self._http = requests.Session()
        self._http.trust_env = False

    def __call__(self) -> Part:
        return Part(self._part.name, self._reason())

    def _reason(self) -> str:
        try:
            response = self._http.get(self._part.url, timeout=PROBE_SECONDS)
        except requests.Timeout:
            return f"no answer within {PROBE_SECONDS:g} s"
        except requests.RequestException as wrong:
            return cause(wrong)
        if response.status_code == self._part.status:
            return ""
        return one_line(f"HTTP {response.status_code}: {response.text[:200]}")


def figures_of(demo: Demo, prometheus: Prometheus) -> Found[Figures]:
    """What Prometheus has, or why it does not answer."""

    def ask(expr: Expr) -> tuple[Sample, ...]:
        return prometheus.query(concrete(str(expr), window=f"{WINDOW_SECONDS}s"))

    try:
        columns = {
            name: {each.labels.get("server", ""): each.value for each in ask(expr)}
            for name, expr in _BY_SERVER.items()
        }
        outcomes = {each.labels.get("outcome", ""): each.value for each in ask(_OUTCOMES.expr)}
        alerts = tuple(filter(None, map(_alert, ask(_ALERTS.expr))))
    except (Unreachable, QueryRefused) as wrong:
        return None, str(wrong)
    names = dict.fromkeys((*(each.name for each in demo.servers), *columns["rate"]))
    servers = tuple(
        ServerFigures(name, **{column: values.get(name) for column, values in columns.items()})
        for name in names
    )
    return Figures(servers, outcomes, alerts), ""


def _alert(sample: Sample) -> str:
    """An alert with its server; "" for the row that says that none fires."""
    name, server = sample.labels.get("alertname", ""), sample.labels.get("server")
    if "severity" not in sample.labels:
        return ""
    return f"{name} of {server}" if server else name


def trace_of(demo: Demo, jaeger: Jaeger) -> Found[Trace]:
    """The newest trace of any server, or why the trace store does not answer."""
    end = time.time() - SETTLED_SECONDS
    start = end - LOOK_BACK_SECONDS
    try:
        found = [
            Trace(spans)
            for server in demo.servers
            for spans in jaeger.traces(server.name, 1, {}, start=start, end=end)
            if spans
        ]
    except Unreachable as wrong:
        return None, str(wrong)
    return max(found, key=lambda each: each.start, default=None), ""


def memory_bytes(pid: int) -> int:
    """Proportional set size of a process and its descendants; shared pages count once in all."""
    total = 0
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        for each in (parent, *parent.children(recursive=True)):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                total += each.memory_full_info().pss
    return total


def _start_of(pid: int) -> float:
    """When a process started, in seconds since the epoch; now for one that has ended."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return time.time()
