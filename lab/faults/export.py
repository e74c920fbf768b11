"""Sends the faults of a running demo to Prometheus by OTLP, for the annotations of the boards.

What Prometheus does not take is kept and sent again, so that its own outage is marked, too.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import requests
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from lab import signals
from proxy.faults.injections import Injection
from proxy.telemetry.catalogue import INJECTED_FAULT

SAMPLE_SECONDS = 1.0
"""Between two samples of a fault, but for its start and its end, which are samples too."""

POLL_SECONDS = 0.1
TIMEOUT_SECONDS = 2.0
KEPT_SAMPLES = 10_000
CONTENT_TYPE = {"Content-Type": "application/x-protobuf"}

Labels = tuple[str, str, str]
"""The fault's name, its level and the server; a mystery has neither of the last two."""


class Sample(NamedTuple):
    """A value at a time, in seconds since the epoch."""

    labels: Labels
    time: float
    value: int


def labels(injection: Injection) -> Labels:
    return *injection.reported, injection.server if injection.seed is None else ""


class FaultExport:
    """The samples of faults, kept until Prometheus took them."""

    def __init__(self, url: str, active: Callable[[], Iterable[Injection]]) -> None:
        """`url` takes metrics by OTLP/HTTP; `active` returns the faults that are on."""
        self._url = url
        self._active = active
        self._known: set[Labels] = set()
        self._on: set[Labels] = set()
        self._due = 0.0
        self._pending: deque[Sample] = deque(maxlen=KEPT_SAMPLES)
        self._http = requests.Session()
        self._http.trust_env = False

    def step(self) -> None:
        """Take the samples that are due, of each fault that is or was on, and send what waits."""
        now, on = time.time(), {labels(each) for each in self._active()}
        if on == self._on and now < self._due:
            return
        self._on, self._due = on, now + SAMPLE_SECONDS
        self._known |= on
        self._pending.extend(Sample(each, now, int(each in on)) for each in self._known)
        if self._pending and self._sent(request(self._pending, str(os.getpid()))):
            self._pending.clear()

    def _sent(self, body: bytes) -> bool:
        try:
            answer = self._http.post(self._url, body, headers=CONTENT_TYPE, timeout=TIMEOUT_SECONDS)
        except requests.RequestException:
            return False
        return answer.status_code < 500  # What it rejects it will not take later either.


def request(samples: Iterable[Sample], instance: str) -> bytes:
    """An OTLP export request with the samples; `instance` is a label of their series."""
    export = ExportMetricsServiceRequest()
    resource = export.resource_metrics.add()
    names = {"service.name": "lab.fault", "service.instance.id": instance}
    resource.resource.attributes.extend(_attribute(*each) for each in names.items())
    metric = resource.scope_metrics.add().metrics.add(
        name=INJECTED_FAULT.name, unit=INJECTED_FAULT.unit, description=INJECTED_FAULT.brief
    )
    for each in samples:
        values = zip(("fault", "level", "server"), each.labels, strict=True)
        metric.gauge.data_points.add(
            time_unix_nano=int(each.time * 1e9),
            as_int=each.value,
            attributes=[_attribute(name, value) for name, value in values if value],
        )
    return bytes(export.SerializeToString())


def _attribute(name: str, value: str) -> KeyValue:
    return KeyValue(key=name, value=AnyValue(string_value=value))


@contextmanager
def exported(url: str, active: Callable[[], Iterable[Injection]]) -> Iterator[None]:
    """Export the faults until the block is left."""
    stopped = threading.Event()
    export = FaultExport(url, active)

    def run() -> None:
        while not stopped.wait(POLL_SECONDS):
            export.step()

    thread = threading.Thread(target=run, daemon=True)
    with signals.blocked():  # So that the main thread gets them.
        thread.start()
    try:
        yield
    finally:
        stopped.set()
