"""Every recorded series has the right value, also where there are no calls or no data."""

import re

from dashboards import BOARDS
from dashboards.recordings import RECORDINGS
from proxy.telemetry.catalogue import OVERHEAD
from tests.dashboards.alerts.cases import OF, REQUESTS
from tests.dashboards.recordings import test_objectives, test_recording
from tests.dashboards.recordings.cases import Recorded, latencies, of_methods, recordings_test

TOOL_CALLS = f'toolhive_mcp_tool_calls_total{{{OF},tool="fetch",status='
TOOL_BUCKET = f'mcp_server_operation_duration_seconds_bucket{{{OF},gen_ai_tool_name="fetch",le='
RESULT = "mcp_proxy_result_size_bytes"
UP = f'mcp_proxy_upstream_up{{{OF},transport="stdio",pod='
CADVISOR_CPU = 'container_cpu_usage_seconds_total{namespace="ns",pod="echo-0",container='
CADVISOR_MEMORY = CADVISOR_CPU.replace("cpu_usage_seconds_total", "memory_working_set_bytes")
KUBELETSTATS = 'k8s_pod_cpu_usage{namespace="ns",pod='
CPU, MEMORY = "mcp:pod_cpu_cores:rate5m", "mcp:pod_memory_bytes:sum"
ECHO_0 = ',pod="echo-0"'


RATES = (
    Recorded(
        "calls are counted without streams and notifications",
        of_methods(
            REQUESTS,
            "0+60x10",
            *("tools/call", "unknown", "sse_connection", "notifications/initialized"),
        ),
        {"mcp:calls:rate5m": 1},
    ),
    Recorded(
        "the error ratio is 0 where no call has failed yet",
        {f'{REQUESTS},mcp_method="ping",status="success"}}': "0+60x10"},
        {"mcp:errors:ratio_rate5m": 0},
    ),
    Recorded(
        "an idle server has calls but neither a ratio nor a latency",
        {f'{REQUESTS},mcp_method="ping",status="success"}}': "7x10", **latencies({"+Inf": "7x10"})},
        {"mcp:calls:rate5m": 0, "mcp:errors:ratio_rate5m": None, "mcp:latency:p95_5m": None},
    ),
    *(
        Recorded(
            f"latency with a bucket written {le}",
            latencies({le: "0+60x10", "+Inf": "0+60x10"}),
            {"mcp:latency:p95_5m": 0.95},
        )
        for le in ("1", "1.0")
    ),
    *(
        Recorded(
            f"buckets for milliseconds that hold seconds have no quantiles ({le})",
            latencies({"0": "0x10", "5": "0+60x10", le: "0+60x10", "+Inf": "0+60x10"}),
            {"mcp:latency:p95_5m": None, "mcp:latency_bucket:rate5m": None},
        )
        for le in ("7500", "7500.0")
    ),
    Recorded(
        "a tool's mean result leaves resources out",
        {
            f'{RESULT}_{part}{{{OF},mcp_method="{method}",target="fetch"}}': f"0+{each}x10"
            for method, size in (("tools/call", 2000), ("resources/read", 9000))
            for part, each in (("sum", size), ("count", 1))
        },
        {"mcp:tool_result_bytes:mean1h": 2000, "mcp:tool_result_bytes:mean1d": 2000},
        more=',tool="fetch"',
    ),
    Recorded(
        "tools: one call a minute, a quarter failed",
        {
            f'{TOOL_CALLS}"success"}}': "0+3x90",
            f'{TOOL_CALLS}"error"}}': "0+1x90",
            f'{TOOL_BUCKET}"10"}}': "0x90",
            f'{TOOL_BUCKET}"30"}}': "0+4x90",
            f'{TOOL_BUCKET}"+Inf"}}': "0+4x90",
        },
        {
            "mcp:tool_calls:rate5m": 0.066667,
            "mcp:tool_calls:rate1h": 0.066667,
            "mcp:tool_errors:rate5m": 0.016667,
            "mcp:tool_errors:ratio_rate5m": 0.25,
            "mcp:tool_latency:p95_5m": 29,
        },
        "90m",
        more=',tool="fetch"',
    ),
)

STATE = (
    Recorded(
        "series: a histogram's once, those of a process not",
        {
            f'{OVERHEAD.family}_count{{{OF},pod="a"}}': "1x9",
            f'{OVERHEAD.family}_count{{{OF},pod="b"}}': "1x9",
            f'{OVERHEAD.family}_bucket{{{OF},le="1"}}': "1x9",
            f"process_open_fds{{{OF}}}": "1x9",
        },
        {"mcp:series:count": 2},
        more=f',family="{OVERHEAD.family}_count"',
    ),
    Recorded(
        "the newest sample",
        {f"mcp_proxy_upstream_up{{{OF}}}": "1x7", f'{REQUESTS},status="success"}}': "0x3"},
        {"mcp:sample:newest_timestamp": 420},
        "10m",
    ),
)
PODS = (
    Recorded(
        "CPU of a pod is the sum of its containers, without the whole pod again",
        {
            f'{UP}"echo-0"}}': "1x10",
            f'{CADVISOR_CPU}"proxy"}}': "0+15x10",
            f'{CADVISOR_CPU}"server"}}': "0+30x10",
            f'{CADVISOR_CPU}""}}': "0+45x10",
        },
        {CPU: 0.75},
        more=ECHO_0,
    ),
    Recorded(
        "CPU and memory of a pod are the whole pod's where cAdvisor knows no containers (Docker)",
        {
            f'{UP}"echo-0"}}': "1x10",
            f'{CADVISOR_CPU}"",id="/kubepods/podX"}}': "0+45x10",
            f'{CADVISOR_MEMORY}"",id="/kubepods/podX"}}': "100x10",
        },
        {CPU: 0.75, MEMORY: 100},
        more=ECHO_0,
    ),
    Recorded(
        "CPU of a pod comes from kubeletstats where there is no cAdvisor",
        {f'{UP}"echo-0"}}': "1x10", f'{KUBELETSTATS}"echo-0"}}': "0.25x10"},
        {CPU: 0.25},
        more=ECHO_0,
    ),
    Recorded(
        "pods that no proxy reports from are not recorded",
        {f'{UP}"echo-0"}}': "1x10", f'{KUBELETSTATS}"echo-1"}}': "0.5x10"},
        {CPU: None},
    ),
    Recorded(
        "memory of a pod is the sum of its containers",
        {
            f'{UP}"echo-0"}}': "1x10",
            f'{CADVISOR_MEMORY}"proxy"}}': "60x10",
            f'{CADVISOR_MEMORY}"server"}}': "40x10",
        },
        {MEMORY: 100},
        more=ECHO_0,
    ),
)


CASES = (*RATES, *STATE, *PODS)

test_recordings = recordings_test(CASES)


def test_every_recording_has_a_case_or_is_read_by_signals_that_have() -> None:
    every = (*CASES, *test_recording.CASES, *test_objectives.CASES)
    shown = (panel.signal for board in BOARDS for panel in board.panels)
    read = re.findall(r"mcp:\w+:\w+", " ".join(str(q.expr) for s in shown for q in s.queries))

    tested = {record for case in every for record in case.values} | set(read)
    assert tested == {each.record for each in RECORDINGS}
