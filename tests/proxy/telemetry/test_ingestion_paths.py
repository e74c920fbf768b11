"""What is scraped and what is pushed are the same series: names, labels, buckets and values."""

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager

import pytest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import HistogramDataPoint, Metric, NumberDataPoint
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from proxy.jsonrpc.methods import ALL as METHODS
from proxy.telemetry.catalogue import (
    METRICS,
    SCOPE,
    Fault,
    Instrument,
    Outcome,
    ToolChange,
)
from proxy.telemetry.client_info import UNKNOWN_CLIENT, ClientInfo
from proxy.telemetry.ledger import Ledger
from proxy.telemetry.listed_tools import ToolHints, ToolList, ToolSize
from proxy.telemetry.otlp.pipeline import ExportPipeline
from proxy.telemetry.otlp.settings import parse
from proxy.telemetry.prometheus import render
from proxy.telemetry.vocabulary import DropReason, Signal, TransportState
from tests.proxy.telemetry.otlp.collectors import Inbox, grpc_collector, http_collector

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]

Collectors = Callable[[], AbstractContextManager[tuple[str, Inbox]]]

TOOL_CAP = 20
CLIENT_CAP = 10
TARGET_CAP = 5
OTHERS = sorted(METHODS - {"tools/call"})

ENDS = (
    *[(Outcome.OK, Fault.NONE, "", 200)] * 8,
    (Outcome.TOOL_ERROR, Fault.SERVER, "tool_error", 200),
    (Outcome.PROTOCOL_ERROR, Fault.CALLER, "-32602", 200),
    (Outcome.PROTOCOL_ERROR, Fault.SERVER, "-32603", 200),
    (Outcome.PROTOCOL_ERROR, Fault.SERVER, "-1", 200),
    (Outcome.TRANSPORT_ERROR, Fault.SERVER, "502", 502),
    (Outcome.TIMEOUT, Fault.SERVER, "timeout", 504),
    (Outcome.CANCELLED, Fault.CALLER, "cancelled", 499),
    (Outcome.REJECTED, Fault.PROXY, "503", 503),
    (Outcome.REJECTED, Fault.CALLER, "413", 999),
)
"""Outcome, fault, error type and HTTP status of calls, those that go well more often."""

UNITS = {"s": "_seconds", "By": "_bytes"}


def scripted() -> Ledger:
    """A proxy's life with every outcome in it."""
    ledger = Ledger("fetch", "stdio")
    call = ("tools/call", "echo", "POST", 200)
    for seconds in (0.001, 0.01, 0.3, 400.0):
        ledger.record(*call, Outcome.OK, Fault.NONE, "", "2025-11-25", seconds, 0.00004, 1, 2)
    failures = (
        (Outcome.TOOL_ERROR, Fault.SERVER, "tool_error"),
        (Outcome.PROTOCOL_ERROR, Fault.CALLER, "-32602"),
        (Outcome.TIMEOUT, Fault.SERVER, "timeout"),
        (Outcome.CANCELLED, Fault.CALLER, "cancelled"),
    )
    for outcome, fault, error_type in failures:
        ledger.record(*call, outcome, fault, error_type, "2025-11-25", 0.05, 0.2)
    down = (Outcome.TRANSPORT_ERROR, Fault.SERVER, "502", "")
    ledger.record("tools/list", "", "POST", 502, *down, 0.05, 0.00009)
    refused = (Outcome.REJECTED, Fault.CALLER, "413", "")
    ledger.record("", "", "PUT", 413, *refused, 0.0001, 0.0001)
    ledger.record_caller(ClientInfo("agent", "1.0"), "", "echo", Outcome.TIMEOUT)
    ledger.record_caller(ClientInfo("agent", "1.0"), "", "echo", Outcome.OK).received = 210_000
    ledger.record_caller(UNKNOWN_CLIENT, "alice", "", Outcome.OK)
    ledger.connections, ledger.sessions, ledger.streams = 3, 2, 1
    ledger.upstream_up, ledger.upstream_restarts = 1, 4
    ledger.in_flight, ledger.transports = 5, {**ledger.transports, TransportState.OPEN: 2}
    ledger.sized(100, 70_000)
    for method, name in (("tools/call", "echo"), ("resources/read", "a:b"), ("prompts/get", "p")):
        ledger.result_sized(method, name, 70_000)
    ledger.tools_listed({"echo": ToolHints(), "sleep": ToolHints()})
    ledger.tool_changes[ToolChange.TOOL_ADDED] = 2
    ledger.baseline_differences = {ToolChange.ENUM_NARROWED: 1, ToolChange.TOOL_RENAMED: 0}
    ledger.tools = ToolList({"echo": ToolSize(4, 90, 300, 20), "sleep": ToolSize(5, 0, 30, 20)})
    ledger.injected_faults = {("latency", "1s"): 1}
    ledger.first_events.observe(0.2)
    ledger.session_ended(31.0)
    ledger.session_ended(3.0, "timeout")
    ledger.loop_lag(0.003)
    ledger.dropped(Signal.TRACES, DropReason.QUEUE_FULL, 7)
    return ledger


