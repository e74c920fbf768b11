"""One architecture of a trial: its processes, its calls, and what is measured of them."""

import time
from collections.abc import Mapping, Sequence, Set
from math import ceil
from typing import TypeVar

from lab.compare.calls import ANSWERED, Calls
from lab.compare.forwarder import Forwarder
from lab.compare.hops import Hop
from lab.compare.observer import Observer
from lab.compare.outages import PROXY, Outage
from lab.compare.result import SPANS_OF_A_CALL, UNDISTURBED, Measurement, waits
from lab.compare.samples import (
    behind,
    increments,
    last_scrape,
    longest_gap,
    metric_waits,
)
from lab.compare.usage import Usage
from lab.local.pipeline import Pipeline
from lab.local.processes import Processes
from lab.local.programs import ProcessSpec
from lab.local.run_options import HTTP_SERVER, INTERVAL_SECONDS, LocalServer
from lab.prometheus_api import Line, Sample
from proxy.jsonrpc.methods import TOOLS_CALL
from proxy.telemetry.catalogue import OUTCOMES
from proxy.telemetry.tracing.spans import OUTCOME
from stacks.charts import Namespace
from stacks.servers import Transport

SERVER = LocalServer(HTTP_SERVER, Transport.STREAMABLE_HTTP)
"""The server of each pipeline."""

PARTS = {f"proxy-{SERVER.name}": PROXY}
"""The names of parts whose process has another."""

_NAMESPACE = Namespace.SERVERS.value
_COUNTERS = f'{OUTCOMES.series}{{mcp_method="{TOOLS_CALL}",namespace="{_NAMESPACE}"}}'
_SLICE_SECONDS = 2.0
_MOST_TRACES = 10_000


N = TypeVar("N", int, float)


class Member:
    """A running pipeline in a trial. Times are in seconds since the epoch."""

    def __init__(
        self, pipeline: Pipeline, calls: Calls, forwarders: Mapping[Hop, Forwarder]
    ) -> None:
        self.pipeline = pipeline
        self.calls = calls
        self.observer = Observer(pipeline, calls)
        self.usage = Usage(pipeline.processes)
        self._forwarders = forwarders
        self._spans: dict[str, set[str]] = {}
        self._answered: set[str] = set()
        self._cpu: Mapping[str, float] = {}
        self._wire: Mapping[Hop, int] = {}
        self.started = self.down = self.up = 0.0

    def __repr__(self) -> str:
        return f"<Member {self.pipeline.architecture.name}>"

    @property
    def processes(self) -> Processes:
        return self.pipeline.processes

    def spec(self, outage: Outage) -> ProcessSpec:
        """The process that an outage stops."""
        names = {part: name for name, part in PARTS.items()}
        return self.pipeline.specs[names.get(outage.process, outage.process)]

    def between_scrapes(self) -> float:
        """Half an interval after the next scrape of the proxy, if it is scraped; else now."""
        address = self._forwarders[Hop.PROXY_SCRAPE].address
        scraped = last_scrape(self.pipeline.prometheus.targets(), address)
        return time.time() if scraped is None else scraped + 1.5 * INTERVAL_SECONDS

    async def cut(self, hops: Set[Hop]) -> None:
        for hop in hops:
            self._forwarders[hop].cut()

    async def restore(self) -> None:
        """Of all hops."""
        for each in self._forwarders.values():
            each.restore()

    def start_measuring(self) -> None:
        """Just before the first call."""
        self.started = time.time()
        self._cpu, self._wire = self.usage.cpu_seconds(), self._passed()

    def stop_measuring(self) -> None:
        """Just after the last call."""
        used, passed = self.usage.cpu_seconds(), self._passed()
        self._cpu = {
            name: used[name] - before for name, before in self._cpu.items() if name in used
        }
        self._wire = {hop: passed[hop] - before for hop, before in self._wire.items()}

    def _passed(self) -> Mapping[Hop, int]:
        return {hop: each.bytes for hop, each in self._forwarders.items()}

    def is_complete(self) -> bool:
        """Whether every answered call is counted, and every sampled trace found."""
        counted = increments(self._samples(), "outcome")
        answered = sum(counted.get(each, 0) for each in ANSWERED)
        return answered >= len(self.calls.answered) and not self.calls.unseen

    def _samples(self) -> tuple[Line, ...]:
        """The stored samples of the counters of calls, from just before the first call."""
        seconds = ceil(time.time() - self.started) + 10
        return self.pipeline.prometheus.samples(_COUNTERS, seconds=seconds)

    def collect_spans(self) -> None:
        """Read the spans that Jaeger has now; those read before stay."""
        start, end = self.started, time.time()
        own = set(self.calls.traces)
        while start < end:
            until = start + _SLICE_SECONDS
            traces = self.pipeline.jaeger.traces(
                SERVER.name, _MOST_TRACES, {}, start=start, end=until
            )
            for span in (each for trace in traces for each in trace if each.trace_id in own):
                self._spans.setdefault(span.trace_id, set()).add(span.span_id)
                if span.tags.get(OUTCOME) in ANSWERED:
                    self._answered.add(span.trace_id)
            start = until

    def measured(self, outage: Outage | None, ended: float) -> Measurement:
        """What was measured until `ended`."""
        prometheus, lines, sent = self.pipeline.prometheus, self._samples(), self.calls.outcomes
        counted = increments(lines, "outcome")
        differences = [counted.get(each, 0) - sent[each] for each in ANSWERED]
        restarts = [self.down] if outage and outage.at_once else []
        answered = len(self.calls.answered)
        spans = sum(len(self._spans[each]) for each in self._answered)
        return Measurement(
            architecture=self.pipeline.architecture.name,
            outage=outage.name if outage else UNDISTURBED,
            down=self.up - self.down,
            calls=len(self.calls.traces),
            answered=answered,
            lost=-sum(each for each in differences if each < 0),
            doubled=sum(each for each in differences if each > 0),
            spans_lost=max(0, SPANS_OF_A_CALL * answered - spans),
            metric=waits(metric_waits(self.calls.answered, self.observer.polls, restarts)),
            trace=waits(self.observer.trace_waits),
            gap=longest_gap(lines, self.started, ended),
            series=_value(prometheus.query(f'count({{namespace="{_NAMESPACE}"}})')),
            all_series=_value(prometheus.query("sum(prometheus_tsdb_head_series)")),
            wire_bytes=self._wire,
            cpu_seconds={} if outage else _by_part(self._cpu),
            peak_bytes=_by_part(self.usage.peak_bytes),
            lag=self.calls.lag_seconds,
            behind=tuple(self._behind(restarts, ended)),
        )

    def _behind(self, restarts: Sequence[float], ended: float) -> list[int]:
        seconds = range(1, ceil(ended - self.started))
        times = (self.started + each for each in seconds)
        return behind(self.calls.answered, self.observer.polls, restarts, times)


def _by_part(values: Mapping[str, N]) -> Mapping[str, N]:
    """By the names of the telemetry's parts; without the MCP server."""
    named = {PARTS.get(name, name): value for name, value in values.items()}
    return {name: value for name, value in named.items() if not name.endswith("-server")}


def _value(samples: Sequence[Sample]) -> int:
    return round(samples[0].value) if samples else 0
