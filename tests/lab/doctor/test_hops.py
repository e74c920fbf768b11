"""Each hop of a real pipeline is broken in turn, and named with what to do."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from lab.binaries.catalogue import DEMO_TOOLS
from lab.binaries.find import ensure
from lab.doctor.options import Hops
from lab.doctor.run import examine
from lab.local.addresses import choose
from lab.local.pipeline import Pipeline, launch, start
from lab.local.plan import local_plan
from lab.local.processes import Processes
from lab.local.programs import COLLECTOR_FILE, PROMETHEUS_FILE
from lab.local.run_options import HTTP_SERVER, STDIO_SERVER, RunOptions
from stacks.architectures import ARCHITECTURES
from tests.waiting import until

pytestmark = pytest.mark.slow

WAIT_SECONDS = 6.0
CLOSED = "http://127.0.0.1:1"
PROXY, SERVER = f"proxy-{HTTP_SERVER}", f"{HTTP_SERVER}-server"

Settings = dict[str, Any]


@dataclass
class Lab:
    """A running pipeline whose parts can be started again with other settings."""

    pipeline: Pipeline
    folder: Path
    hops: Hops

    def restart(self, name: str, *, without: tuple[str, ...] = (), **variables: str) -> None:
        self.pipeline.processes.stop(name)
        self.start(name, without=without, **variables)

    def start(self, name: str, *, without: tuple[str, ...] = (), **variables: str) -> None:
        spec = self.pipeline.specs[name]
        flags = tuple(each for each in spec.arguments if each not in without)
        environment = {**spec.environment, **variables}
        launch(replace(spec, arguments=flags, environment=environment), self.pipeline.processes)
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
        self.restart(PROXY, without=(), **variables)
        try:
            yield
        finally:
            self.restart(PROXY)

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
            wait=WAIT_SECONDS,
        )
        yield Lab(pipeline, Path(name), hops)


@pytest.fixture(scope="module")
def pushed() -> Iterator[Lab]:
    with running("otel-scrape") as lab:
        yield lab


@pytest.fixture(scope="module")
def scraped() -> Iterator[Lab]:
    with running("direct-scrape") as lab:
        yield lab


@pytest.fixture(scope="module")
def written() -> Iterator[Lab]:
    with running("otel-remote-write") as lab:
        yield lab


@pytest.mark.parametrize("architecture", ["pushed", "scraped", "written"])
def test_nothing_is_lost_in_a_pipeline_that_works(
    architecture: str, request: pytest.FixtureRequest
) -> None:
    found = list(examine(replace(request.getfixturevalue(architecture).hops, wait=15.0)))

    assert [each for each in found if each.fix] == []
    assert len(found) == 7


@pytest.mark.parametrize(
    ("hops", "hop", "words"),
    [
        ({"mcp": f"{CLOSED}/mcp"}, "client to proxy", "start the proxy, or correct the port"),
        ({"mcp": "PATH"}, "client to proxy", "HTTP 404"),
        ({"mcp": "TLS"}, "client to proxy", "write http:// instead"),
        ({"metrics": f"{CLOSED}/metrics"}, "counted by the proxy", "--metrics-listen"),
        ({"metrics": "OTHER"}, "counted by the proxy", "of the same proxy"),
        ({"metrics": "PROMETHEUS"}, "counted by the proxy", "of this project's proxy"),
        ({"server": "another"}, "counted by the proxy", "its --server-name as --server"),
        ({"collector": CLOSED}, "at the collector", "start the collector"),
        ({"prometheus": CLOSED}, "in Prometheus", "start Prometheus, or correct its URL"),
        ({"jaeger": CLOSED}, "in the trace store", "start Jaeger, or correct its URL"),
    ],
)
def test_an_address_that_is_wrong_is_the_hop_that_is_named(
    pushed: Lab, hops: dict[str, str], hop: str, words: str
) -> None:
    theirs = pushed.hops
    known = {
        "PATH": theirs.mcp.replace("/mcp", "/other"),
        "TLS": theirs.mcp.replace("http:", "https:"),
        "OTHER": pushed.pipeline.endpoints[1].metrics_url,
        "PROMETHEUS": f"{theirs.prometheus}/metrics",
    }
    lost, text = pushed.lost(**{name: known.get(url, url) for name, url in hops.items()})

    assert lost == hop
    assert words in text


def test_a_server_that_is_down(pushed: Lab) -> None:
    with pushed.stopped(SERVER):
        hop, text = pushed.lost()

    assert hop == "proxy to server"
    assert "the upstream cannot be reached" in text


def test_a_server_that_hangs(pushed: Lab) -> None:
    processes = pushed.pipeline.processes
    processes.send(SERVER, signal.SIGSTOP)
    try:
        hop, text = pushed.lost()
    finally:
        processes.send(SERVER, signal.SIGCONT)

    assert hop == "proxy to server"
    assert f"no response within {WAIT_SECONDS:g} s" in text


def test_a_proxy_that_asks_for_a_token(pushed: Lab) -> None:
    token = "0123456789abcdef"
    with pushed.with_variables(MCP_PROXY_BEARER_TOKEN=token):
        hop, text = pushed.lost()
        findings = list(examine(replace(pushed.hops, token=token)))

    assert hop == "client to proxy"
    assert "by --token" in text
    assert findings[1].fix == ""


@pytest.mark.parametrize(
    ("variables", "hop", "words"),
    [
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": CLOSED},
            "at the collector",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
        ),
        ({"OTEL_METRICS_EXPORTER": "none"}, "at the collector", "OTEL_METRICS_EXPORTER=otlp"),
        ({"OTEL_TRACES_EXPORTER": "none"}, "in the trace store", "OTEL_TRACES_EXPORTER=otlp"),
        ({"OTEL_TRACES_SAMPLER": "always_off"}, "in the trace store", "always_off samples none"),
    ],
)
def test_a_proxy_that_exports_elsewhere_or_nothing(
    pushed: Lab, variables: dict[str, str], hop: str, words: str
) -> None:
    with pushed.with_variables(**variables):
        lost, text = pushed.lost()

    assert lost == hop
    assert words in text


def without_metrics(collector: Settings) -> None:
    del collector["service"]["pipelines"]["metrics"]


def without_suffixes(collector: Settings) -> None:
    exporter = collector["exporters"]["prometheus"]
    exporter["translation_strategy"] = "UnderscoreEscapingWithoutSuffixes"
    exporter["enable_open_metrics"] = False  # OpenMetrics has the suffix anyway.


def traces_elsewhere(collector: Settings) -> None:
    for name, exporter in collector["exporters"].items():
        if name.startswith("otlp"):
            exporter["endpoint"] = "127.0.0.1:1"


@pytest.mark.parametrize(
    ("change", "hop", "words"),
    [
        (without_metrics, "at the collector", "no pipeline for metrics"),
        (without_suffixes, "at the collector", "translation_strategy"),
        (traces_elsewhere, "in the trace store", "could not export spans"),
    ],
)
def test_a_collector_that_passes_nothing_on(
    pushed: Lab, change: Callable[[Settings], None], hop: str, words: str
) -> None:
    with pushed.changed("collector", COLLECTOR_FILE, change):
        lost, text = pushed.lost()

    assert lost == hop
    assert words in text


def jobs(prometheus: Settings, target: str) -> list[Settings]:
    """The scrape jobs of an address."""
    return [
        each
        for each in prometheus["scrape_configs"]
        if any(target in one["targets"] for one in each["static_configs"])
    ]


def address(url: str | None) -> str:
    return str(url).removeprefix("http://").removesuffix("/metrics")


def test_labels_of_the_scrape_win_over_those_of_the_series(pushed: Lab) -> None:
    def without_honor(prometheus: Settings) -> None:
        [job] = jobs(prometheus, address(pushed.hops.collected))
        job["honor_labels"] = False
        job["static_configs"][0]["labels"]["server"] = "collector"

    with pushed.changed("prometheus", PROMETHEUS_FILE, without_honor):
        hop, text = pushed.lost()

    assert hop == "in Prometheus"
    assert "honor_labels: true" in text


def test_no_job_scrapes_the_proxy(scraped: Lab) -> None:
    def without_job(prometheus: Settings) -> None:
        [job] = jobs(prometheus, address(scraped.hops.metrics))
        targets = job["static_configs"]
        job["static_configs"] = [
            each for each in targets if address(scraped.hops.metrics) not in each["targets"]
        ]

    with scraped.changed("prometheus", PROMETHEUS_FILE, without_job):
        hop, text = scraped.lost()

    assert hop == "in Prometheus"
    assert "all its targets are up" in text


def test_a_job_scrapes_another_port(scraped: Lab) -> None:
    def elsewhere(prometheus: Settings) -> None:
        for job in jobs(prometheus, address(scraped.hops.metrics)):
            for each in job["static_configs"]:
                if address(scraped.hops.metrics) in each["targets"]:
                    each["targets"] = ["127.0.0.1:1"]

    with scraped.changed("prometheus", PROMETHEUS_FILE, elsewhere):
        hop, text = scraped.lost()

    assert hop == "in Prometheus"
    assert "cannot scrape" in text
    assert "connection refused" in text


def test_both_paths_carry_the_metrics(pushed: Lab) -> None:
    def twice(prometheus: Settings) -> None:
        targets = {"targets": [address(pushed.hops.metrics)]}
        own = {"job_name": "again", "honor_labels": True, "static_configs": [targets]}
        prometheus["scrape_configs"].append(own)

    with pushed.changed("prometheus", PROMETHEUS_FILE, twice):
        query = pushed.pipeline.prometheus.query
        until(lambda: query('up{job="again"} == 1'), seconds=30, what="the second path is scraped")
        hop, text = pushed.lost()

    assert hop == "in Prometheus"
    assert "stored 2 times" in text


def test_prometheus_does_not_take_what_is_written(written: Lab) -> None:
    written.restart("prometheus", without=("--web.enable-remote-write-receiver",))
    try:
        hop, text = written.lost()
    finally:
        written.restart("prometheus")

    assert hop == "in Prometheus"
    assert "--web.enable-remote-write-receiver" in text


def test_no_rules_are_loaded(pushed: Lab) -> None:
    def without_rules(prometheus: Settings) -> None:
        prometheus["rule_files"] = []

    with pushed.changed("prometheus", PROMETHEUS_FILE, without_rules):
        hop, text = pushed.lost()

    assert hop == "rules"
    assert "not loaded" in text