def hour(seed: int = 20) -> Ledger:
    """An hour of traffic, second by second: every kind of outcome, and too many tools."""
    chance = random.Random(seed)
    ledger = Ledger(
        "fetch", "stdio", tool_cap=TOOL_CAP, client_cap=CLIENT_CAP, target_cap=TARGET_CAP
    )
    for second in range(3600):
        for _ in range(chance.randrange(4)):
            play_call(ledger, chance)
        ledger.loop_lag(chance.expovariate(1_000.0))
        ledger.connections, ledger.streams = chance.randrange(50), chance.randrange(9)
        changed = chance.choice(tuple(TransportState))
        ledger.transports = {**ledger.transports, changed: chance.randrange(4)}
        ledger.upstream_up = int(second % 700 > 20)
        if second % 60 == 59:
            ledger.session_ended(float(second), chance.choice(("", "", "timeout", "404", "odd")))
            ledger.upstream_restarts += chance.randrange(2)
            ledger.dropped(chance.choice(tuple(Signal)), chance.choice(tuple(DropReason)), second)
    return ledger


def play_call(ledger: Ledger, chance: random.Random) -> None:
    tool = ("tools/call", f"tool-{chance.randrange(2 * TOOL_CAP)}")
    method, name = chance.choice((tool, tool, tool, (chance.choice(OTHERS), ""), ("mine", "")))
    outcome, fault, error_type, status = chance.choice(ENDS)
    took, own = chance.expovariate(2.0), chance.expovariate(20_000.0)
    ids = chance.choice(((0, 0), (chance.getrandbits(128), chance.getrandbits(64))))
    end = (error_type, chance.choice(("2025-11-25", "", "2099-01-01")), took, own, *ids)
    ledger.record(method, name, "POST", status, outcome, fault, *end)
    client = ClientInfo(f"client-{chance.randrange(CLIENT_CAP * 2)}", f"{chance.randrange(9)}")
    principal = f"principal-{chance.randrange(CLIENT_CAP * 2)}"
    caller = ledger.record_caller(client, principal, name, outcome)
    ledger.sized(chance.randrange(1, 10_000), chance.choice((0, chance.randrange(9_999_999))))
    target = f"{chance.randrange(2 * TARGET_CAP)}"
    of = chance.choice((tool, ("resources/read", target), ("prompts/get", target)))
    size = int(chance.expovariate(0.0001))
    ledger.result_sized(*of, size)
    caller.received += size
    ledger.in_flight += chance.randrange(2)
    if chance.random() < 0.3:
        ledger.first_events.observe(took / 2)


def scraped(ledger: Ledger) -> Series:
    body, _ = render(ledger, "")
    return {
        (sample.name, _labels(sample.labels)): sample.value
        for metric in parse_text(body.decode())
        for sample in metric.samples
    }


