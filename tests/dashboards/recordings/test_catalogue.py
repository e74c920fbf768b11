"""Every recorded series has the right value, also where there are no calls or no data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from dashboards.recordings import RECORDINGS
from dashboards.recordings.objectives import BURN_WINDOWS, RATED, WINDOWS
from dashboards.recordings.recording import PARTS
from proxy.telemetry.catalogue import (
    EVENT_LOOP_LAG,
    FIRST_EVENT,
    OPERATION_DURATION,
    OVERHEAD,
    REQUEST_DURATION,
    REQUEST_SIZE,
    RESPONSE_SIZE,
    SESSION_DURATION,
    Metric,
)
from tests.dashboards.promtool import History, Promtool

pytestmark = pytest.mark.slow

OF = 'namespace="ns",server="echo"'
REQUESTS = f"toolhive_mcp_requests_total{{{OF}"
BUCKET = f"toolhive_mcp_request_duration_seconds_bucket{{{OF}"
TOOL_CALLS = f'toolhive_mcp_tool_calls_total{{{OF},tool="fetch",status='
TOOL_BUCKET = f'mcp_server_operation_duration_seconds_bucket{{{OF},gen_ai_tool_name="fetch",le='
UP = f'mcp_proxy_upstream_up{{{OF},transport="stdio",pod='
CADVISOR_CPU = 'container_cpu_usage_seconds_total{namespace="ns",pod="echo-0",container='
CADVISOR_MEMORY = CADVISOR_CPU.replace("cpu_usage_seconds_total", "memory_working_set_bytes")
KUBELETSTATS = 'k8s_pod_cpu_usage{namespace="ns",pod='
CPU, MEMORY = "mcp:pod_cpu_cores:rate5m", "mcp:pod_memory_bytes:sum"
ECHO_0 = ',pod="echo-0"'
BAD = ("errors", "slow")


@dataclass(frozen=True, slots=True)
class Recorded:
    """Values, to six digits, `at` the end of a history of samples every `every`; None is no data.

    `more` are labels of the recorded series beside namespace and server.
    """

    name: str
    history: History
    values: Mapping[str, float | None]
    at: str = "9m"
    every: str = "1m"
    more: str = ""

    @property
    def expected(self) -> dict[str, dict[str, float]]:
        labels = f"{{{OF}{self.more}}}"
        return {
            f"round({record}, 0.000001)": {} if value is None else {labels: value}
            for record, value in self.values.items()
        }


def of_methods(series: str, values: str, *methods: str) -> History:
    return {f'{series},mcp_method="{method}"}}': values for method in methods}


def latencies(by_bound: dict[str, str], method: str = "ping") -> History:
    return {f'{BUCKET},mcp_method="{method}",le="{le}"}}': each for le, each in by_bound.items()}


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
    Recorded(
        "short windows: one call a second, 10 % failed, 20 % slow",
        {
            f'{REQUESTS},mcp_method="ping",status="success"}}': "0+54x180",
            f'{REQUESTS},mcp_method="ping",status="error"}}': "0+6x180",
            **latencies({"2": "0+48x180", "5": "0+60x180", "+Inf": "0+60x180"}),
        },
        {f"mcp:calls:rate{window}": 1 for window in RATED}
        | {f"mcp:errors:{what}{window}": 0.1 for what in ("rate", "ratio_rate") for window in RATED}
        | {f"mcp:slow:{what}{window}": 0.2 for what in ("rate", "ratio_rate") for window in RATED}
        | {"mcp:latency:p95_5m": 4.25},
        "180m",
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
    Recorded(
        "outcomes over all methods",
        of_methods(
            f'mcp_proxy_outcomes_total{{{OF},outcome="ok",fault="none"',
            "0+30x9",
            *("ping", "tools/call"),
        ),
        {"mcp:outcomes:rate5m": 1},
        more=',outcome="ok",fault="none"',
    ),
    Recorded(
        "buckets of calls, not of streams",
        latencies({"2": "0+30x9"}) | latencies({"2": "0+30x9"}, "unknown"),
        {"mcp:latency_bucket:rate5m": 0.5},
        more=',le="2"',
    ),
    Recorded(
        "seconds of calls, not of streams",
        of_methods(f"{REQUEST_DURATION.family}_sum{{{OF}", "0+30x9", "ping", "unknown"),
        {"mcp:call_seconds:rate5m": 0.5},
    ),
    Recorded(
        "latency by method",
        latencies({"2": "0+48x9", "5": "0+60x9", "+Inf": "0+60x9"}),
        {"mcp:method_latency:p95_5m": 4.25},
        more=',mcp_method="ping"',
    ),
)

PING = ',transport="stdio",mcp_method="ping",status_code="200",status="success"'
VERSION = ',mcp_protocol_version="2025-11-25"'
OVER_PODS = (
    Recorded(
        "requests by transport, method and status",
        {f'{REQUESTS}{PING},pod="{pod}",method="POST"}}': "0+30x9" for pod in ("a", "b")},
        {"mcp:requests:rate5m": 1},
        more=PING,
    ),
    Recorded(
        "operations by protocol version",
        {
            f"{OPERATION_DURATION.family}_count{{{OF}{VERSION}{tool}}}": "0+30x9"
            for tool in ("", ',gen_ai_tool_name="fetch"')
        },
        {"mcp:operations:rate5m": 1},
        more=VERSION,
    ),
    Recorded(
        "seconds in the proxy",
        {f'{OVERHEAD.family}_sum{{{OF},pod="{pod}"}}': "0+3x9" for pod in ("a", "b")},
        {"mcp:overhead_seconds:rate5m": 0.1},
    ),
    Recorded(
        "CPU of proxies, not of other programs",
        {
            f'process_cpu_seconds_total{{{OF},pod="a"}}': "0+30x9",
            'process_cpu_seconds_total{job="prometheus"}': "0+60x9",
        },
        {"mcp:proxy_cpu_cores:rate5m": 0.5},
    ),
    Recorded(
        "event loop lag",
        {
            f'{EVENT_LOOP_LAG.family}_bucket{{{OF},le="{le}"}}': seen
            for le, seen in (("0.1", "0x9"), ("1", "0+60x9"), ("+Inf", "0+60x9"))
        },
        {"mcp:event_loop_lag:p99_5m": 0.991},
    ),
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


def buckets(name: str, metric: Metric) -> Recorded:
    return Recorded(
        f"{name}: its buckets, over all pods",
        {f'{metric.family}_bucket{{{OF},pod="{pod}",le="1"}}': "0+30x9" for pod in ("a", "b")},
        {f"mcp:{name}_bucket:rate5m": 1},
        more=',le="1"',
    )


MEANS = {"6h": 697.5, "1d": 691, "3d": 676, "30d": 376}
"""Of a value that is the hour's number, at hour 700, over the starts of the window's parts."""


def long_window(noun: str, window: str, more: str = "") -> Recorded:
    part = PARTS[window][1]
    return Recorded(
        f"{noun} over {window}: the mean of the parts",
        {f"mcp:{noun}:rate{part}{{{OF}{more}}}": "0+1x700"},
        {f"mcp:{noun}:rate{window}": MEANS[window]},
        *("700h", "1h", more),
    )


def share(noun: str, window: str) -> Recorded:
    return Recorded(
        f"{noun} over {window}: the share",
        {f"mcp:calls:rate{window}{{{OF}}}": "2x10", f"mcp:{noun}:rate{window}{{{OF}}}": "0.5x10"},
        {f"mcp:{noun}:ratio_rate{window}": 0.25},
    )


def spent(noun: str, budget: float) -> Recorded:
    return Recorded(
        f"{noun}: the budget",
        {f"mcp:{noun}:ratio_rate{window}{{{OF}}}": "0.002x10" for window in BURN_WINDOWS}
        | {f"mcp:{noun}:ratio_rate30d{{{OF}}}": f"{0.3 * budget}x10"},
        {f"mcp:{noun}:burn_rate{window}": round(0.002 / budget, 6) for window in BURN_WINDOWS}
        | {f"mcp:{noun}:budget_left_ratio": 0.7},
    )


def windows() -> Iterator[Recorded]:
    yield from (long_window(noun, window) for noun in ("calls", *BAD) for window in PARTS)
    yield from (long_window("tool_calls", window, ',tool="fetch"') for window in ("6h", "1d"))
    yield from (share(noun, window) for noun in BAD for window in PARTS)
    yield from (spent("errors", 0.005), spent("slow", 0.05))
    yield Recorded(
        "what a new server lacks of a long window counts as 0",
        {f"mcp:calls:rate1h{{{OF}}}": "6x10"},
        {"mcp:calls:rate6h": 1},
    )
    yield Recorded(
        "an hour without Prometheus at the end of a part costs nothing",
        {f"mcp:calls:rate1h{{{OF}}}": "6x290 _x25 6x60"},
        {"mcp:calls:rate6h": 6},
        "360m",
    )


EVERY = (
    *(*RATES, *OVER_PODS, *PODS, *windows()),
    buckets("overhead", OVERHEAD),
    buckets("session_duration", SESSION_DURATION),
    buckets("request_size", REQUEST_SIZE),
    buckets("response_size", RESPONSE_SIZE),
    buckets("first_event", FIRST_EVENT),
)


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
def test_a_recording_has_its_value(case: Recorded, promtool: Promtool) -> None:
    assert promtool.values(case.history, case.at, case.expected, case.every) == ""


def test_every_recording_has_a_case() -> None:
    assert {record for case in EVERY for record in case.values} == {r.record for r in RECORDINGS}


def test_windows_lead_from_minutes_to_the_budgets_month() -> None:
    assert WINDOWS == ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")


def test_no_rule_rates_raw_samples_over_more_than_two_hours() -> None:
    exprs = {each.record: str(each.expr) for each in RECORDINGS}

    assert [record for record, expr in exprs.items() if "rate(" in expr and "d]" in expr] == []
