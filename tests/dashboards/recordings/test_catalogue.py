"""The recorded indicators are the right numbers, also where nothing or nobody is."""

from dataclasses import dataclass

import pytest

from dashboards.recordings import RECORDINGS
from dashboards.recordings.objectives import RATED, WINDOWS
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

Samples = dict[str, dict[str, float]]
OF = 'namespace="ns",server="echo"'
REQUESTS = f"toolhive_mcp_requests_total{{{OF}"
BUCKET = f"toolhive_mcp_request_duration_seconds_bucket{{{OF}"


def recorded(name: str, more: str = "") -> str:
    return f"{name}{{{OF}{more}}}"


def test_calls_are_counted_without_streams_and_notifications(promtool: Promtool) -> None:
    history = {
        f'{REQUESTS},mcp_method="{method}"}}': "0+60x10"
        for method in ("tools/call", "unknown", "sse_connection", "notifications/initialized")
    }

    assert (
        promtool.values(history, "10m", {"mcp:calls:rate5m": {recorded("mcp:calls:rate5m"): 1}})
        == ""
    )


def test_the_error_ratio_is_zero_where_no_call_has_failed_yet(promtool: Promtool) -> None:
    history = {f'{REQUESTS},mcp_method="ping",status="success"}}': "0+60x10"}
    name = "mcp:errors:ratio_rate5m"

    assert promtool.values(history, "10m", {name: {recorded(name): 0}}) == ""


def test_an_idle_server_has_calls_but_neither_a_ratio_nor_a_latency(promtool: Promtool) -> None:
    history = {
        f'{REQUESTS},mcp_method="ping",status="success"}}': "7x10",
        f'{BUCKET},mcp_method="ping",le="+Inf"}}': "7x10",
    }
    expected: dict[str, dict[str, float]] = {
        "mcp:calls:rate5m": {recorded("mcp:calls:rate5m"): 0},
        "mcp:errors:ratio_rate5m": {},
        "mcp:latency:p95_5m": {},
    }

    assert promtool.values(history, "10m", expected) == ""


@pytest.mark.parametrize("spelling", ["1", "1.0"])
def test_latency_does_not_depend_on_how_a_road_spells_le(promtool: Promtool, spelling: str) -> None:
    history = {
        f'{BUCKET},mcp_method="ping",le="{spelling}"}}': "0+60x10",
        f'{BUCKET},mcp_method="ping",le="+Inf"}}': "0+60x10",
    }
    name = "mcp:latency:p95_5m"

    assert promtool.values(history, "10m", {name: {recorded(name): 0.95}}) == ""


POD = f'mcp_proxy_upstream_up{{{OF},pod="echo-0",transport="stdio"}}'
CADVISOR = 'container_cpu_usage_seconds_total{namespace="ns",pod="echo-0",container='
KUBELETSTATS = 'k8s_pod_cpu_usage{namespace="ns",pod="echo-0"}'
CPU = "mcp:pod_cpu_cores:rate5m"
OF_POD = recorded(CPU, ',pod="echo-0"')


def test_pod_cpu_is_the_sum_of_its_containers(promtool: Promtool) -> None:
    history = {POD: "1x10", f'{CADVISOR}"proxy"}}': "0+15x10", f'{CADVISOR}"server"}}': "0+30x10"}
    whole_pod_again = {f'{CADVISOR}""}}': "0+45x10"}

    expected = {CPU: {OF_POD: 0.75}}
    assert promtool.values(history | whole_pod_again, "10m", expected) == ""


def test_pod_cpu_comes_from_kubeletstats_where_there_is_no_cadvisor(promtool: Promtool) -> None:
    assert (
        promtool.values({POD: "1x10", KUBELETSTATS: "0.25x10"}, "10m", {CPU: {OF_POD: 0.25}}) == ""
    )


def test_each_pod_keeps_its_own_use(promtool: Promtool) -> None:
    second = (POD.replace("echo-0", "echo-1"), KUBELETSTATS.replace("echo-0", "echo-1"))
    history = {POD: "1x10", KUBELETSTATS: "0.25x10", second[0]: "1x10", second[1]: "0.5x10"}

    expected = {CPU: {OF_POD: 0.25, OF_POD.replace("echo-0", "echo-1"): 0.5}}
    assert promtool.values(history, "10m", expected) == ""


def test_pods_of_others_are_not_recorded(promtool: Promtool) -> None:
    history = {KUBELETSTATS: "0.25x10"}

    assert promtool.values(history, "10m", {CPU: {}}) == ""


def test_pod_memory_is_the_sum_of_its_containers(promtool: Promtool) -> None:
    each = CADVISOR.replace("cpu_usage_seconds_total", "memory_working_set_bytes")
    history = {POD: "1x10", f'{each}"proxy"}}': "60x10", f'{each}"server"}}': "40x10"}
    memory = "mcp:pod_memory_bytes:sum"

    expected: Samples = {memory: {recorded(memory, ',pod="echo-0"'): 100}}
    assert promtool.values(history, "10m", expected) == ""


