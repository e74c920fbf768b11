"""One run of the whole pipeline per architecture and test session, kept as values."""

import os
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from dashboards import BOARDS
from dashboards.log_lines import LOG_STORES, log_panel
from dashboards.queries import MonitoringQuery, Source, concrete
from dashboards.third_party_metrics import KUBELETSTATS_CPU, KUBELETSTATS_MEMORY
from lab.binaries.catalogue import DEMO_TOOLS, LOG_TOOLS
from lab.binaries.find import ensure
from lab.jaeger_api import Span
from lab.load.light_traffic import ROUND
from lab.local.addresses import choose
from lab.local.pipeline import Pipeline, start
from lab.local.plan import local_plan
from lab.local.processes import Processes
from lab.local.run_options import HTTP_SERVER, STDIO_SERVER, RunOptions
from lab.prometheus_api import Prometheus
from lab.verify.check_queries import (
    CHECK_SECONDS,
    QueryCoverage,
    check_queries,
    every_query,
    returns_data,
)
from lab.verify.reconcile import reconcile
from lab.verify.result import Result
from lab.verify.traffic import background_traffic, send_calls
from lab.victoria_logs_api import Record
from proxy.telemetry.catalogue import SESSION_DURATION
from stacks.architectures import ARCHITECTURES
from tests.cluster.exporters import exporters
from tests.cluster.pods import EVERYONE
from tests.dashboards.log_queries import for_all

Labels = Mapping[str, str]

_CLUSTER = "k8s_pod_.+|container_.+|kube_pod_.+|mcp:pod_.+"

_GOOD_CALL = "tools/call echo"
_TRACES, _RECORDS = 50, 1000

_SESSIONS = 4
"""Of light traffic; more bring no new series, since each client that ever fails has failed."""

SPANS = 4
"""Of a call: the agent's, the proxy's two, and the server's."""

_SERVERS = (HTTP_SERVER, STDIO_SERVER)


@dataclass(frozen=True, slots=True)
class Recording:
    """What a run came to, and the MCP series that Prometheus had before there was a cluster.

    `premature` are queries to a cluster that had data before there was one; `clustered` is what
    all queries came to once there was.
    """

    result: Result
    series: tuple[Labels, ...]
    premature: tuple[MonitoringQuery, ...]
    clustered: QueryCoverage
    cluster_series: tuple[Labels, ...]
    """What the cluster's exporters exposed, and what rules recorded of it."""
    traces: Mapping[str, tuple[Span, ...]]
    """Server -> every span of one call of it, which came to a good end."""
    logs: Mapping[str, tuple[Record, ...]]
    """Board with log lines -> those that the query of its panel found, for all servers."""
    calls: Mapping[str, frozenset[str]]
    """Panel that shows single calls -> the ids of the traces of those that its query found."""


@cache
def recorded(architecture: str) -> Recording:
    """Run the demo's pipeline once; later calls get the same recording."""
    binaries = ensure((*DEMO_TOOLS, *LOG_TOOLS), environ=os.environ)
    chosen = ARCHITECTURES[architecture]
    began = time.monotonic()
    with TemporaryDirectory() as name, Processes(Path(name)) as processes, exporters() as cluster:
        options = RunOptions(chosen, choose(_SERVERS), cluster=cluster.cluster, logs=True)
        pipeline = start(local_plan(options, Path(name), binaries), Path(name), processes)
        reconciliation = reconcile(pipeline, send_calls(pipeline))
        with closing(background_traffic(pipeline, print)) as traffic:
            for _ in islice(traffic, _SESSIONS * ROUND):
                processes.check()
        traces = {each.server: _trace(pipeline, each.server) for each in pipeline.endpoints}
        coverage = check_queries(pipeline, print)
        logs = _logs(pipeline)
        calls = _calls(pipeline.prometheus, began=time.time() - (time.monotonic() - began))
        seconds = time.monotonic() - began
        result = Result(architecture, reconciliation, coverage, seconds, processes.peak_bytes)
        series = _series(pipeline)
        asked = [each for each in every_query() if each.needs in chosen.sources]
        premature = [
            each
            for each in asked
            if each.needs is Source.KUBELET and returns_data(pipeline.prometheus, each)
        ]
        cluster.speak()
        clustered = check_queries(pipeline, print, selected=asked)
        if Source.COLLECTOR_METRICS in chosen.sources:
            _await_statistics(pipeline)
        found = pipeline.prometheus.series(f'{{__name__=~"{_CLUSTER}"}}')
        return Recording(result, series, tuple(premature), clustered, found, traces, logs, calls)


def _trace(pipeline: Pipeline, server: str) -> tuple[Span, ...]:
    """The spans of a good call, as soon as some trace of the server has SPANS; else the last seen.

    Where each span belongs is for a test to say.
    """
    seen: tuple[Span, ...] = ()

    def whole() -> bool | None:
        nonlocal seen
        found = pipeline.jaeger.spans(server, _TRACES)
        traces = {each.trace_id for each in found if each.name == _GOOD_CALL}
        for trace in traces:
            seen = tuple(each for each in found if each.trace_id == trace)
            if len(seen) >= SPANS:
                return True
        return None

    with suppress(TimeoutError):
        pipeline.processes.wait("a whole trace", whole, CHECK_SECONDS)
    return seen


def _calls(prometheus: Prometheus, *, began: float) -> dict[str, frozenset[str]]:
    """What Grafana finds of single calls, for each panel that shows them."""
    now = time.time()
    return {
        f"{board.uid}: {panel.signal.title}": frozenset(
            exemplar.labels["trace_id"]
            for query in panel.signal.queries
            for exemplar in prometheus.exemplars(
                concrete(str(query.expr), window="1m"),
                start=began,
                end=now,
            )
        )
        for board in BOARDS
        for panel in board.panels
        if panel.signal.exemplars
    }


def _logs(pipeline: Pipeline) -> dict[str, tuple[Record, ...]]:
    """What Grafana finds of log lines, for each panel that shows them."""
    assert pipeline.logs is not None
    shown = {board.uid: log_panel(board, LOG_STORES["victorialogs"]) for board in BOARDS}
    return {
        uid: pipeline.logs.records(for_all(panel.query), _RECORDS)
        for uid, panel in shown.items()
        if panel is not None
    }


def _await_statistics(pipeline: Pipeline) -> None:
    """Boards prefer cAdvisor's series where both are there, so no query waits for these."""
    names = f"{KUBELETSTATS_CPU.name}|{KUBELETSTATS_MEMORY.name}"
    pipeline.processes.wait(
        "the kubelet's statistics of every pod came through the collector",
        lambda: (
            len(pipeline.prometheus.query(f'{{__name__=~"{names}"}}')) == 2 * len(EVERYONE) or None
        ),
        CHECK_SECONDS,
    )


def _series(pipeline: Pipeline) -> tuple[Labels, ...]:
    """Every MCP series, once the last to appear is there: the second session's end."""
    ended = f"{SESSION_DURATION.family}_count >= 2"
    pipeline.processes.wait(
        "both sessions of both servers are counted",
        lambda: len(pipeline.prometheus.query(ended)) == len(_SERVERS) or None,
        CHECK_SECONDS,
    )
    return pipeline.prometheus.series('{__name__=~"(toolhive_)?mcp_.+"}')
