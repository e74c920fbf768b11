"""Servers that send spans and have no proxy: docs/examples/span-metrics.yaml makes their series.

Spans come from the OpenTelemetry SDK: those of the MCP semantic conventions that the echo server
sends, and those of cyanheads/mcp-ts-core with the names and attributes in its
src/utils/internal/performance.ts. A proxy of ours stands before another echo server.
"""

import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import StatusCode

from dashboards.bundles import monitoring_bundle
from dashboards.promql.scope import exactly, variable
from dashboards.queries import MonitoringQuery, bundle_queries, concrete
from dashboards.rules import rules_document
from lab.binaries.find import ensure
from lab.echo.__main__ import SERVICE
from lab.load.light_traffic import light_traffic
from lab.local import programs
from lab.local.addresses import Addresses, choose
from lab.local.pipeline import launch, wait_scraped
from lab.local.plan import as_json
from lab.local.processes import Processes
from lab.local.programs import ProcessSpec
from lab.local.prometheus_config import without_intervals
from lab.prometheus_api import Prometheus, Sample, Unreachable, has_data
from lab.verify.check_queries import CHECK_SECONDS
from tests.dashboards.parsed_promql import selectors

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "docs/examples/span-metrics.yaml"
TYPESCRIPT = "mcp-ts-core server"
PROXIED = "proxied"
WINDOW = "10s"

MADE = {
    "toolhive_mcp_requests_total",
    "toolhive_mcp_tool_calls_total",
    *(
        f"{family}_{part}"
        for family in (
            "toolhive_mcp_request_duration_seconds",
            "mcp_server_operation_duration_seconds",
        )
        for part in ("bucket", "count", "sum")
    ),
}
"""The series that the collector makes of spans."""


NOT_SENT = "Calls by protocol version"
"""The echo server's spans do not have the attribute."""


def answerable() -> Iterator[MonitoringQuery]:
    """The queries of boards and rules that read nothing else, not even through recorded series."""
    bundle = monitoring_bundle()
    read = {
        each.record: {one.name for one in selectors(str(each.expr))} for each in bundle.recordings
    }

    def made(name: str) -> bool:
        return name in MADE or (name in read and all(map(made, read[name])))

    for query in bundle_queries(bundle):
        names = {each.name for each in selectors(query.expr)}
        if names and all(map(made, names)) and query.panel != NOT_SENT:
            yield query


@dataclass(frozen=True, slots=True)
class Typescript:
    """Spans as mcp-ts-core ends them."""

    provider: TracerProvider

    def call(self, tool: str, *, fails: bool = False) -> None:
        tracer = self.provider.get_tracer(TYPESCRIPT)
        with tracer.start_as_current_span(f"tool_execution:{tool}") as span:
            span.set_attributes({"code.function.name": tool, "code.namespace": "mcp-tools"})
            span.set_status(StatusCode.ERROR if fails else StatusCode.OK)

    def read(self) -> None:
        tracer = self.provider.get_tracer(TYPESCRIPT)
        with tracer.start_as_current_span("resource_read:config") as span:
            span.set_attributes({"code.function.name": "config", "code.namespace": "mcp-resources"})


@contextmanager
def typescript(endpoint: str) -> Iterator[Typescript]:
    resource = Resource.create({"service.name": TYPESCRIPT, "service.namespace": "ts"})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"http://{endpoint}/v1/traces", timeout=30)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with ExitStack() as owned:
        owned.callback(provider.shutdown)
        yield Typescript(provider)


def collector(binary: Path, folder: Path, addresses: Addresses) -> ProcessSpec:
    """The example beside a configuration of a user's own; flushed more often."""
    host, _, port = addresses.collector_own.rpartition(":")
    reader = {"pull": {"exporter": {"prometheus": {"host": host, "port": int(port)}}}}
    own = {
        "extensions": {"health_check": {"endpoint": addresses.collector_health}},
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": addresses.otlp_http}}}},
        "exporters": {"prometheus": {"endpoint": addresses.collector_series}},
        "service": {
            "extensions": ["health_check"],
            "telemetry": {"metrics": {"readers": [reader]}},
        },
    }
    (folder / programs.COLLECTOR_FILE).write_text(as_json(own), encoding="utf-8")
    often = (
        f"--set=connectors.spanmetrics/mcp_{each}.metrics_flush_interval=1s"
        for each in ("requests", "operations")
    )
    started = programs.collector(binary, folder, addresses.collector_health)
    return replace(started, arguments=(*started.arguments, f"--config={EXAMPLE}", *often))