@dataclass(frozen=True, slots=True)
class Computed:
    """Recorded values, to six digits, `at` the end of a history of samples every `every`."""

    name: str
    history: History
    values: dict[str, float]
    at: str
    every: str = "1m"
    more: str = ""

    @property
    def expected(self) -> dict[str, dict[str, float]]:
        return {
            f"round({record}, 0.000001)": {f"{{{OF}{self.more}}}": value}
            for record, value in self.values.items()
        }


TOOL_CALLS = f'toolhive_mcp_tool_calls_total{{{OF},tool="fetch",status='
TOOL_BUCKET = f'mcp_server_operation_duration_seconds_bucket{{{OF},gen_ai_tool_name="fetch",le='
BAD = ("errors", "slow")

SHORT = Computed(
    "short windows: one call a second, 10 % failed, 20 % slow",
    {
        f'{REQUESTS},mcp_method="ping",status="success"}}': "0+54x180",
        f'{REQUESTS},mcp_method="ping",status="error"}}': "0+6x180",
        f'{BUCKET},mcp_method="ping",le="2"}}': "0+48x180",
        f'{BUCKET},mcp_method="ping",le="5"}}': "0+60x180",
        f'{BUCKET},mcp_method="ping",le="+Inf"}}': "0+60x180",
    },
    {f"mcp:calls:rate{window}": 1 for window in RATED}
    | {f"mcp:errors:{what}{window}": 0.1 for what in ("rate", "ratio_rate") for window in RATED}
    | {f"mcp:slow:{what}{window}": 0.2 for what in ("rate", "ratio_rate") for window in RATED}
    | {"mcp:latency:p95_5m": 4.25},
    "180m",
)
TOOLS = Computed(
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
)
OUTCOMES = Computed(
    "outcomes: over all methods",
    {
        f'mcp_proxy_outcomes_total{{{OF},outcome="ok",fault="none",mcp_method="{each}"}}': "0+30x9"
        for each in ("ping", "tools/call")
    },
    {"mcp:outcomes:rate5m": 1},
    "9m",
    more=',outcome="ok",fault="none"',
)
BUCKETS = Computed(
    "buckets: of calls, not of streams",
    {f'{BUCKET},mcp_method="{method}",le="2"}}': "0+30x9" for method in ("ping", "unknown")},
    {"mcp:latency_bucket:rate5m": 0.5},
    "9m",
    more=',le="2"',
)
MEANS = {"6h": 697.5, "1d": 691, "3d": 676, "30d": 376}
"""Of a value that is the hour's number, at hour 700, over the starts of the window's parts."""


def long(noun: str, window: str, more: str = "") -> Computed:
    part = PARTS[window][1]
    return Computed(
        f"{noun} over {window}: the mean of the parts",
        {f"mcp:{noun}:rate{part}{{{OF}{more}}}": "0+1x700"},
        {f"mcp:{noun}:rate{window}": MEANS[window]},
        "700h",
        "1h",
        more,
    )


def share(noun: str, window: str) -> Computed:
    history = {
        f"mcp:calls:rate{window}{{{OF}}}": "2x10",
        f"mcp:{noun}:rate{window}{{{OF}}}": "0.5x10",
    }
    value = {f"mcp:{noun}:ratio_rate{window}": 0.25}
    return Computed(f"{noun} over {window}: the share", history, value, "10m")


def spent(noun: str, budget: float) -> Computed:
    return Computed(
        f"{noun}: the budget",
        {f"mcp:{noun}:ratio_rate{window}{{{OF}}}": "0.002x10" for window in ("1h", "6h", "3d")}
        | {f"mcp:{noun}:ratio_rate30d{{{OF}}}": f"{0.3 * budget}x10"},
        {f"mcp:{noun}:burn_rate{window}": round(0.002 / budget, 6) for window in ("1h", "6h", "3d")}
        | {f"mcp:{noun}:budget_left_ratio": 0.7},
        "10m",
    )


NEWEST = Computed(
    "the newest sample",
    {f"mcp_proxy_upstream_up{{{OF}}}": "1x7", f'{REQUESTS},status="success"}}': "0x3"},
    {"mcp:sample:newest_timestamp": 420},
    "10m",
)

