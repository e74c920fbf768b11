"""What `/metrics` shows, read back by prometheus-client's own parsers."""

from collections.abc import Iterable, Iterator

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from prometheus_client.samples import Sample

from proxy.telemetry.catalogue import METRICS, Fault, Outcome
from proxy.telemetry.ledger import Ledger
from proxy.telemetry.prometheus import render

PLAIN = "text/plain;version=0.0.4"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger("fetch", "stdio")
    call = ("tools/call", "echo", "POST", 200, Outcome.OK, Fault.NONE, "", "2025-11-25")
    ledger.record(*call, 0.015, 0.00006, trace_id=0xABC, span_id=0xDEF)
    return ledger


def families(ledger: Ledger) -> Iterator[Metric]:
    body, _ = render(ledger, PLAIN)
    return iter(parse_text(body.decode()))


def openmetrics_families(ledger: Ledger) -> Iterator[Metric]:
    body, _ = render(ledger, OPENMETRICS)
    parse = openmetrics.text_string_to_metric_families
    yield from parse(body.decode())  # type: ignore[no-untyped-call]  # untyped upstream


def samples(metrics: Iterable[Metric], name: str) -> list[Sample]:
    return [each for metric in metrics for each in metric.samples if each.name == name]


def value(ledger: Ledger, name: str, **labels: str) -> float:
    found = samples(families(ledger), name)
    (one,) = (each for each in found if each.labels.items() >= labels.items())
    return one.value


def test_every_family_of_the_catalogue_is_exposed(ledger: Ledger) -> None:
    assert {each.name for each in openmetrics_families(ledger)} == {
        metric.family for metric in METRICS
    }


def test_no_label_is_exposed_that_the_catalogue_does_not_name(ledger: Ledger) -> None:
    allowed = {metric.family: {*metric.labels, "le"} for metric in METRICS}
    for metric in families(ledger):
        for sample in metric.samples:
            assert sample.labels.keys() <= allowed[metric.name]


def test_created_series_are_not_exposed(ledger: Ledger) -> None:
    body, _ = render(ledger, OPENMETRICS)
    assert b"_created" not in body


def test_plain_text_is_the_answer_to_who_does_not_ask_for_openmetrics(ledger: Ledger) -> None:
    body, content_type = render(ledger, "")
    assert content_type.startswith("text/plain")
    assert b"# EOF" not in body


@pytest.mark.parametrize("version", ["x", "1..0", "1.x", "\xe9", "", "9" * 20])
@pytest.mark.parametrize("kind", ["text/plain", "application/openmetrics-text"])
def test_a_version_that_is_none_is_answered(ledger: Ledger, kind: str, version: str) -> None:
    assert b"toolhive_mcp_requests" in render(ledger, f"{kind};version={version};escaping=x")[0]


def test_openmetrics_carries_the_exemplar_of_a_bucket(ledger: Ledger) -> None:
    assert render(ledger, OPENMETRICS)[1].startswith("application/openmetrics-text")
    buckets = samples(openmetrics_families(ledger), "mcp_server_operation_duration_seconds_bucket")
    (exemplar,) = (each.exemplar for each in buckets if each.exemplar)
    assert exemplar.labels == {"trace_id": f"{0xABC:032x}", "span_id": f"{0xDEF:016x}"}
    assert exemplar.value == 0.015


def test_buckets_are_cumulative_and_end_in_the_count(ledger: Ledger) -> None:
    buckets = samples(families(ledger), "toolhive_mcp_request_duration_seconds_bucket")
    counts = [each.value for each in buckets]
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert counts[-1] == value(ledger, "toolhive_mcp_request_duration_seconds_count") == 1


def test_failures_are_exposed_at_zero_before_the_first_one(ledger: Ledger) -> None:
    tool = {"tool": "echo", "status": "error"}
    outcome = {"mcp_method": "tools/call", "outcome": "tool_error", "fault": "server"}
    duration = "mcp_server_operation_duration_seconds_count"
    assert value(ledger, "toolhive_mcp_tool_calls_total", **tool) == 0
    assert value(ledger, "toolhive_mcp_requests_total", status="error", status_code="200") == 0
    assert value(ledger, "mcp_proxy_outcomes_total", **outcome) == 0
    assert value(ledger, duration, gen_ai_tool_name="echo", error_type="tool_error") == 0


