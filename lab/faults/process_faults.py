"""Faults of the processes of a running demo, each from its beginning to its end."""

import signal
import sys
import time

from lab.faults import actions
from lab.faults.fault import (
    COLLECTOR,
    JAEGER,
    PROMETHEUS,
    Begin,
    FaultContext,
    ProcessFault,
    Step,
    no_step,
)
from lab.local.addresses import Addresses
from lab.local.pipeline import launch
from lab.local.programs import ProcessSpec
from proxy.faults import levels
from stacks.servers import Transport

RUNNING_SECONDS = 0.5
"""How long a slow process runs between two pauses, long enough to answer what has waited."""


class Crashes(ProcessFault):
    """Kills a server's process at intervals; what is killed starts again."""

    def __init__(self, context: FaultContext, level: str) -> None:
        self._context = context
        self._interval = levels.seconds(level)
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


class Stopped(ProcessFault):
    """A process of the pipeline is ended, with what it has in memory."""

    def __init__(self, context: FaultContext, level: str) -> None:
        self._pipeline = context.pipeline
        self._part = context.part
        # Jaeger, asked to end, waits for its own exporter.
        number = signal.SIGKILL if context.part == JAEGER else signal.SIGTERM
        self._pipeline.processes.stop(context.part, number)

    def end(self) -> None:
        launch(self._pipeline.specs[self._part], self._pipeline.processes)


class Refusing(Stopped):
    """As Stopped, and in its place every request is refused."""

    def __init__(self, context: FaultContext, level: str) -> None:
        super().__init__(context, level)
        self._stand_in = refusing(context.part, self._pipeline.addresses)
        launch(self._stand_in, self._pipeline.processes)

    def end(self) -> None:
        self._pipeline.processes.stop(self._stand_in.name)
        super().end()


class Slow(ProcessFault):
    """A process of the pipeline is paused again and again, and runs for a moment in between."""

    def __init__(self, context: FaultContext, level: str) -> None:
        self._processes = context.pipeline.processes
        self._part = context.part
        self._pause = levels.seconds(level)
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


class Broken(ProcessFault):
    """What a step has broken, until another one undoes it."""

    def __init__(self, context: FaultContext, recover: Step) -> None:
        self._context = context
        self._recover = recover

    def end(self) -> None:
        self._recover(self._context)


def broken(step: Step, recover: Step = no_step) -> Begin:
    """A fault that begins and ends by a step each."""

    def begin(context: FaultContext, level: str) -> ProcessFault:
        step(context)
        return Broken(context, recover)

    return begin


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
