"""Scripted proxies of ToolHive in front of a real collector, Prometheus and Jaeger."""

import os
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboards.queries import MonitoringQuery, concrete
from lab.binaries.catalogue import DEMO_TOOLS
from lab.binaries.find import ensure
from lab.local import programs
from lab.local.addresses import Addresses
from lab.local.pipeline import launch, wait_scraped
from lab.local.plan import as_json
from lab.local.processes import Processes
from lab.local.programs import ProcessSpec
from lab.prometheus_api import Prometheus, Unreachable, has_data
from tests.toolhive import exposed, pushed
from tests.toolhive.emitted import SERVERS, Server, measurements, opened
from tests.toolhive.kubelet import Cluster

SECONDS = 120.0
WINDOW = "30s"
"""Range of rates: several pushes or scrapes, also on a busy machine that is late with them."""


@dataclass(frozen=True, slots=True)
class Scripted:
    """Each server's proxy with the address of its /metrics, and the series of a kubelet."""

    version: str
    proxies: Mapping[Server, exposed.Proxy]
    addresses: Mapping[Server, str]
    cluster: str


@dataclass(frozen=True, slots=True)
class Laid:
    """What to start. `resources` describe the proxies where they push, metrics too if `pushed`."""

    addresses: Addresses
    files: Mapping[str, Any]
    flags: tuple[str, ...]
    resources: Mapping[Server, Mapping[str, str]]
    pushed: bool


@dataclass(frozen=True, slots=True)
class Running:
    """The pipeline at work."""

    processes: Processes
    prometheus: Prometheus
    version: str
    proxies: Mapping[Server, exposed.Proxy | pushed.Proxy]
    traces: tuple[pushed.Traces, ...]

    def traffic(self) -> None:
        """What every server's clients do once, and its push where it is pushed."""
        for server, proxy in self.proxies.items():
            for measured in measurements(self.version, server):
                proxy.record(measured)
            if isinstance(proxy, pushed.Proxy):
                proxy.push()
        for each in self.traces:
            each.push()

    def unanswered(self, queries: tuple[MonitoringQuery, ...]) -> tuple[MonitoringQuery, ...]:
        """Keep traffic going until every query has had data, SECONDS at most; those without.

        The first that has none is waited for before the next is asked: to ask hundreds in vain
        takes the time of those who would make the data.
        """
        waiting = deque(queries)

        def all_answered() -> bool | None:
            self.traffic()
            with suppress(Unreachable):
                while waiting and self._answers(waiting[0]):
                    waiting.popleft()
            return None if waiting else True

        with suppress(TimeoutError):
            self.processes.wait("every query has data", all_answered, SECONDS)
        return tuple(each for each in waiting if not self._answers(each))

    def silent(
        self, queries: tuple[MonitoringQuery, ...], looks: int = 4
    ) -> tuple[MonitoringQuery, ...]:
        """Those of the queries that have no data in several looks, with traffic between them."""
        for _ in range(looks):
            self.traffic()
            queries = tuple(each for each in queries if not self._answers(each))
        return queries

    def _answers(self, query: MonitoringQuery) -> bool:
        expr = concrete(query.expr, window=WINDOW)
        return has_data(self.prometheus.query(expr))


@contextmanager
def scripted(version: str, namespace: str) -> Iterator[Scripted]:
    """Proxies of a version that can be scraped, and the pods that they would run in."""
    with ExitStack() as owned:
        proxies = {server: exposed.Proxy(version, server) for server in SERVERS}
        addresses = {
            server: owned.enter_context(exposed.serving(proxy)) for server, proxy in proxies.items()
        }
        cluster = owned.enter_context(exposed.serving(Cluster(namespace, SERVERS)))
        yield Scripted(version, proxies, addresses, cluster)


@contextmanager
def started(laid: Laid, scripted: Scripted, folder: Path) -> Iterator[Running]:
    """The processes, each ready, and the proxies that the road wants: exposed or pushing."""
    for name, settings in laid.files.items():
        (folder / name).write_text(as_json(settings), encoding="utf-8")
    with ExitStack() as owned:
        processes = owned.enter_context(Processes(folder))
        for process in _processes(laid, folder):
            launch(process, processes)
        proxies: dict[Server, exposed.Proxy | pushed.Proxy] = {**scripted.proxies}
        traces: list[pushed.Traces] = []
        endpoint = laid.addresses.otlp_http
        for server, resource in laid.resources.items():
            traces.append(pushed.Traces(endpoint, resource))
            owned.callback(traces[-1].close)
            if laid.pushed:
                proxy = pushed.Proxy(scripted.version, endpoint, resource)
                owned.callback(proxy.close)
                proxies[server] = proxy
        for server, each in proxies.items():
            for measured in opened(scripted.version, server):
                each.record(measured)
        prometheus = Prometheus(f"http://{laid.addresses.prometheus}")
        wait_scraped(processes, prometheus, _targets(laid))
        yield Running(processes, prometheus, scripted.version, proxies, tuple(traces))


def job(name: str, *addresses: str, honor: bool = False) -> dict[str, Any]:
    """A job of listed targets without any relabelling."""
    static = [{"targets": list(addresses)}]
    return {"job_name": name, "honor_labels": honor, "static_configs": static}


def _targets(laid: Laid) -> int:
    """The number of addresses that Prometheus scrapes."""
    jobs = laid.files[programs.PROMETHEUS_FILE]["scrape_configs"]
    return sum(len(each["targets"]) for job in jobs for each in job["static_configs"])


def _processes(laid: Laid, folder: Path) -> Iterator[ProcessSpec]:
    binaries = ensure(DEMO_TOOLS, environ=os.environ)
    addresses = laid.addresses
    yield programs.prometheus(binaries["prometheus"], folder, addresses, laid.flags)
    if programs.COLLECTOR_FILE in laid.files:
        yield programs.jaeger(binaries["jaeger"], addresses)
        yield programs.collector(binaries["collector"], folder, addresses.collector_health)
