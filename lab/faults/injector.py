"""Begins and ends the faults of a running demo that are not a server's answers.

Those of the user's servers are up to their proxies.
"""

import time
from pathlib import Path

from lab.faults import live
from lab.faults.changes import write_applied
from lab.faults.fault import FaultContext
from lab.faults.process_faults import Crashes, ProcessFault, Refusing, Slow, Stopped
from lab.local.pipeline import Pipeline
from proxy.faults import levels
from proxy.faults.injections import Injection, InjectionFile

DISTURBED_SECONDS = 30.0
"""Calls may still fail for so long after a fault: those that were sent during it."""


class Injector:
    """Does what the file of injections says, a step at a time."""

    def __init__(self, pipeline: Pipeline, path: Path) -> None:
        self._pipeline = pipeline
        self._path = path
        self._file = InjectionFile(path)
        self._applied: dict[Injection, ProcessFault] = {}
        self._disturbed_until = 0.0

    def __repr__(self) -> str:
        return f"Injector({', '.join(each.fault for each in self._applied)})"

    def disturbed(self) -> bool:
        """Whether calls may fail because of a fault that is on, or was until a moment ago."""
        if self._file.active():
            self._disturbed_until = time.monotonic() + DISTURBED_SECONDS
        return time.monotonic() < self._disturbed_until

    def step(self) -> None:
        """End and begin what changed, and go on with what is on. Raises ProcessFailed."""
        active = self._file.active()
        ended = [each for each in self._applied if each not in active]
        for each in ended:
            self._applied[each].end()
            del self._applied[each]
        begun = [each for each in active if each not in self._applied and self._is_ours(each)]
        if ended or begun:
            write_applied(self._path, (*self._applied, *begun))
        for each in begun:
            self._applied[each] = self._begin(each)
        for fault in self._applied.values():
            fault.step()

    def _is_ours(self, injection: Injection) -> bool:
        if injection.fault == live.CRASH:
            return injection.server in [each.server for each in self._pipeline.endpoints]
        return bool(live.LIVE_FAULTS[injection.fault].part)

    def _begin(self, injection: Injection) -> ProcessFault:
        fault = live.LIVE_FAULTS[injection.fault]
        if fault.name == live.CRASH:
            context = FaultContext(self._pipeline, self._pipeline.endpoint(injection.server))
            return Crashes(context, levels.seconds(injection.level))
        match fault.name.removeprefix(f"{fault.part}-"):
            case live.SLOW:
                return Slow(self._pipeline, fault.part, levels.seconds(injection.level))
            case live.REFUSING:
                return Refusing(self._pipeline, fault.part)
        return Stopped(self._pipeline, fault.part)
