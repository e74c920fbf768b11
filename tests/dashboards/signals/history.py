"""Fifteen minutes of one server, its proxy and the pipeline, and what signals make of them.

Of 60 calls a minute 6 fail: of 54 tool calls 5, of 3 initialize requests 1, of 3 lists none. A call
takes a second, a tenth of it in the proxy; 6 calls take more than 2 s.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable
from types import ModuleType

import pytest

from dashboards import signals
from dashboards.queries import concrete
from dashboards.signal import Query, Signal
from tests.dashboards.promtool import History, Promtool

OF = 'namespace="ns",server="echo"'
PROXY = f'job="ns/echo",{OF},transport="stdio",pod="a"'


def rising(name: str, labels: str, per_minute: float) -> History:
    return {f"{name}{{{labels}}}": f"0+{per_minute}x15"}


def steady(name: str, labels: str, value: float) -> History:
    return {f"{name}{{{labels}}}": f"{value}x15"}


def histogram(name: str, labels: str, seconds: float, **upto: int) -> History:
    """Observations a minute by bucket; `le_0_5` is the bucket up to 0.5."""
    bounds = {key.removeprefix("le_").replace("_", "."): n for key, n in upto.items()}
    last = max(bounds.values())
    history = rising(f"{name}_sum", labels, seconds) | rising(f"{name}_count", labels, last)
    for bound, n in (*bounds.items(), ("+Inf", last)):
        history |= rising(f"{name}_bucket", f'{labels},le="{bound}"', n)
    return history


def calls(method: str, status: str, per_minute: float) -> History:
    labels = f'{PROXY},mcp_method="{method}",status="{status}",status_code="200"'
    return rising("toolhive_mcp_requests_total", labels, per_minute)


def outcome(name: str, fault: str, per_minute: float) -> History:
    labels = f'{PROXY},mcp_method="tools/call",outcome="{name}",fault="{fault}"'
    return rising("mcp_proxy_outcomes_total", labels, per_minute)


def durations(method: str, seconds: float, **upto: int) -> History:
    labels = f'{PROXY},mcp_method="{method}"'
    return histogram("toolhive_mcp_request_duration_seconds", labels, seconds, **upto)


def caller(tool_class: str, outcome: str, per_minute: float) -> History:
    labels = f'{PROXY},tool_class="{tool_class}",outcome="{outcome}"'
    return {
        **rising("mcp_proxy_client_calls_total", f'{labels},client="agent"', per_minute),
        **rising("mcp_proxy_principal_calls_total", f'{labels},principal="alice"', per_minute),
    }


def definition(tool: str, **parts: int) -> History:
    """The size of a tool's definition by part."""
    name = "mcp_proxy_tool_definition_size_bytes"
    every = (
        steady(name, f'{PROXY},tool="{tool}",part="{part}"', size) for part, size in parts.items()
    )
    return {series: values for each in every for series, values in each.items()}


