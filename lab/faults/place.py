"""Where faults are switched on: a running demo here, a stack on a cluster in `cluster.place`."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from lab.arguments import UsageError
from lab.faults.catalogue import LIVE_FAULTS
from lab.faults.changes import applied, change
from lab.faults.fault import Fault
from lab.faults.reported import reported_on
from lab.http_page import read_page
from lab.local.running_demo import Demo, DemoServer, running_demo
from proxy.faults.injections import Faults, Injection, read

RESET_SECONDS = 30.0
"""How long `reset` waits until what the demo has ended or stopped runs again."""

TAKEN_SECONDS = 10.0
"""How long a proxy may take to report what is on; it takes about half a second."""

POLL_SECONDS = 0.1


class Place(Protocol):
    """A place with faults. Methods raise UsageError, and Unreachable where it is a cluster."""

    @property
    def faults(self) -> Mapping[str, Fault]:
        """All faults that such a place may have, by name."""

    @property
    def servers(self) -> Sequence[DemoServer]:
        """The servers, those without faults among them."""

    def check(self, new: Injection) -> None:
        """Raise UsageError if a fault cannot be switched on there now."""

    def why_not(self, fault: Fault) -> str:
        """Why a fault is not possible there; "" where it is."""

    def read(self) -> Faults:
        """The faults that are on."""

    def change(self, changed: Callable[[Faults], Faults]) -> Faults:
        """Replace the faults that are on by what the function makes of them; returns those."""

    def begin(self, new: Injection) -> None:
        """Do what is to be done once a fault is on, and wait until it is in effect."""

    def end(self, name: str | None, ended: Sequence[Injection]) -> Sequence[str]:
        """Undo the faults that are no longer on, and wait until everything runs again.

        `name` is the one that was to end, None for all. Returns the names of others that were
        undone.
        """

    def mark(self, injections: Sequence[Injection], ended: float | None = None) -> str:
        """Mark faults on the boards that begin, or that have ended at a time.

        Returns why that is not possible; "" if it is done.
        """

    def holds(self, new: Injection) -> bool:
        """Whether only this command can end a fault that has its time."""


class DemoPlace:
    """A running demo, whose own process does what its file of faults says."""

    def __init__(self, demo: Demo) -> None:
        self._demo = demo
        self._path = Path(demo.faults)

    def __repr__(self) -> str:
        return f"DemoPlace({self._path})"

    @property
    def faults(self) -> Mapping[str, Fault]:
        return LIVE_FAULTS

    @property
    def servers(self) -> Sequence[DemoServer]:
        return self._demo.servers

    def check(self, new: Injection) -> None:
        """A demo always takes faults."""

    def why_not(self, fault: Fault) -> str:
        """Never: a demo can have all faults."""
        return ""

    def read(self) -> Faults:
        return read(self._path)

    def change(self, changed: Callable[[Faults], Faults]) -> Faults:
        return change(self._path, changed)

    def begin(self, new: Injection) -> None:
        """Wait for the proxy that injects it; the demo itself and its servers see it at once."""
        self._await_proxy(new.server)

    def end(self, name: str | None, ended: Sequence[Injection]) -> Sequence[str]:
        """Wait until the demo has undone what it did itself, at most RESET_SECONDS."""
        deadline = time.monotonic() + RESET_SECONDS
        while set(applied(self._path)) - set(self.read().injections) and running_demo() is not None:
            if time.monotonic() > deadline:
                raise UsageError(f"not ended within {RESET_SECONDS:g} s; see the demo's output")
            time.sleep(POLL_SECONDS)
        for server in sorted({each.server for each in ended}):
            self._await_proxy(server)
        return ()

    def mark(self, injections: Sequence[Injection], ended: float | None = None) -> str:
        """The demo and its proxies do so."""
        return ""

    def holds(self, new: Injection) -> bool:
        """Never: the demo ends each fault at its time."""
        return False

    def _await_proxy(self, name: str) -> None:
        """Wait until a proxy that injects faults reports those that are on."""
        for server in self.servers:
            if server.name == name and server.injects:
                self._await_report(server)

    def _await_report(self, server: DemoServer) -> None:
        deadline = time.monotonic() + TAKEN_SECONDS
        while not self._reports(server) and running_demo() is not None:
            if time.monotonic() > deadline:
                late = f"the proxy of {server.name} does not report it within {TAKEN_SECONDS:g} s"
                raise UsageError(f"{late}; see the demo's output")
            time.sleep(POLL_SECONDS)

    def _reports(self, server: DemoServer) -> bool:
        active = self.read().active(time.time())
        on = {each.reported for each in active if each.server == server.name}
        return reported_on(read_page(server.metrics)) == on


def demo_place() -> DemoPlace:
    """The demo that runs here. Raises UsageError without one."""
    demo = running_demo()
    if demo is None or not demo.faults:
        raise UsageError("no demo is running here: start `make demo`, or name a cluster's stack")
    return DemoPlace(demo)