def test_a_failure_counts_on_the_series_that_stood_at_zero(ledger: Ledger) -> None:
    before = render(ledger, PLAIN)[0].count(b"toolhive_mcp_tool_calls_total{")
    failure = ("POST", 200, Outcome.TOOL_ERROR, Fault.SERVER, "tool_error", "2025-11-25")
    ledger.record("tools/call", "echo", *failure, 0.5, 0.0001)
    assert value(ledger, "toolhive_mcp_tool_calls_total", tool="echo", status="error") == 1
    assert value(ledger, "toolhive_mcp_tool_calls_total", tool="echo", status="success") == 1
    assert render(ledger, PLAIN)[0].count(b"toolhive_mcp_tool_calls_total{") == before


def test_status_is_success_only_for_ok_whatever_the_http_status(ledger: Ledger) -> None:
    failure = (Outcome.PROTOCOL_ERROR, Fault.CALLER, "-32602", "")
    ledger.record("tools/call", "nope", "POST", 200, *failure, 0.5, 0.0001)
    assert value(ledger, "toolhive_mcp_requests_total", status="error", status_code="200") == 1
    assert value(ledger, "toolhive_mcp_requests_total", status="success", status_code="200") == 1


def test_state_set_by_the_rim_is_exposed(ledger: Ledger) -> None:
    ledger.connections, ledger.sessions, ledger.streams = 3, 2, 1
    ledger.upstream_up, ledger.upstream_restarts = 1, 4
    assert value(ledger, "toolhive_mcp_active_connections") == 3
    assert value(ledger, "mcp_proxy_sessions") == 2
    assert value(ledger, "mcp_proxy_streams") == 1
    assert value(ledger, "mcp_proxy_upstream_up") == 1
    assert value(ledger, "mcp_proxy_upstream_restarts_total") == 4


def test_unknown_status_codes_are_written_as_other(ledger: Ledger) -> None:
    ledger.record("ping", "", "POST", 999, Outcome.OK, Fault.NONE, "", "", 0.5, 0.0001)
    found = samples(families(ledger), "toolhive_mcp_requests_total")
    assert {each.labels["status_code"] for each in found} == {"200", "other"}


def test_the_network_transport_follows_the_servers_transport() -> None:
    for transport, network in (("stdio", "pipe"), ("streamable-http", "tcp")):
        ledger = Ledger("fetch", transport)
        ledger.record("ping", "", "POST", 200, Outcome.OK, Fault.NONE, "", "", 0.5, 0.0001)
        name = "mcp_server_operation_duration_seconds_count"
        assert value(ledger, name, network_transport=network, transport=transport) == 1


def test_totals_do_not_fall_when_a_tool_gives_way_to_another() -> None:
    ledger = Ledger("fetch", "stdio", tool_cap=1)
    ok = ("POST", 200, Outcome.OK, Fault.NONE, "", "", 0.5, 0.0001)
    for tool in ("first", "second", "second"):
        ledger.record("tools/call", tool, *ok)
    assert value(ledger, "toolhive_mcp_requests_total", status="success") == 3
    assert value(ledger, "mcp_proxy_outcomes_total", outcome="ok") == 3
    calls = samples(families(ledger), "toolhive_mcp_tool_calls_total")
    assert {each.labels["tool"]: each.value for each in calls if each.value} == {"second": 2}
    by_tool = samples(families(ledger), "mcp_server_operation_duration_seconds_count")
    assert {each.labels["gen_ai_tool_name"] for each in by_tool} == {"second"}


def test_beyond_the_cap_more_tool_names_make_no_more_series() -> None:
    ledger = Ledger("fetch", "stdio", tool_cap=5)
    ok = ("POST", 200, Outcome.OK, Fault.NONE, "", "", 0.5, 0.0001)
    sizes = []
    for count in (50, 5000):
        for number in range(count):
            ledger.record("tools/call", f"tool-{count}-{number}", *ok)
        sizes.append(sum(len(metric.samples) for metric in families(ledger)))
    assert sizes[0] == sizes[1]
    assert value(ledger, "mcp_proxy_label_overflow_total", label="tool") == 5044