def _labels(labels: dict[str, str]) -> frozenset[tuple[str, str]]:
    """As numbers, bounds compare whatever their spelling, which differs between roads."""
    bound = {"le": str(float(labels["le"]))} if "le" in labels else {}
    return frozenset({**labels, **bound}.items())


def pushed(inbox: Inbox) -> Series:
    """The series that Prometheus makes of OTLP metrics (specification: compatibility)."""
    return {
        (name, _labels(labels)): value
        for metric in received(inbox)
        for name, labels, value in _samples(metric)
    }


def received(inbox: Inbox) -> list[Metric]:
    (resource,) = inbox.metrics[-1].resource_metrics
    (scope,) = resource.scope_metrics
    assert scope.scope.name == SCOPE
    return list(scope.metrics)


def _samples(metric: Metric) -> Iterator[tuple[str, dict[str, str], float]]:
    unit = UNITS.get(metric.unit, "")
    base = metric.name.replace(".", "_")
    name = base if base.endswith(unit) else base + unit
    for histogram in metric.histogram.data_points:
        yield from _buckets(name, histogram)
    for number in metric.sum.data_points:
        yield f"{name}_total" if metric.sum.is_monotonic else name, *_number(number)
    for number in metric.gauge.data_points:
        yield name, *_number(number)


def _number(point: NumberDataPoint) -> tuple[dict[str, str], float]:
    value = point.as_double if point.HasField("as_double") else point.as_int
    return _attributes(point.attributes), value


def _buckets(name: str, point: HistogramDataPoint) -> Iterator[tuple[str, dict[str, str], float]]:
    labels = _attributes(point.attributes)
    running = 0
    for bound, count in zip((*point.explicit_bounds, "inf"), point.bucket_counts, strict=True):
        running += count
        yield f"{name}_bucket", {**labels, "le": str(bound)}, running
    yield f"{name}_count", labels, point.count
    yield f"{name}_sum", labels, point.sum


def _attributes(attributes: Iterable[KeyValue]) -> dict[str, str]:
    return {each.key.replace(".", "_"): each.value.string_value for each in attributes}