RESULT = f'{PROXY},mcp_method="tools/call",target="fetch"'
SPAN = "mcp_server_operation_duration_seconds"
OPERATION = f'{PROXY},mcp_protocol_version="2025-11-25",gen_ai_tool_name="fetch"'
CALLS: History = {
    **calls("tools/call", "success", 49),
    **calls("tools/call", "error", 5),
    **calls("initialize", "success", 2),
    **calls("initialize", "error", 1),
    **calls("tools/list", "success", 3),
    **calls("unknown", "success", 30),
    **durations("tools/call", 54, le_0_5=27, le_2=48, le_5=54, le_10=54),
    **durations("initialize", 6, le_0_5=6, le_2=6, le_5=6, le_10=6),
    **durations("unknown", 900, le_0_5=0, le_2=0, le_5=0, le_10=0, le_300=9),
    **outcome("ok", "none", 42),
    **outcome("tool_error", "server", 6),
    **outcome("timeout", "server", 3),
    **outcome("transport_error", "server", 3),
    **outcome("rejected", "caller", 6),
    **rising("toolhive_mcp_tool_calls_total", f'{PROXY},tool="fetch",status="success"', 48),
    **rising("toolhive_mcp_tool_calls_total", f'{PROXY},tool="fetch",status="error"', 6),
    f'toolhive_mcp_tool_calls_total{{{PROXY},tool="once",status="success"}}': "_x12 1x3",
    **histogram(SPAN, OPERATION, 48, le_2=24, le_5=48),
    **histogram(SPAN, f'{OPERATION},error_type="tool_error"', 6, le_2=3, le_5=6),
    **histogram("mcp_server_session_duration_seconds", f'{PROXY},error_type=""', 60, le_60=3),
    **caller("read_only", "ok", 48),
    **caller("read_only", "tool_error", 6),
    **caller("", "ok", 5),
    **caller("", "protocol_error", 1),
    **steady("mcp_proxy_client_info", f'{PROXY},client="agent",version="2.1"', 1),
    **rising("mcp_proxy_client_results_bytes_total", f'{PROXY},client="agent"', 9000),
    **histogram("mcp_proxy_result_size_bytes", RESULT, 108_000, le_4096=54),
    **rising("mcp_proxy_refusals_total", f'{PROXY},reason="host"', 12),
    **histogram("mcp_proxy_request_size_bytes", PROXY, 60, le_1000=60),
    **histogram("mcp_proxy_response_size_bytes", PROXY, 60, le_2000=60),
    **histogram("mcp_proxy_stream_first_event_seconds", PROXY, 60, le_1=60),
}
STATE: History = {
    **histogram("mcp_proxy_overhead_seconds", PROXY, 6, le_0_05=30, le_0_1=60),
    **histogram("mcp_proxy_event_loop_lag_seconds", PROXY, 6, le_0_1=30, le_0_5=60),
    **steady("mcp_proxy_upstream_up", PROXY, 1),
    **steady("mcp_proxy_sessions", PROXY, 4),
    **steady("mcp_proxy_streams", PROXY, 3),
    **definition("fetch", name=10, description=200, schema=150, other=40),
    **definition("idle", name=4, description=96),
    **definition("once", name=0),
    **steady("mcp_proxy_tools_listed", PROXY, 2),
    **steady("toolhive_mcp_active_connections", PROXY, 5),
    **steady("mcp_proxy_requests_in_flight", PROXY, 2),
    **steady("mcp_proxy_upstream_links", f'{PROXY},state="open"', 4),
    **rising("process_cpu_seconds_total", PROXY, 30),
    **rising("process_cpu_seconds_total", 'job="prometheus"', 60),
    **steady("process_resident_memory_bytes", PROXY, 400),
    **steady("process_open_fds", PROXY, 20),
    **steady("process_start_time_seconds", PROXY, 300),
    **steady("k8s_pod_cpu_usage", 'namespace="ns",pod="a"', 0.25),
    **steady("k8s_pod_memory_working_set_bytes", 'namespace="ns",pod="a"', 300),
    **steady("k8s_pod_cpu_usage", 'namespace="ns",pod="a"', 0.25),
    **steady("k8s_pod_memory_working_set_bytes", 'namespace="ns",pod="a"', 300),
    **rising("mcp_proxy_telemetry_dropped_total", f'{PROXY},signal="traces",reason="x"', 12),
    **rising("mcp_proxy_label_overflow_total", f'{PROXY},label="tool"', 2),
    **rising("mcp_proxy_label_overflow_total", f'{PROXY},label="client"', 3),
    **rising("mcp_proxy_wasted_requests_total", f'{PROXY},reason="unlisted_tool",tool=""', 6),
    **rising("mcp_proxy_tool_changes_total", f'{PROXY},change="tool_added"', 2),
    **rising("mcp_proxy_tool_changes_total", f'{PROXY},change="tool_removed"', 1),
    **rising("mcp_proxy_tool_changes_total", f'{PROXY},change="description_changed"', 0),
    **steady("mcp_proxy_tool_baseline_differences", f'{PROXY},change="tool_added"', 3),
    **rising("mcp_proxy_upstream_restarts_total", PROXY, 1),
    **rising("mcp_proxy_upstream_killed_total", f'{PROXY},signal="SIGKILL"', 3),
    **steady(
        "ALERTS", f'alertname="MCPServerDown",alertstate="firing",severity="critical",{OF}', 1
    ),
    **steady("ALERTS_FOR_STATE", f'alertname="MCPServerDown",severity="critical",{OF}', 300),
}
COLLECTOR = 'job="otel-collector",instance="c"'
WRITE = 'job="prometheus",instance="p",handler="/api/v1/write"'
PIPELINE: History = {
    **rising("otelcol_receiver_accepted_spans", f'{COLLECTOR},receiver="otlp"', 60),
    **rising("otelcol_receiver_refused_spans", f'{COLLECTOR},receiver="otlp"', 6),
    **rising("otelcol_exporter_sent_spans", f'{COLLECTOR},exporter="jaeger"', 48),
    **rising("otelcol_exporter_send_failed_spans", f'{COLLECTOR},exporter="jaeger"', 12),
    **rising("otelcol_receiver_accepted_metric_points", f'{COLLECTOR},receiver="otlp"', 120),
    **rising("otelcol_receiver_failed_metric_points", f'{COLLECTOR},receiver="otlp"', 18),
    **rising("otelcol_exporter_sent_metric_points", f'{COLLECTOR},exporter="prom"', 90),
    **rising("otelcol_exporter_enqueue_failed_metric_points", f'{COLLECTOR},exporter="prom"', 30),
    **rising("otelcol_receiver_accepted_log_records", f'{COLLECTOR},receiver="otlp"', 30),
    **rising("otelcol_receiver_refused_log_records", f'{COLLECTOR},receiver="otlp"', 3),
    **rising("otelcol_exporter_sent_log_records", f'{COLLECTOR},exporter="logs"', 24),
    **rising("otelcol_exporter_send_failed_log_records", f'{COLLECTOR},exporter="logs"', 6),
    **steady("otelcol_exporter_queue_size", f'{COLLECTOR},exporter="prom",data_type="x"', 25),
    **steady("otelcol_exporter_queue_capacity", f'{COLLECTOR},exporter="prom",data_type="x"', 100),
    **steady("otelcol_process_memory_rss", COLLECTOR, 700),
    **rising("prometheus_http_requests_total", f'{WRITE},code="204"', 30),
    **histogram("prometheus_http_request_duration_seconds", WRITE, 30, le_1=30),
    **rising("prometheus_tsdb_out_of_order_samples_total", 'job="prometheus",type="float"', 6),
    **rising("prometheus_tsdb_too_old_samples_total", 'job="prometheus",type="float"', 3),
    **steady("prometheus_tsdb_head_series", 'job="prometheus",instance="p"', 9000),
    **rising("prometheus_tsdb_head_samples_appended_total", 'job="prometheus",instance="p"', 600),
    **rising("prometheus_rule_evaluation_failures_total", 'job="prometheus",rule_group="x"', 1),
    **steady("up", 'job="ns/echo",instance="e"', 1),
    **steady("scrape_duration_seconds", 'job="ns/echo",instance="e"', 0.5),
    **steady("scrape_samples_scraped", 'job="ns/echo",instance="e"', 800),
}
GENERATOR = f'{OF},transport="streamable-http",test="streamable-20"'
LOAD: History = {
    **rising("mcp_load_calls_due_total", GENERATOR, 90),
    **rising("mcp_load_calls_sent_total", GENERATOR, 60),
    **rising("mcp_load_calls_total", f'{GENERATOR},outcome="ok"', 48),
    **rising("mcp_load_calls_total", f'{GENERATOR},outcome="timeout"', 6),
    **histogram("mcp_load_latency_seconds", GENERATOR, 54, le_0_5=27, le_1=54),
    **histogram("mcp_load_lag_seconds", GENERATOR, 6, le_0_001=0, le_0_002=60),
    **steady("mcp_load_calls_in_flight", GENERATOR, 6),
    **steady("mcp_load_calls_waiting", GENERATOR, 30),
}
HISTORY = CALLS | STATE | PIPELINE | LOAD


