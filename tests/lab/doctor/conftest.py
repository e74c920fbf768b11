"""Running pipelines, whose parts are broken in turn."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from lab.binaries.catalogue import DEMO_TOOLS
from lab.binaries.find import ensure
from lab.doctor.finding import examine
from lab.doctor.options import Hops
from lab.local.addresses import choose
from lab.local.pipeline import Pipeline, launch, start
from lab.local.plan import local_plan
from lab.local.processes import Processes
from lab.local.run_options import HTTP_SERVER, STDIO_SERVER, RunOptions
from stacks.architectures import ARCHITECTURES
from tests.waiting import until

WAIT_SECONDS, LONGEST_SECONDS = 6.0, 60.0
"""For a hop to show the call: at least, and when it is first tried how long that takes here.

More than the 5 s after which the proxies say that a server did not answer.
"""
PROXY = f"proxy-{HTTP_SERVER}"
DISK_SIZE = "24m"

Settings = dict[str, Any]

WRONG_CLOCK = """
import runpy, sys, time
now, now_ns = time.time, time.time_ns
time.time = lambda: now() + {0}
time.time_ns = lambda: now_ns() + {0} * 10**9
sys.argv = ["proxy", *sys.argv[1:]]
runpy.run_module("proxy", run_name="__main__")
"""


@dataclass
class Lab:
    """A running pipeline whose parts can be started again with other settings."""

    pipeline: Pipeline
    folder: Path
    hops: Hops

    def restart(self, name: str, arguments: tuple[str, ...] = (), **variables: str) -> None:
        self.pipeline.processes.stop(name)
        self.start(name, arguments, **variables)

    def start(self, name: str, arguments: tuple[str, ...] = (), **variables: str) -> None:
        """Start a part; `arguments` replace its own."""
        spec = self.pipeline.specs[name]
        environment = {**spec.environment, **variables}
        changed = replace(spec, arguments=arguments or spec.arguments, environment=environment)
        launch(changed, self.pipeline.processes)
        if name == "prometheus":
            targets = self.pipeline.prometheus.targets
            until(targets, seconds=30, what="Prometheus has discovered its targets")

    @contextmanager
    def changed(self, name: str, file: str, change: Callable[[Settings], None]) -> Iterator[None]:
        """A process runs with other settings."""
        path = self.folder / file
        before = path.read_text()
        settings = json.loads(before)
        change(settings)
        path.write_text(json.dumps(settings))
        try:
            self.restart(name)
            yield
        finally:
            path.write_text(before)
            self.restart(name)

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        self.pipeline.processes.stop(name)
        try:
            yield
        finally:
            self.start(name)

    @contextmanager
    def with_variables(self, **variables: str) -> Iterator[None]:
        self.restart(PROXY, (), **variables)
        try:
            yield
        finally:
            self.restart(PROXY)

    @contextmanager
    def with_clock(self, name: str, ahead: int) -> Iterator[None]:
        """A proxy runs whose clock is so many seconds ahead."""
        python, _, _, *own = self.pipeline.specs[name].arguments
        self.restart(name, (python, "-c", WRONG_CLOCK.format(ahead), *own))
        try:
            yield
        finally:
            self.restart(name)

    @contextmanager
    def on_small_disk(
        self, name: str, folder: Path, **variables: str
    ) -> Iterator[Callable[[], None]]:
        """A process writes to a disk of its own, which the function fills."""
        mount = f'mount -t tmpfs -o size={DISK_SIZE} tmpfs {folder} && exec "$@"'
        private = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh")
        self.restart(name, (*private, *self.pipeline.specs[name].arguments), **variables)
        process = self.pipeline.processes.pids[name]

        def fill() -> None:
            path = f"/proc/{process}/root{folder}/filling"
            command = ("dd", "if=/dev/zero", f"of={path}", "bs=64k")
            assert subprocess.run(command, capture_output=True, check=False).returncode == 1

        try:
            yield fill
        finally:
            self.restart(name)

    def lost(self, **hops: Any) -> tuple[str, str]:
        """The hop that lost the call, and what is said of it."""
        *_, last = examine(replace(self.hops, **hops))
        assert last.fix, last
        return last.hop, str(last)


@contextmanager
def running(architecture: str) -> Iterator[Lab]:
    binaries = ensure(DEMO_TOOLS, environ=os.environ)
    with TemporaryDirectory() as name, Processes(Path(name)) as processes:
        options = RunOptions(ARCHITECTURES[architecture], choose((HTTP_SERVER, STDIO_SERVER)))
        pipeline = start(local_plan(options, Path(name), binaries), Path(name), processes)
        endpoint = pipeline.endpoints[0]
        hops = Hops(
            endpoint.server,
            endpoint.mcp_url,
            endpoint.metrics_url,
            pipeline.prometheus.url,
            pipeline.jaeger.url,
            pipeline.specs["collector"].url,
            pipeline.collected if architecture == "otel-scrape" else None,
        )
        yield Lab(pipeline, Path(name), replace(hops, wait=long_enough(hops)))


def long_enough(hops: Hops) -> float:
    """How long a hop may take on this machine: as long as now all of them together."""
    began = time.monotonic()
    found = list(examine(replace(hops, wait=LONGEST_SECONDS)))
    assert [str(each) for each in found if each.fix] == []
    return max(WAIT_SECONDS, time.monotonic() - began)


@pytest.fixture(scope="package")
def pushed() -> Iterator[Lab]:
    with running("otel-scrape") as lab:
        yield lab


@pytest.fixture(scope="package")
def scraped() -> Iterator[Lab]:
    with running("direct-scrape") as lab:
        yield lab


@pytest.fixture(scope="package")
def written() -> Iterator[Lab]:
    with running("otel-remote-write") as lab:
        yield lab


def too_little_memory(collector: Settings) -> None:
    """The memory limiter refuses everything."""
    settings = {"check_interval": "100ms", "limit_mib": 2, "spike_limit_mib": 1}
    collector["processors"]["memory_limiter"] = settings
