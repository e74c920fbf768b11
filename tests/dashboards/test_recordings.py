"""The recorded indicators are the right numbers, also where nothing or nobody is."""

import pytest

from tests.dashboards.promtool import Promtool

pytestmark = pytest.mark.slow

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
