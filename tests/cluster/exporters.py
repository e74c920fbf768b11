"""The exporters of a made-up cluster, on loopback: silent until they are told to speak."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

from lab.local_plan import Cluster
from lab.ports import LOOPBACK, free_ports
from tests.cluster.monitors import MONITORS, targets
from tests.cluster.pages import cadvisor, kube_state
from tests.cluster.statistics import kubelet_statistics

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
                try:
                    http.post(f"http://{self.statistics}/v1/metrics", json=body, timeout=5)
                except requests.ConnectionError:
                    # Without kubelet's statistics in its pipelines, the collector has no receiver.
                    return


@contextmanager
def exporters() -> Iterator[Exporters]:
    """Listen for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            payload = running.page(self.path).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        running = Exporters(f"{LOOPBACK}:{server.server_port}", f"{LOOPBACK}:{free_ports(1)[0]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield running
        finally:
            running.over.set()
            server.shutdown()
            thread.join()