def push(ledger: Ledger, collector: Collectors = http_collector, **environment: str) -> Inbox:
    """One push of the ledger through the whole export, as at the end of a proxy's life."""

    async def once(endpoint: str) -> None:
        settings = parse({"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, **environment}, "fetch")
        export = ExportPipeline(settings, ledger)
        export.start()
        await export.stop(20.0)

    with collector() as (endpoint, inbox):
        asyncio.run(once(endpoint))
    return inbox


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return scripted()


@pytest.fixture(scope="module")
def inbox(ledger: Ledger) -> Inbox:
    return push(ledger, OTEL_RESOURCE_ATTRIBUTES="service.namespace=mcp-servers")


def of_process(name: str) -> bool:
    return name.startswith("process_")


def test_both_roads_carry_the_same_series(ledger: Ledger, inbox: Inbox) -> None:
    assert scraped(ledger).keys() == pushed(inbox).keys()


def test_both_roads_carry_the_same_values(ledger: Ledger, inbox: Inbox) -> None:
    over_there = pushed(inbox)
    changing = {series for series in over_there if of_process(series[0])}
    here = {series: value for series, value in scraped(ledger).items() if series not in changing}
    assert here == {series: over_there[series] for series in here}
    assert len(changing) == 4


def test_every_metric_of_the_catalogue_is_pushed_as_it_is_declared(inbox: Inbox) -> None:
    got = {metric.name: metric for metric in received(inbox)}
    assert got.keys() == {metric.name for metric in METRICS}
    for metric in METRICS:
        assert (got[metric.name].unit, got[metric.name].description) == (metric.unit, metric.brief)
        kinds = {
            Instrument.COUNTER: "sum",
            Instrument.UP_DOWN_COUNTER: "sum",
            Instrument.GAUGE: "gauge",
            Instrument.HISTOGRAM: "histogram",
        }
        assert got[metric.name].WhichOneof("data") == kinds[metric.instrument]


def test_the_buckets_are_the_catalogues(inbox: Inbox) -> None:
    got = {metric.name: metric for metric in received(inbox)}
    for metric in METRICS:
        for point in got[metric.name].histogram.data_points:
            assert tuple(point.explicit_bounds) == metric.buckets


def test_attributes_that_do_not_apply_are_left_out_on_both_roads(
    ledger: Ledger, inbox: Inbox
) -> None:
    for series in (*scraped(ledger), *pushed(inbox)):
        assert all(value for _, value in series[1])


@pytest.fixture(scope="module")
def after_an_hour() -> Ledger:
    return hour()


@pytest.mark.parametrize(
    ("collector", "protocol"), [(http_collector, "http/protobuf"), (grpc_collector, "grpc")]
)
def test_after_an_hour_of_traffic_both_roads_agree_in_every_sample(
    after_an_hour: Ledger, collector: Collectors, protocol: str
) -> None:
    there = pushed(push(after_an_hour, collector, OTEL_EXPORTER_OTLP_PROTOCOL=protocol))
    here = scraped(after_an_hour)
    assert here.keys() == there.keys()
    assert {each for each in here if here[each] != there[each] and not of_process(each[0])} == set()
    assert len(here) > 5_000
    tools = {dict(labels)["tool"] for name, labels in here if name.endswith("tool_calls_total")}
    assert len(tools) == TOOL_CAP + 1
    clients = {dict(labels)["client"] for name, labels in here if "client" in name}
    assert len(clients) == CLIENT_CAP + 1
    assert min(after_an_hour.overflows.values()) > 0


def test_both_roads_carry_the_same_exemplars(after_an_hour: Ledger) -> None:
    body, _ = render(after_an_hour, "application/openmetrics-text")
    families = openmetrics.text_string_to_metric_families(body.decode())  # type: ignore[no-untyped-call]
    shown = [sample.exemplar for family in families for sample in family.samples]
    here = {(each.labels["trace_id"], each.labels["span_id"], each.value) for each in shown if each}
    there = {
        (exemplar.trace_id.hex(), exemplar.span_id.hex(), exemplar.as_double)
        for metric in received(push(after_an_hour))
        for point in metric.histogram.data_points
        for exemplar in point.exemplars
    }
    assert here == there
    assert len(here) > 100


def test_without_exemplars_there_are_none() -> None:
    ledger = Ledger("fetch", "stdio", exemplars=False)
    ledger.record("ping", "", "POST", 200, Outcome.OK, Fault.NONE, "", "", 0.1, 0.1, 1, 2)
    assert not any(row.exemplars for row in ledger.rows.values())


def test_values_are_cumulative_since_the_ledger_began(ledger: Ledger, inbox: Inbox) -> None:
    (requests,) = (each for each in received(inbox) if each.name == "toolhive_mcp_requests")
    starts = {point.start_time_unix_nano for point in requests.sum.data_points}
    assert starts == {ledger.start_unix_nanoseconds}
    assert requests.sum.aggregation_temporality == 2


def test_exemplars_travel_with_the_histogram(inbox: Inbox) -> None:
    (metric,) = (each for each in received(inbox) if each.name == "mcp.server.operation.duration")
    exemplars = [e for point in metric.histogram.data_points for e in point.exemplars]
    assert {exemplar.as_double for exemplar in exemplars} == {0.01, 0.3, 400.0}
    assert {exemplar.trace_id for exemplar in exemplars} == {(1).to_bytes(16)}


def test_the_resource_names_service_and_sdk(inbox: Inbox) -> None:
    resource = _attributes(inbox.metrics[0].resource_metrics[0].resource.attributes)
    expected = {
        "service_name": "fetch",
        "service_namespace": "mcp-servers",
        "telemetry_sdk_language": "python",
        "telemetry_sdk_name": SCOPE,
    }
    assert resource.items() >= expected.items()