def asked(signal: Signal, column: str = "", window: str = "10m") -> str:
    """A signal's answer for all servers and so much time, by the minute, rounded."""
    found = next(each for each in signal.queries if column in ("", each.name))
    return f"round({concretely(found, window)}, 1e-6)"


def concretely(query: Query, window: str) -> str:
    """The query for all servers, by the minute where Grafana has a second."""
    expr = concrete(str(query.expr), window=window)
    return expr.replace(":1s]", ":1m]")


TESTED: set[int] = set()
"""The identities of all signals whose values a test of this folder has."""
EXPECTED: dict[Query, float | None] = {}
"""What queries of those signals add up to, over 5 minutes; None for no data."""


def signals_of(module: ModuleType) -> dict[str, Signal]:
    """Signals by name; those of a tuple have its number at the end."""
    found: dict[str, Signal] = {}
    for name, each in vars(module).items():
        if isinstance(each, Signal):
            found[name] = each
        elif isinstance(each, tuple) and each and isinstance(each[0], Signal):
            found |= {f"{name}{number}": one for number, one in enumerate(each)}
    fallbacks = {f"{name}.fallback": each.fallback for name, each in found.items() if each.fallback}
    return found | fallbacks


def summed(expr: str, value: float | None) -> dict[str, dict[str, float]]:
    """What must come of the sum of an answer, for promtool."""
    return {f"round(sum({expr}), 0.001)": {} if value is None else {"{}": value}}


def every_expected() -> dict[Query, float | None]:
    """EXPECTED, of the tests of all modules of signals."""
    for module in pkgutil.iter_modules(signals.__path__):
        importlib.import_module(f"tests.dashboards.signals.test_{module.name}")
    return EXPECTED


def scaled(values: str) -> str:
    """Three times as many of everything."""
    return " ".join(
        re.sub(r"^(-?[0-9.]+)(\+([0-9.]+))?(?=x|$)", _threefold, part) for part in values.split()
    )


def _threefold(found: re.Match[str]) -> str:
    start, step = float(found[1]) * 3, found[3]
    return f"{start:g}+{float(step) * 3:g}" if step else f"{start:g}"


def values_test(module: ModuleType, table: str) -> Callable[..., None]:
    """A test of what queries of signals add up to, over 5 minutes.

    The table has `NAME value` for each signal, with a value for each query, and - for no data.
    """
    signals, expected = signals_of(module), dict[str, dict[str, float]]()
    for name, *values in (each.split() for each in table.split(",")):
        TESTED.add(id(signals[name]))
        for query, value in zip(signals[name].queries, values, strict=True):
            EXPECTED[query] = None if value == "-" else float(value)
            expected |= summed(concretely(query, "5m"), EXPECTED[query])

    @pytest.mark.slow
    def test(promtool: Promtool) -> None:
        complaint = promtool.values(HISTORY, "15m", expected)
        assert not complaint, complaint

    return test
