"""ToolHive's proxy as Prometheus scrapes it: its instruments and the process metrics of Go."""

import os
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from tests.toolhive.emitted import (
    BUCKETS,
    COUNTERS,
    GAUGES,
    HISTOGRAMS,
    SCOPE,
    Attributes,
    Measurement,
    Server,
)

_STARTED = time.time()


class Proxy(Collector):
    """The registry of one proxy; it adds up what it is given."""

    def __init__(self, version: str, server: Server) -> None:
        self._version, self._server = version, server
        self._bounds = BUCKETS[version]
        self._sums: dict[tuple[str, Attributes], float] = defaultdict(float)
        self._buckets: dict[tuple[str, Attributes], list[int]] = {}

    def record(self, measured: Measurement) -> None:
        key = (measured.instrument, measured.attributes)
        self._sums[key] += measured.value
        if measured.instrument in HISTOGRAMS:
            counts = self._buckets.setdefault(key, [0] * (len(self._bounds) + 1))
            counts[bisect_left(self._bounds, measured.value)] += 1

    def collect(self) -> Iterator[Metric]:
        for name, attributes in list(self._sums):
            labels = {key.replace(".", "_"): value for key, value in attributes}
            yield self._family(name, attributes, {**labels, "otel_scope_name": SCOPE})
        yield from self._process()
        target = {"service_name": self._server.name, "service_version": self._version}
        yield _gauge("target_info", 1, target)

    def _family(self, name: str, attributes: Attributes, labels: dict[str, str]) -> Metric:
        value, names, values = self._sums[name, attributes], list(labels), list(labels.values())
        if name in COUNTERS:
            counter = CounterMetricFamily(name, name, labels=names)
            counter.add_metric(values, value)
            return counter
        if name in GAUGES:
            return _gauge(name.replace(".", "_"), value, labels)
        counts = accumulate(self._buckets[name, attributes])
        bounds = (*map(str, self._bounds), "+Inf")
        family = HistogramMetricFamily(f"{name.replace('.', '_')}_seconds", name, labels=names)
        family.add_metric(values, list(zip(bounds, counts, strict=True)), value)
        return family

    def _process(self) -> Iterator[Metric]:
        """The series of client_golang's process and Go collectors."""
        cpu = CounterMetricFamily("process_cpu_seconds", "CPU")
        cpu.add_metric([], time.process_time())
        yield cpu
        yield _gauge("process_resident_memory_bytes", 40e6, {})
        yield _gauge("process_open_fds", len(os.listdir("/dev/fd")), {})
        yield _gauge("process_start_time_seconds", _STARTED, {})
        yield _gauge("go_goroutines", 30, {})


def _gauge(name: str, value: float, labels: dict[str, str]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, name, labels=list(labels))
    gauge.add_metric(list(labels.values()), value)
    return gauge


@contextmanager
def serving(collector: Collector) -> Iterator[str]:
    """The address of a /metrics that shows the collector."""
    registry = CollectorRegistry()
    registry.register(collector)
    server, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
