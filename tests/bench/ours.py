"""Our proxy as a subject of the bench: started as a user starts it, read by its own metrics."""

import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from subprocess import Popen
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from proxy.telemetry.catalogue import OUTCOMES, TELEMETRY_DROPPED
from tests.bench.programs import Failed, Programs, running

# What this process was started with must not decide what is measured.
_FOREIGN = ("OTEL_", "MCP_PROXY_")


@dataclass(frozen=True, slots=True)
class Running:
    """A proxy that listens."""

    process: Popen[str]
    port: int
    metrics: str

    def total(self, series: str, **labels: str) -> float:
        """The sum of a series over all label sets that carry these labels."""
        with urlopen(self.metrics) as answer:
            families = list(text_string_to_metric_families(answer.read().decode()))
        return sum(
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == series and sample.labels.items() >= labels.items()
        )

    @property
    def ok(self) -> float:
        """Calls that the proxy counted as ok."""
        return self.total(OUTCOMES.series, outcome="ok")

    @property
    def lost_spans(self) -> float:
        """Spans that were sampled and did not get out."""
        return self.total(TELEMETRY_DROPPED.series, signal="traces")


@contextmanager
def proxy(
    programs: Programs, upstream_port: int, environment: Mapping[str, str]
) -> Iterator[Running]:
    """Our proxy in front of the upstream, with these variables set."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
    command = programs.on_tested_core(
        *(sys.executable, "-m", "proxy", "--listen", "127.0.0.1:0"),
        *("--metrics-listen", "127.0.0.1:0"),
        *("--upstream", f"http://127.0.0.1:{upstream_port}/mcp"),
    )
    with running(command, {**inherited, **environment}) as process:
        ready = _ready(process)
        _, _, port = ready["listen"].rpartition(":")
        yield Running(process, int(port), f"http://{ready['metrics']}/metrics")


def _ready(process: Popen[str]) -> dict[str, str]:
    """The line that says where it listens; what comes after it is read and dropped."""
    assert process.stderr is not None
    for line in process.stderr:
        told: dict[str, str] = json.loads(line) if line.startswith("{") else {}
        if told.get("event") == "ready":
            threading.Thread(target=process.stderr.readlines, daemon=True).start()
            return told
        if not told:
            raise Failed(f"the proxy did not start: {line.strip()}")
    raise Failed("the proxy ended before it was ready")


@contextmanager
def scraping(url: str, each_seconds: float) -> Iterator[None]:
    """Read `url` each so many seconds, as Prometheus would."""
    over = threading.Event()

    def scrape() -> None:
        while not over.wait(each_seconds):
            with urlopen(url) as answer:
                answer.read()

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
