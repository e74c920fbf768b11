"""The exporters of a made-up cluster, on loopback: silent until they are started."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import requests

from lab.local.ports import LOOPBACK, free_ports
from lab.local.run_options import Cluster
from tests.cluster.monitors import MONITORS, targets
from tests.cluster.pages import cadvisor, kube_state
from tests.cluster.statistics import kubelet_statistics
from tests.http_edge import Handler, serving

COLLECTION_SECONDS = 1.0
RESTARTS_AGE = 3.0
"""From this age on, in seconds, every container has restarted once."""


@dataclass
class Exporters:
    """What they answer, and where."""

    metrics: str
    statistics: str
    over: threading.Event = field(default_factory=threading.Event)
    began: float | None = None

    @property
    def cluster(self) -> Cluster:
        """How the local pipeline reaches them."""
        return Cluster(self.statistics, MONITORS, targets(self.metrics))

    def speak(self) -> None:
        """From now on, answer and send."""
        self.began = time.monotonic()
        threading.Thread(target=self._send, daemon=True).start()

    def page(self, path: str) -> str:
        """The page of one exporter; an empty one before they speak."""
        if self.began is None:
            return ""
        age = time.monotonic() - self.began
        return cadvisor(age) if path.endswith("/cadvisor") else kube_state(int(age > RESTARTS_AGE))

    def _send(self) -> None:
        with requests.Session() as http:
            http.trust_env = False
            while not self.over.wait(COLLECTION_SECONDS):
                body = kubelet_statistics(time.time_ns())
                # Without the kubelet's statistics in its pipelines, the collector has no receiver;
                # a busy one may be late once.
                with suppress(requests.RequestException):
                    http.post(f"http://{self.statistics}/v1/metrics", json=body, timeout=5)


@contextmanager
def exporters() -> Iterator[Exporters]:
    """Listen for as long as the block lasts."""

    class Pages(Handler):
        def do_GET(self) -> None:
            self.answer(200, running.page(self.path), {"Content-Type": "text/plain; version=0.0.4"})

    with serving(Pages) as url:
        running = Exporters(url.removeprefix("http://"), f"{LOOPBACK}:{free_ports(1)[0]}")
        try:
            yield running
        finally:
            running.over.set()
