"""Begins and ends the faults of a running demo that are not a server's answers.

Those of the user's servers are up to their proxies.
"""

import time
from collections.abc import Iterable
from pathlib import Path

from lab.faults.catalogue import FAULTS
from lab.faults.changes import change, write_applied
from lab.faults.fault import FaultContext, ProcessFault
from lab.local.pipeline import Pipeline
from proxy.faults.injections import Faults, Injection, InjectionFile

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

    def is_on(self, fault: str, server: str) -> bool:
        """Whether a server has a fault now."""
        return any((each.fault, each.server) == (fault, server) for each in self._file.active())

    def switch(self, injections: Iterable[Injection]) -> None:
        """Let these faults be on, and no others. Raises ProcessFailed."""
        content = Faults(tuple(injections))
        change(self._path, lambda _: content)
        self.step()

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
            fault = FAULTS[each.fault]
            if fault.begin:
                context = FaultContext(self._pipeline, each.server, fault.part)
                self._applied[each] = fault.begin(context, each.level)
        for applied in self._applied.values():
            applied.step()

    def _is_ours(self, injection: Injection) -> bool:
        users = [each.server for each in self._pipeline.user_endpoints]
        return FAULTS[injection.fault].begin is not None and injection.server not in users