PING = ',transport="stdio",mcp_method="ping",status_code="200",status="success"'
KINDS = Computed(
    "requests: by what tells them apart, over all pods",
    {f'{REQUESTS}{PING},pod="{pod}",method="POST"}}': "0+30x9" for pod in ("a", "b")},
    {"mcp:requests:rate5m": 1},
    "9m",
    more=PING,
)
SECONDS = Computed(
    "seconds: of calls, not of streams",
    {
        f'{REQUEST_DURATION.family}_sum{{{OF},mcp_method="{method}"}}': "0+30x9"
        for method in ("ping", "unknown")
    },
    {"mcp:call_seconds:rate5m": 0.5},
    "9m",
)
IN_THE_PROXY = Computed(
    "seconds in the proxy",
    {f'{OVERHEAD.family}_sum{{{OF},pod="{pod}"}}': "0+3x9" for pod in ("a", "b")},
    {"mcp:overhead_seconds:rate5m": 0.1},
    "9m",
)
PROXY_CPU = Computed(
    "CPU of proxies, not of others",
    {
        f'process_cpu_seconds_total{{{OF},pod="a"}}': "0+30x9",
        'process_cpu_seconds_total{job="prometheus"}': "0+60x9",
    },
    {"mcp:proxy_cpu_cores:rate5m": 0.5},
    "9m",
)
BY_METHOD = Computed(
    "latency by method",
    {
        f'{BUCKET},mcp_method="ping",le="2"}}': "0+48x9",
        f'{BUCKET},mcp_method="ping",le="5"}}': "0+60x9",
        f'{BUCKET},mcp_method="ping",le="+Inf"}}': "0+60x9",
    },
    {"mcp:method_latency:p95_5m": 4.25},
    "9m",
    more=',mcp_method="ping"',
)
VERSION = ',mcp_protocol_version="2025-11-25"'
VERSIONS = Computed(
    "operations: by the revision of the protocol",
    {
        f"{OPERATION_DURATION.family}_count{{{OF}{VERSION}{tool}}}": "0+30x9"
        for tool in ("", ',gen_ai_tool_name="fetch"')
    },
    {"mcp:operations:rate5m": 1},
    "9m",
    more=VERSION,
)
LAG = Computed(
    "event loop lag",
    {
        f'{EVENT_LOOP_LAG.family}_bucket{{{OF},le="{bound}"}}': seen
        for bound, seen in (("0.1", "0x9"), ("1", "0+60x9"), ("+Inf", "0+60x9"))
    },
    {"mcp:event_loop_lag:p99_5m": 0.991},
    "9m",
)
FAMILIES = Computed(
    "series: a histogram's once, those of a process not",
    {
        f'{OVERHEAD.family}_count{{{OF},pod="a"}}': "1x9",
        f'{OVERHEAD.family}_count{{{OF},pod="b"}}': "1x9",
        f'{OVERHEAD.family}_bucket{{{OF},le="1"}}': "1x9",
        f"process_open_fds{{{OF}}}": "1x9",
    },
    {"mcp:series:count": 2},
    "9m",
    more=f',family="{OVERHEAD.family}_count"',
)


def buckets(name: str, metric: Metric) -> Computed:
    return Computed(
        f"{name}: its buckets, over all pods",
        {f'{metric.family}_bucket{{{OF},pod="{pod}",le="1"}}': "0+30x9" for pod in ("a", "b")},
        {f"mcp:{name}_bucket:rate5m": 1},
        "9m",
        more=',le="1"',
    )


COMPUTED = (
    SHORT,
    NEWEST,
    OUTCOMES,
    BUCKETS,
    TOOLS,
    KINDS,
    SECONDS,
    IN_THE_PROXY,
    PROXY_CPU,
    BY_METHOD,
    VERSIONS,
    LAG,
    FAMILIES,
    buckets("overhead", OVERHEAD),
    buckets("session_duration", SESSION_DURATION),
    buckets("request_size", REQUEST_SIZE),
    buckets("response_size", RESPONSE_SIZE),
    buckets("first_event", FIRST_EVENT),
    *(long(noun, window) for noun in ("calls", *BAD) for window in PARTS),
    *(long("tool_calls", window, ',tool="fetch"') for window in ("6h", "1d")),
    *(share(noun, window) for noun in BAD for window in PARTS),
    spent("errors", 0.005),
    spent("slow", 0.05),
)


@pytest.mark.parametrize("case", COMPUTED, ids=lambda case: case.name)
def test_a_recording_has_its_value(case: Computed, promtool: Promtool) -> None:
    assert promtool.values(case.history, case.at, case.expected, case.every) == ""


def test_every_recording_is_shown_to_have_its_value() -> None:
    shown = {record for case in COMPUTED for record in case.values}
    elsewhere = {CPU, "mcp:pod_memory_bytes:sum"}

    assert shown | elsewhere == {each.record for each in RECORDINGS}


def test_what_a_new_server_lacks_of_a_long_window_counts_as_nothing(promtool: Promtool) -> None:
    history = {f"mcp:calls:rate1h{{{OF}}}": "6x10"}
    expected: Samples = {"mcp:calls:rate6h": {recorded("mcp:calls:rate6h"): 1}}

    assert promtool.values(history, "10m", expected) == ""


def test_an_hour_without_prometheus_at_a_seam_costs_nothing(promtool: Promtool) -> None:
    history = {f"mcp:calls:rate1h{{{OF}}}": "6x290 _x25 6x60"}
    expected: Samples = {"mcp:calls:rate6h": {recorded("mcp:calls:rate6h"): 6}}

    assert promtool.values(history, "360m", expected) == ""


def test_windows_lead_from_the_last_minutes_to_the_budgets_month() -> None:
    assert WINDOWS == ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")


def test_no_rule_rates_raw_samples_over_more_than_two_hours() -> None:
    long = [
        each.record for each in RECORDINGS if "rate(" in str(each.expr) and "d]" in str(each.expr)
    ]

    assert long == []
