"""Faults of the processes of a running demo, each from its beginning to its end."""

import signal
import sys
import time
from typing import Protocol

from lab.faults import actions
from lab.faults.fault import FaultContext
from lab.faults.live import COLLECTOR, JAEGER, PROMETHEUS
from lab.local.addresses import Addresses
from lab.local.pipeline import Pipeline, launch
from lab.local.programs import ProcessSpec
from stacks.servers import Transport

RUNNING_SECONDS = 0.5
"""How long a slow process runs between two pauses, long enough to answer what has waited."""


class ProcessFault(Protocol):
    """A fault that is on."""

    def step(self) -> None:
        """Do what is due, a few times a second. Raises ProcessFailed."""

    def end(self) -> None:
        """Undo all of it; everything is ready again afterwards. Raises ProcessFailed."""


class Crashes:
    """Kills a server's process at intervals; what is killed starts again."""

    def __init__(self, context: FaultContext, interval: float) -> None:
        self._context = context
        self._interval = interval
        self._due = time.monotonic()

    def step(self) -> None:
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + self._interval
        if self._context.endpoint.transport == Transport.STDIO.value:
            actions.kill_children(self._context)
        else:
            actions.kill_server(self._context)
            actions.start_server(self._context)

    def end(self) -> None:
        """What was killed runs again already."""


class Stopped:
    """A process of the pipeline is ended, with what it has in memory."""

    def __init__(self, pipeline: Pipeline, part: str) -> None:
        self._pipeline = pipeline
        self._part = part
        # Jaeger, asked to end, waits for its own exporter.
        number = signal.SIGKILL if part == JAEGER else signal.SIGTERM
        pipeline.processes.stop(part, number)

    def step(self) -> None:
        """It stays ended."""

    def end(self) -> None:
        launch(self._pipeline.specs[self._part], self._pipeline.processes)


class Refusing(Stopped):
    """As Stopped, and in its place every request is refused."""

    def __init__(self, pipeline: Pipeline, part: str) -> None:
        super().__init__(pipeline, part)
        self._stand_in = refusing(part, pipeline.addresses)
        launch(self._stand_in, pipeline.processes)

    def end(self) -> None:
        self._pipeline.processes.stop(self._stand_in.name)
        super().end()


class Slow:
    """A process of the pipeline is paused again and again, and runs for a moment in between."""

    def __init__(self, pipeline: Pipeline, part: str, pause: float) -> None:
        self._processes = pipeline.processes
        self._part = part
        self._pause = pause
        self._paused = False
        self._due = time.monotonic()

    def step(self) -> None:
        if time.monotonic() < self._due:
            return
        self._paused = not self._paused
        self._due = time.monotonic() + (self._pause if self._paused else RUNNING_SECONDS)
        self._processes.send(self._part, signal.SIGSTOP if self._paused else signal.SIGCONT)

    def end(self) -> None:
        self._processes.send(self._part, signal.SIGCONT)


def refusing(part: str, addresses: Addresses) -> ProcessSpec:
    """A stand-in for a part of the pipeline that refuses every request; ready when it does."""
    http, grpc = {
        COLLECTOR: (
            (addresses.otlp_http, addresses.collector_own, addresses.collector_series)
            + (addresses.collector_health,),
            (addresses.otlp_grpc,),
        ),
        PROMETHEUS: ((addresses.prometheus,), ()),
        JAEGER: ((addresses.jaeger_query,), (addresses.jaeger_otlp,)),
    }[part]
    listen = [*(("--http", each) for each in http), *(("--grpc", each) for each in grpc)]
    words = (word for pair in listen for word in pair)
    command = (sys.executable, "-m", "lab.faults.refuse", *words)
    return ProcessSpec(f"{part}-refusing", command, {}, f"http://{http[-1]}/", 503)
