"""Nothing fires on an installation that is new or idle, whatever the architecture."""

import pytest

from tests.dashboards.alerts.cases import BUCKET, OF, REQUESTS, UP
from tests.dashboards.promtool import History, Promtool

pytestmark = pytest.mark.slow

TIMES = ("12m", "25m", "45m")
FLAT = "x45"

COLLECTOR_JOB = 'job="otel-collector",instance="c"'
QUEUE = f'{COLLECTOR_JOB},exporter="otlp",data_type="traces"'
COLLECTOR = {
    f"otelcol_process_memory_rss_bytes{{{COLLECTOR_JOB}}}": f"100{FLAT}",
    f"otelcol_exporter_queue_size{{{QUEUE}}}": f"0{FLAT}",
    f"otelcol_exporter_queue_capacity{{{QUEUE}}}": f"1000{FLAT}",
    f"up{{{COLLECTOR_JOB}}}": f"1{FLAT}",
}
PROMETHEUS = {
    'prometheus_rule_evaluation_failures_total{rule_group="/etc/mcp.yaml;mcp-errors"}': f"0{FLAT}",
    'up{job="prometheus",instance="p"}': f"1{FLAT}",
}
LABELS = f'{OF},pod="echo-0",transport="stdio",job="ns/echo"'


def proxy(since: str = "") -> History:
    """Our proxy before a server that nobody calls; it appears after `since`."""
    states = {
        "mcp_proxy_upstream_up": "1",
        "mcp_proxy_sessions": "0",
        "mcp_proxy_streams": "0",
        "toolhive_mcp_active_connections": "0",
        "process_start_time_seconds": "1700000000",
        "process_resident_memory_bytes": "60000000",
    }
    gauges = {f"{name}{{{LABELS}}}": f"{since}{value}{FLAT}" for name, value in states.items()}
    lag = {
        f'mcp_proxy_event_loop_lag_seconds_bucket{{{LABELS},le="{bound}"}}': f"{since}0+60{FLAT}"
        for bound in ("0.001", "0.25", "+Inf")
    }
    return gauges | lag | {f"process_cpu_seconds_total{{{LABELS}}}": f"{since}0+0.1{FLAT}"}


def once_called() -> History:
    """What is left of the first call of all, made by a person who tried."""
    return {
        f'{REQUESTS},pod="echo-0",mcp_method="initialize",status="success"}}': "_x9 1x40",
        f'{REQUESTS},pod="echo-0",mcp_method="tools/call",status="error"}}': "_x9 1x40",
        f'{BUCKET},pod="echo-0",mcp_method="tools/call",status="error",le="2"}}': "_x9 0x40",
        f'{BUCKET},pod="echo-0",mcp_method="tools/call",status="error",le="+Inf"}}': "_x9 1x40",
        f'toolhive_mcp_tool_calls_total{{{OF},pod="echo-0",tool="x",status="error"}}': "_x9 1x40",
    }


SCRAPED = {'up{job="ns/echo",instance="e"}': f"1{FLAT}"}
WRITTEN = {
    'prometheus_http_requests_total{handler="/api/v1/write",code="204"}': f"0+4{FLAT}",
    'prometheus_tsdb_out_of_order_samples_total{type="float"}': f"0{FLAT}",
}
STACK = COLLECTOR | PROMETHEUS

IDLE: dict[str, History] = {
    "otel-scrape": STACK | proxy(),
    "otel-remote-write": STACK | WRITTEN | proxy(),
    "direct-scrape": STACK | SCRAPED | proxy(),
    "hybrid": STACK | SCRAPED | proxy() | once_called(),
    "no server yet": STACK,
    "a server that came later": STACK | proxy("_x20 "),
    "a server that was tried once": STACK | proxy() | once_called(),
    "ToolHive's proxy, tried once": STACK | once_called(),
}


@pytest.mark.parametrize("history", IDLE.values(), ids=IDLE)
def test_nothing_fires_on_an_idle_installation(history: History, promtool: Promtool) -> None:
    assert promtool.firing(history, TIMES) == ""


def test_the_same_installation_alerts_when_its_server_goes_down(promtool: Promtool) -> None:
    down = IDLE["direct-scrape"] | {f'{UP},pod="b"}}': "0x45"}
    gone = {series: values for series, values in down.items() if "echo-0" not in series}

    assert "MCPServerDown" in promtool.firing(gone, TIMES)
