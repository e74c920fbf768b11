"""Boards and rules on proxies that Prometheus finds in its own configuration and relabels nothing.

Their series have neither namespace nor pod. Two replicas stand before one of the servers, whose
name means another one as a regular expression.
"""

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest

from dashboards.bundles import monitoring_bundle
from dashboards.promql.schema import Source
from dashboards.promql.scope import exactly, variable
from dashboards.queries import concrete
from dashboards.rules import RuleOptions, document
from lab.binaries.find import ensure
from lab.load.light_traffic import ROUND, light_traffic
from lab.local import programs
from lab.local.addresses import Addresses, choose
from lab.local.pipeline import launch, wait_scraped
from lab.local.plan import as_json
from lab.local.processes import Processes
from lab.local.programs import ProcessSpec
from lab.local.prometheus_config import without_intervals
from lab.local.run_options import APPROVED_TOOLS
from lab.prometheus_api import Prometheus, Unreachable, has_data
from lab.verify.check_queries import CHECK_SECONDS, WINDOW, every_query, returns_data
from proxy.app.options import TOOL_BASELINE
from proxy.telemetry.catalogue import REQUEST_DURATION

pytestmark = pytest.mark.slow

FILES, WEB = r'fi|w.b (x+) "$y" \d', "web (x) z"
SERVERS = {"files-1": FILES, "files-2": FILES, "web-1": WEB}
"""Each proxy with its server: of stdio, or of HTTP with event streams."""

QUERIES = [
    each
    for each in every_query()
    if each.needs in (Source.PROXY, Source.PROMETHEUS, Source.SCRAPE_PROXY)
]


DURATION = REQUEST_DURATION.family
ABOUT = {each.expr for each in QUERIES if variable("server") in each.expr}
"""Those about the servers that a viewer of a board selected."""


@dataclass(frozen=True, slots=True)
class Scraped:
    processes: Processes
    prometheus: Prometheus
    traffic: tuple[Generator[None], ...]

    def call(self, steps: int) -> None:
        for each in self.traffic:
            list(islice(each, steps))


@contextmanager
def scraped(folder: Path, *, native: bool = False) -> Iterator[Scraped]:
    addresses = choose(SERVERS)
    rules = document(monitoring_bundle(), RuleOptions(native_histograms=native))
    for name, settings in (
        (programs.PROMETHEUS_FILE, configuration(addresses, native=native)),
        (programs.RULES_FILE, without_intervals(rules)),
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


def configuration(addresses: Addresses, *, native: bool) -> dict[str, object]:
    """A configuration of Prometheus as a person writes it."""
    intervals = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    converting = {"convert_classic_histograms_to_nhcb": True} if native else {}
    jobs = {
        "prometheus": [addresses.prometheus],
        "mcp": [metrics for _, metrics in addresses.proxies.values()],
    }
    return {
        "global": intervals | converting,
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
    behind = {FILES: ("--", *echo, "stdio"), WEB: ("--upstream", f"http://{web}/mcp")}
    for proxy, server in SERVERS.items():
        mcp, metrics = addresses.proxies[proxy]
        listening = ("--server-name", server, "--listen", mcp, "--metrics-listen", metrics)
        variables = {
            "MCP_PROXY_PRINCIPAL_KEY": "local-principal-key",
            TOOL_BASELINE.variable: str(APPROVED_TOOLS),
        }
        yield programs.proxy(proxy, metrics, variables, (*listening, *behind[server]))


def found_for(running: Scraped, server: str, asked: frozenset[str]) -> set[str]:
    """Those of the queries that have data of the server, each of which has data of no other."""
    running.call(2)
    selecting = {each: concrete(each, window=WINDOW, server=exactly(server)) for each in asked}
    found = {each: running.prometheus.query(one) for each, one in selecting.items()}
    of_servers = {sample.labels.get("server", server) for each in found.values() for sample in each}
    assert of_servers <= {server}
    return {each for each, samples in found.items() if has_data(samples)}


@pytest.mark.parametrize("native", [False, True], ids=["classic histograms", "native ones"])
def test_every_query_has_data_and_replicas_are_no_copies(tmp_path: Path, native: bool) -> None:
    with scraped(tmp_path, native=native) as running:
        missing = list(QUERIES)
        of_no_server = set(ABOUT)

        def all_have_data() -> bool | None:
            running.call(2)
            with suppress(Unreachable):
                missing[:] = [
                    each for each in missing if not returns_data(running.prometheus, each)
                ]
            return None if missing else True

        def all_have_data_of_one_server() -> bool | None:
            with suppress(Unreachable):
                for server in (FILES, WEB):
                    of_no_server.difference_update(
                        found_for(running, server, frozenset(of_no_server))
                    )
            return None if of_no_server else True

        with suppress(TimeoutError):
            running.processes.wait("every query has data", all_have_data, CHECK_SECONDS)
        assert [f"{each.board}, {each.panel}: {each.expr}" for each in missing] == []
        assert len(QUERIES) > 400

        running.call(ROUND)
        with suppress(TimeoutError):
            waiting = "every query has data of one server"
            running.processes.wait(waiting, all_have_data_of_one_server, CHECK_SECONDS)
        assert of_no_server == set()

        assert running.prometheus.query('ALERTS{alertname="MCPSeriesDoubled"}') == ()
        assert native == bool(running.prometheus.query(f"histogram_count({DURATION})"))
        assert [each for each in running.prometheus.rules() if each.health == "err"] == []
