"""Light traffic that goes on whatever happens to a server, for a demo with live faults."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from lab import signals
from lab.load.client import LoadFailed, ServerLost
from lab.load.light_traffic import light_traffic
from lab.local.proxy_endpoints import ProxyEndpoint
from lab.tracing import Tracing
from lab.verify.traffic import Report

STEP_SECONDS = 0.5
END_SECONDS = 2.0
"""How long the sessions may take to end, all together."""


@dataclass(slots=True)
class LiveTraffic:
    """The state that the threads of the traffic share with the demo."""

    report: Report
    disturbed: Callable[[], bool]
    """Whether calls may fail because of a fault."""
    stopped: threading.Event = field(default_factory=threading.Event)
    failures: "queue.SimpleQueue[LoadFailed]" = field(default_factory=queue.SimpleQueue)

    def check(self) -> None:
        """Raise LoadFailed if a call failed for which no fault accounts."""
        if not self.failures.empty():
            raise self.failures.get()

    def run(self, endpoint: ProxyEndpoint, agent: Tracing) -> None:
        """Send traffic until it is stopped, or a call fails for which no fault accounts."""
        while not self.stopped.is_set():
            try:
                self._send(endpoint, agent)
            except LoadFailed as failed:
                if not self.disturbed():
                    text = f"{endpoint.server}: {failed}; see the log of its proxy"
                    self.failures.put(LoadFailed(text))
                    return
                self.stopped.wait(STEP_SECONDS)

    def _send(self, endpoint: ProxyEndpoint, agent: Tracing) -> None:
        def on_lost(why: ServerLost) -> None:
            if not self.disturbed():
                self.report(f"{endpoint.server}: session lost: {why}; opening a new one")

        with closing(light_traffic(endpoint.mcp_url, on_lost, agent, self.disturbed)) as traffic:
            for _ in traffic:
                if self.stopped.wait(STEP_SECONDS):
                    return


@contextmanager
def live_traffic(
    endpoints: Sequence[ProxyEndpoint],
    agent: Tracing,
    report: Report,
    disturbed: Callable[[], bool],
) -> Iterator[LiveTraffic]:
    """Light traffic through every proxy, each in a thread: one that hangs delays no other."""
    shared = LiveTraffic(report, disturbed)
    threads = [
        threading.Thread(target=shared.run, args=(each, agent), daemon=True) for each in endpoints
    ]
    with signals.blocked():  # So that the main thread gets them.
        for each in threads:
            each.start()
    try:
        yield shared
    finally:
        shared.stopped.set()
        for each in threads:
            each.join(END_SECONDS / len(threads))
