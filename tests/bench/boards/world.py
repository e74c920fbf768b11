"""A made-up fleet, as the series that its proxies and the recording rules would have left.

Names, labels and buckets are the catalogue's; this module chooses the values of labels. Every tool
is another server's own, so nothing folds together: the most series that the size can have.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass

from dashboards import third_party_metrics
from dashboards.recordings import RECORDINGS
from lab.preview.time_range import seconds
from proxy.telemetry import catalogue
from proxy.telemetry.catalogue import Instrument, Metric, Outcome, Status

Labels = dict[str, str]

NAMESPACES = 8
METHODS = ("initialize", "ping", "tools/list", "tools/call", "resources/list")
FAILURES = (Outcome.TOOL_ERROR, Outcome.PROTOCOL_ERROR, Outcome.TIMEOUT, Outcome.TRANSPORT_ERROR)
FAILING_TOOLS = 5
"""How many of a server's tools have failed at least once, and so a second histogram."""

SCRAPED_EVERY = 15
"""Seconds between the samples of a scrape."""

CALLS_PER_TOOL = 0.02
"""Calls a second; so 50 tools make a server of one call a second."""

_SEEDS = 64
"""How many different pasts there are; each is shared by many series, and stored for each."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large the fleet is."""

    servers: int
    tools: int


def history(size: Size) -> Iterator[str]:
    """Every series as a line of JSON, as tools/tsdb-blocks reads it."""
    for number in range(size.servers):
        yield from _server(number, size.tools)


def _server(number: int, tools: int) -> Iterator[str]:
    name, namespace = f"server-{number:03}", f"mcp-{number % NAMESPACES}"
    pod = f"{name}-0"
    who = {"namespace": namespace, "server": name}
    contract = {"job": f"{namespace}/{name}", **who, "transport": "stdio", "pod": pod}
    names = tuple(f"tool-{number:03}-{each:02}" for each in range(tools))
    for metric in catalogue.METRICS:
        for place, labels in enumerate(_varied(metric, names)):
            yield from _metric(metric, contract | labels, number + place)
    yield from _pod({"namespace": namespace, "pod": pod}, number)
    values = {**who, "pod": pod}
    for record in RECORDINGS:
        every = seconds(record.group.interval)
        carried = tuple(sorted(record.series.labels))
        for place, labels in enumerate(_recorded(carried, names)):
            known = {key: each for key, each in values.items() if key in carried}
            yield _line(record.record, known | labels, _Gauge(0.5), number + place, every)


def _varied(metric: Metric, tools: tuple[str, ...]) -> Iterator[Labels]:
    """The label sets of a family at one server, beside the contract's labels."""
    if metric in (catalogue.REQUESTS, catalogue.REQUEST_DURATION):
        for method in METHODS:
            statuses = (
                Status if metric is catalogue.REQUESTS or method == "tools/call" else ("success",)
            )
            for status in statuses:
                http = {"method": "POST", "status_code": "200"}
                yield {"mcp_method": method, **http, "status": status}
    elif metric is catalogue.TOOL_CALLS:
        yield from ({"tool": tool, "status": status} for tool in tools for status in Status)
    elif metric is catalogue.OPERATION_DURATION:
        common = {"network_transport": "pipe", "mcp_protocol_version": "2025-11-25"}
        calls = {"mcp_method_name": "tools/call", **common}
        yield from ({"mcp_method_name": each, **common} for each in METHODS if each != "tools/call")
        yield from ({**calls, "gen_ai_tool_name": tool} for tool in tools)
        for tool in tools[:FAILING_TOOLS]:
            yield {**calls, "gen_ai_tool_name": tool, "error_type": "tool_error"}
    elif metric is catalogue.OUTCOMES:
        yield from ({"mcp_method": each, "outcome": "ok", "fault": "none"} for each in METHODS)
        for outcome in FAILURES:
            yield {"mcp_method": "tools/call", "outcome": outcome, "fault": "server"}
    else:
        yield {
            label: "made-up" for label in metric.labels if label not in catalogue.COMMON_ATTRIBUTES
        }


