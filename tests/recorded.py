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
from dashboards.queries import MonitoringQuery, Source, concrete
from lab import evidence
from lab.addresses import choose
from lab.choices import HTTP_SERVER, STDIO_SERVER, Choices
from lab.jaeger_api import Span
from lab.load import ROUND
from lab.local_plan import local_plan
from lab.pipeline import Pipeline, start
from lab.processes import Parts
from lab.prometheus_api import Prometheus
from lab.result import Coverage, Result
from lab.tools import DEMO_TOOLS, ensure
from proxy.telemetry.catalogue import SESSION_DURATION
from stacks.architectures import ARCHITECTURES
from tests.cluster.exporters import exporters

Labels = Mapping[str, str]

_CLUSTER = "k8s_pod_.+|container_.+|kube_pod_.+|mcp:pod_.+"

_GOOD_CALL = "tools/call echo"
_TRACES = 50

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
    clustered: Coverage
    cluster_series: tuple[Labels, ...]
    """What the cluster's exporters told, and what rules recorded of it."""
    traces: Mapping[str, tuple[Span, ...]]
    """Server -> every span of one call of it, which came to a good end."""
    calls: Mapping[str, frozenset[str]]
    """Panel that shows single calls -> the ids of the traces of those that its query found."""


@cache
def recorded(architecture: str) -> Recording:
    """Run the demo's pipeline once; whoever asks again gets the same recording."""
    binaries = ensure(DEMO_TOOLS, environ=os.environ)
    chosen = ARCHITECTURES[architecture]
    began = time.monotonic()
    with TemporaryDirectory() as name, Parts(Path(name)) as parts, exporters() as cluster:
        choices = Choices(chosen, choose(_SERVERS), cluster=cluster.cluster)
        pipeline = start(local_plan(choices, Path(name), binaries), Path(name), parts)
        ledger = evidence.account(pipeline, evidence.send(pipeline))
        with closing(evidence.steps(pipeline, print)) as traffic:
            for _ in islice(traffic, ROUND):
                parts.check()
        traces = {front.server: _trace(pipeline, front.server) for front in pipeline.fronts}
        coverage = evidence.cover(pipeline, print)
        calls = _calls(pipeline.prometheus, began=time.time() - (time.monotonic() - began))
        seconds = time.monotonic() - began
        result = Result(architecture, ledger, coverage, seconds, parts.peak_bytes)
        series = _series(pipeline)
        asked = [each for each in evidence.every_query() if each.needs in chosen.sources]
        premature = [
            each
            for each in asked
            if each.needs is Source.KUBELET and evidence.answered(pipeline.prometheus, each)
        ]
        cluster.speak()
        clustered = evidence.cover(pipeline, print, wanted=asked)
        told = pipeline.prometheus.series(f'{{__name__=~"{_CLUSTER}"}}')
        return Recording(result, series, tuple(premature), clustered, told, traces, calls)


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
        pipeline.parts.wait("a whole trace", whole, evidence.VISIBLE_SECONDS)
    return seen


def _calls(prometheus: Prometheus, *, began: float) -> dict[str, frozenset[str]]:
    """What Grafana finds of single calls, for each panel that shows them."""
    now = time.time()
    return {
        f"{board.uid}: {panel.signal.title}": frozenset(
            exemplar.labels["trace_id"]
            for query in panel.signal.queries
            for exemplar in prometheus.exemplars(
                concrete(str(query.expr), window="1m", namespace=".+", server=".+"),
                start=began,
                end=now,
            )
        )
        for board in BOARDS
        for panel in board.panels
        if panel.signal.exemplars
    }


def _series(pipeline: Pipeline) -> tuple[Labels, ...]:
    """Every MCP series, once the last to appear is there: the second session's end."""
    ended = f"{SESSION_DURATION.family}_count >= 2"
    pipeline.parts.wait(
        "both sessions of both servers are counted",
        lambda: len(pipeline.prometheus.query(ended)) == len(_SERVERS) or None,
        evidence.VISIBLE_SECONDS,
    )
    return pipeline.prometheus.series('{__name__=~"(toolhive_)?mcp_.+"}')
