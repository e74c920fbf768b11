"""Our proxy as a subject of the bench: started as a user starts it, read by its own metrics."""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from subprocess import Popen
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from proxy.telemetry.catalogue import OUTCOMES, TELEMETRY_DROPPED
from tests.bench.programs import Failed, Programs, running

ROOT = Path(__file__).parents[2]

# What this process was started with must not decide what is measured.
_FOREIGN = ("OTEL_", "MCP_PROXY_")

_INITIALIZE = (
    '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",'
    '"capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}'
)
_INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}'


@dataclass(frozen=True, slots=True)
class Running:
    """A proxy that listens; it took `start_seconds` from the start of its process."""

    process: Popen[str]
    port: int
    metrics: str
    start_seconds: float

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
        """Calls of tools that the proxy counted as ok."""
        return self.total(OUTCOMES.series, outcome="ok", mcp_method="tools/call")

    @property
    def lost_spans(self) -> float:
        """Spans that were sampled and did not get out."""
        return self.total(TELEMETRY_DROPPED.series, signal="traces")

    def sessions(self, count: int, path: str) -> list[str]:
        """Open so many sessions as a client does, on one connection. Raises Failed."""
        connection = HTTPConnection("127.0.0.1", self.port)
        opened = [open_session(connection, path) for _ in range(count)]
        connection.close()
        return opened


def open_session(connection: HTTPConnection, path: str) -> str:
    """Initialize a session; its id. Raises Failed."""
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    connection.request("POST", path, _INITIALIZE, headers)
    answer = connection.getresponse()
    answer.read()
    session = answer.headers["mcp-session-id"]
    if answer.status != 200 or session is None:
        raise Failed(f"initialize was answered with {answer.status}, session {session}")
    connection.request("POST", path, _INITIALIZED, {**headers, "mcp-session-id": session})
    connection.getresponse().read()
    return str(session)


@contextmanager
def proxy(
    programs: Programs,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path = ROOT,
    under: Sequence[str] = (),
) -> Iterator[Running]:
    """The proxy of that folder with these arguments and variables, run by the command `under`."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
    command = programs.on_tested_core(
        *(*under, sys.executable, "-m", "proxy", "--listen", "127.0.0.1:0"),
        *("--metrics-listen", "127.0.0.1:0", *arguments),
    )
    began = time.perf_counter()
    with running(command, {**inherited, **environment}, folder) as process:
        ready = _ready(process)
        took = time.perf_counter() - began
        _, _, port = ready["listen"].rpartition(":")
        yield Running(process, int(port), f"http://{ready['metrics']}/metrics", took)


def _ready(process: Popen[str]) -> dict[str, str]:
    """The line that says where it listens; what comes after it is read and dropped."""
    assert process.stderr is not None
    for line in process.stderr:
        event: dict[str, str] = json.loads(line) if line.startswith("{") else {}
        if event.get("event") == "ready":
            threading.Thread(target=process.stderr.readlines, daemon=True).start()
            return event
        if not event:
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