def _recorded(labels: tuple[str, ...], tools: tuple[str, ...]) -> Iterator[Labels]:
    """The label sets of a recorded series at one server, beside namespace, server and pod."""
    some = {"transport": "stdio"} if "transport" in labels else {}
    if "tool" in labels:
        yield from ({"tool": tool} for tool in tools)
    elif "le" in labels:
        yield from ({**some, "le": _bound(each)} for each in _bounds(catalogue.REQUEST_DURATION))
    elif "outcome" in labels:
        yield {"outcome": "ok", "fault": "none"}
        yield from ({"outcome": str(each), "fault": "server"} for each in FAILURES)
    elif "status" in labels:
        http = {**some, "status_code": "200"}
        yield from ({**http, "mcp_method": m, "status": str(s)} for m in METHODS for s in Status)
    elif "mcp_method" in labels:
        yield from ({"mcp_method": each} for each in METHODS)
    elif "family" in labels:
        yield from ({"family": each.family} for each in catalogue.METRICS)
    else:
        yield {each: "made-up" for each in labels if each not in ("namespace", "server", "pod")}


@dataclass(frozen=True, slots=True)
class _Counter:
    mean: float
    """Increase per sample."""
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class _Gauge:
    mean: float


def _metric(metric: Metric, labels: Labels, seed: int) -> Iterator[str]:
    one_tool = "gen_ai_tool_name" in labels or "tool" in labels
    rate = CALLS_PER_TOOL if one_tool else 50 * CALLS_PER_TOOL
    mean = rate * SCRAPED_EVERY
    if metric.instrument is Instrument.HISTOGRAM:
        median = metric.buckets[len(metric.buckets) // 3]
        for bound in _bounds(metric):
            share = round(1 - math.exp(-bound / median), 4)
            yield _line(
                f"{metric.family}_bucket",
                labels | {"le": _bound(bound)},
                _Counter(mean, share),
                seed,
            )
        for suffix in ("count", "sum"):
            yield _line(f"{metric.family}_{suffix}", labels, _Counter(mean), seed)
    elif metric.instrument is Instrument.COUNTER:
        yield _line(metric.series, labels, _Counter(mean), seed)
    else:
        yield _line(metric.series, labels, _Gauge(4), seed)


def _pod(pod: Labels, seed: int) -> Iterator[str]:
    """The series of cAdvisor and kube-state-metrics for the server's pod."""
    for container in ("proxy", "server", ""):
        labels = {**pod, "container": container} if container else pod
        yield _line(third_party_metrics.CADVISOR_CPU.name, labels, _Counter(2), seed)
        yield _line(third_party_metrics.CADVISOR_MEMORY.name, labels, _Gauge(2e8), seed)
        if container:
            yield _line(third_party_metrics.POD_RESTARTS.name, labels, _Counter(0.001), seed)
            for resource, unit in (("cpu", "core"), ("memory", "byte")):
                limit = {**labels, "resource": resource, "unit": unit}
                yield _line(third_party_metrics.POD_LIMITS.name, limit, _Gauge(1), seed)


def _bounds(metric: Metric) -> tuple[float, ...]:
    return (*metric.buckets, math.inf)


def _bound(bound: float) -> str:
    return "+Inf" if bound == math.inf else str(float(bound))


def _line(
    name: str, labels: Labels, values: _Counter | _Gauge, seed: int, every: int = SCRAPED_EVERY
) -> str:
    return json.dumps(
        {
            "labels": {"__name__": name, **labels},
            "kind": "counter" if isinstance(values, _Counter) else "gauge",
            "mean": values.mean,
            "share": values.share if isinstance(values, _Counter) else 1,
            "seed": seed % _SEEDS,
            "every": every,
        }
    )