def prometheus(binary: Path, folder: Path, addresses: Addresses) -> ProcessSpec:
    metrics = [metrics for _, metrics in addresses.proxies.values()]
    jobs = {"collector": [addresses.collector_series], "proxies": metrics}
    settings = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [programs.RULES_FILE],
        "scrape_configs": [
            {"job_name": name, "static_configs": [{"targets": targets}]}
            for name, targets in jobs.items()
        ],
    }
    rules = without_intervals(rules_document())
    (folder / programs.PROMETHEUS_FILE).write_text(as_json(settings), encoding="utf-8")
    (folder / programs.RULES_FILE).write_text(as_json(rules), encoding="utf-8")
    return programs.prometheus(binary, folder, addresses, ())


@dataclass(frozen=True, slots=True)
class Running:
    processes: Processes
    prometheus: Prometheus
    typescript: Typescript
    traffic: tuple[Generator[None], ...]

    def call(self) -> None:
        for each in self.traffic:
            list(islice(each, 2))

    def summed(self, series: str, *by: str) -> dict[tuple[str, ...], float]:
        found = self.prometheus.query(f"sum by ({', '.join(by)}) ({series})")
        return {tuple(each.labels.get(label, "") for label in by): each.value for each in found}


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    addresses = choose([SERVICE, PROXIED])
    binaries = ensure(["collector", "prometheus"], environ=os.environ)
    mcp, metrics = addresses.proxies[PROXIED]
    behind = programs.echo(PROXIED, addresses.echoes[PROXIED], "")
    listening = ("--server-name", PROXIED, "--listen", mcp, "--metrics-listen", metrics)
    upstream = ("--upstream", f"http://{addresses.echoes[PROXIED]}/mcp")
    traced = {**programs.tracing_to(addresses.otlp_http), "OTEL_METRICS_EXPORTER": "prometheus"}
    one_proxy = replace(addresses, proxies={PROXIED: (mcp, metrics)})
    with Processes(folder) as processes, ExitStack() as sessions:
        for each in (
            collector(binaries["collector"], folder, addresses),
            prometheus(binaries["prometheus"], folder, one_proxy),
            programs.echo(SERVICE, addresses.echoes[SERVICE], addresses.otlp_http),
            replace(behind, environment={}),
            programs.proxy(PROXIED, metrics, traced, (*listening, *upstream)),
        ):
            launch(each, processes)
        stored = Prometheus(f"http://{addresses.prometheus}")
        wait_scraped(processes, stored, 2)
        spans = sessions.enter_context(typescript(addresses.otlp_http))
        traffic = tuple(
            sessions.enter_context(
                closing(light_traffic(f"http://{each}/mcp", lambda lost: processes.check()))
            )
            for each in (addresses.echoes[SERVICE], mcp)
        )
        yield Running(processes, stored, spans, traffic)


def test_boards_and_rules_show_servers_that_only_send_spans(tmp_path: Path) -> None:
    queries = list(answerable())
    assert len(queries) > 100
    assert {"mcp-fleet", "mcp-server", "mcp-tools", "rules"} <= {each.board for each in queries}

    with running(tmp_path) as at_work:
        for _ in range(5):
            at_work.typescript.call("search")
        for _ in range(2):
            at_work.typescript.call("search", fails=True)
        at_work.typescript.read()
        missing = list(queries)

        def all_have_data() -> bool | None:
            at_work.call()
            with suppress(Unreachable):
                missing[:] = [each for each in missing if not has_data(of_echo(at_work, each))]
            return None if missing else True

        with suppress(TimeoutError):
            at_work.processes.wait("every query has data", all_have_data, CHECK_SECONDS)

        assert [f"{each.board}, {each.panel}: {each.expr}" for each in missing] == []
        of_typescript = f'{{server="{TYPESCRIPT}",namespace="ts"}}'
        calls = at_work.summed(f"toolhive_mcp_tool_calls_total{of_typescript}", "tool", "status")
        assert calls == {("search", "success"): 5, ("search", "error"): 2}
        methods = at_work.summed(f"toolhive_mcp_requests_total{of_typescript}", "mcp_method")
        assert methods == {("tools/call",): 7, ("resources/read",): 1}
        counted_by = at_work.summed("toolhive_mcp_requests_total", "server", "job")
        assert set(counted_by) == {
            (SERVICE, "collector"),
            (TYPESCRIPT, "collector"),
            (PROXIED, "proxies"),
        }
        assert [each for each in at_work.prometheus.rules() if each.health == "err"] == []


def of_echo(at_work: Running, query: MonitoringQuery) -> tuple[Sample, ...]:
    server = exactly(SERVICE) if variable("server") in query.expr else ".+"
    return at_work.prometheus.query(concrete(query.expr, window=WINDOW, server=server))
