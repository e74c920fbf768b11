"""Boards and rules on proxies that Prometheus finds in its own configuration and relabels nothing.

Their series have neither namespace nor pod. Two replicas stand before one of the servers.
"""

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest

from dashboards.promql.schema import Source
from dashboards.rules import rules_document
from lab.binaries.find import ensure
from lab.load.light_traffic import ROUND, light_traffic
from lab.local import programs
from lab.local.addresses import Addresses, choose
from lab.local.pipeline import launch, wait_scraped
from lab.local.plan import as_json
from lab.local.processes import Processes
from lab.local.programs import ProcessSpec
from lab.local.prometheus_config import without_intervals
from lab.prometheus_api import Prometheus, Unreachable
from lab.verify.check_queries import CHECK_SECONDS, every_query, returns_data

pytestmark = pytest.mark.slow

SERVERS = {"files-1": "files", "files-2": "files", "web-1": "web"}
"""Each proxy with its server: of stdio, or of HTTP with event streams."""

QUERIES = [
    each
    for each in every_query()
    if each.needs in (Source.PROXY, Source.PROMETHEUS, Source.SCRAPE_PROXY)
]


@dataclass(frozen=True, slots=True)
class Scraped:
    processes: Processes
    prometheus: Prometheus
    traffic: tuple[Generator[None], ...]

    def call(self, steps: int) -> None:
        for each in self.traffic:
            list(islice(each, steps))


@contextmanager
def scraped(folder: Path) -> Iterator[Scraped]:
    addresses = choose(SERVERS)
    for name, settings in (
        (programs.PROMETHEUS_FILE, configuration(addresses)),
        (programs.RULES_FILE, without_intervals(rules_document())),
    ):
        (folder / name).write_text(as_json(settings), encoding="utf-8")
    binary = ensure(["prometheus"], environ=os.environ)["prometheus"]
    with Processes(folder) as processes, ExitStack() as sessions:
        for each in started(binary, folder, addresses):
            launch(each, processes)
        prometheus = Prometheus(f"http://{addresses.prometheus}")
        wait_scraped(processes, prometheus, 1 + len(SERVERS))
        traffic = tuple(
            sessions.enter_context(
                closing(light_traffic(f"http://{mcp}/mcp", lambda lost: processes.check()))
            )
            for mcp, _ in addresses.proxies.values()
        )
        yield Scraped(processes, prometheus, traffic)


def configuration(addresses: Addresses) -> dict[str, object]:
    """A configuration of Prometheus as a person writes it."""
    jobs = {
        "prometheus": [addresses.prometheus],
        "mcp": [metrics for _, metrics in addresses.proxies.values()],
    }
    return {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [programs.RULES_FILE],
        "scrape_configs": [
            {"job_name": name, "static_configs": [{"targets": targets}]}
            for name, targets in jobs.items()
        ],
    }


def started(binary: Path, folder: Path, addresses: Addresses) -> Iterator[ProcessSpec]:
    yield programs.prometheus(binary, folder, addresses, ())
    web = addresses.echoes["web-1"]
    echo = (sys.executable, "-m", "lab.echo", "--transport")
    http = ("streamable-http", "--listen", web, "--answers", "sse")
    yield ProcessSpec("web", (*echo, *http), {}, f"http://{web}/", 404)
    behind = {"files": ("--", *echo, "stdio"), "web": ("--upstream", f"http://{web}/mcp")}
    for proxy, server in SERVERS.items():
        mcp, metrics = addresses.proxies[proxy]
        listening = ("--server-name", server, "--listen", mcp, "--metrics-listen", metrics)
        principals = {"MCP_PROXY_PRINCIPAL_KEY": "local-principal-key"}
        yield programs.proxy(proxy, metrics, principals, (*listening, *behind[server]))


def test_every_query_has_data_and_replicas_are_no_copies(tmp_path: Path) -> None:
    with scraped(tmp_path) as running:
        missing = list(QUERIES)

        def all_have_data() -> bool | None:
            running.call(2)
            with suppress(Unreachable):
                missing[:] = [
                    each for each in missing if not returns_data(running.prometheus, each)
                ]
            return None if missing else True

        with suppress(TimeoutError):
            running.processes.wait("every query has data", all_have_data, CHECK_SECONDS)
        running.call(ROUND)

        assert [f"{each.board}, {each.panel}: {each.expr}" for each in missing] == []
        assert len(QUERIES) > 400
        assert running.prometheus.query('ALERTS{alertname="MCPSeriesDoubled"}') == ()
        assert [each for each in running.prometheus.rules() if each.health == "err"] == []
