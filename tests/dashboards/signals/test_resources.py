"""What only a cluster can answer, asked of series in the form that its exporters give them.

Labels as kube-prometheus-stack's monitors leave them: cAdvisor through the kubelet, kubeletstats
through the collector, and kube-state-metrics with its own namespace and pod.
"""

import pytest

from dashboards import BOARDS
from dashboards.queries import Source, concrete
from dashboards.signal import Signal
from dashboards.signals import resources
from tests.dashboards.promtool import History, Promtool
from tests.dashboards.signals.history import values_test

pytestmark = pytest.mark.slow

PROXY = "echo-7c9d8b6f5-x2x9k"
SERVER = "echo-0"
STRANGER = "postgres-0"

UP = (
    'mcp_proxy_upstream_up{job="ns/echo",namespace="ns",server="echo",'
    f'transport="stdio",pod="{PROXY}"}}'
)


def cadvisor(name: str, namespace: str, pod: str, container: str) -> str:
    return (
        f'{name}{{job="kubelet",metrics_path="/metrics/cadvisor",endpoint="https-metrics",'
        f'instance="10.0.0.1:10250",node="n",service="kubelet",namespace="{namespace}",'
        f'pod="{pod}",container="{container}",id="/kubepods/{pod}/{container}"}}'
    )


def kube_state(name: str, namespace: str, pod: str, more: str = "") -> str:
    return (
        f'{name}{{job="kube-state-metrics",endpoint="http",instance="10.0.0.2:8080",'
        f'namespace="{namespace}",pod="{pod}",uid="u",container="main"{more}}}'
    )


CPU = "container_cpu_usage_seconds_total"
MEMORY = "container_memory_working_set_bytes"
LIMITS = "kube_pod_container_resource_limits"
RESTARTS = "kube_pod_container_status_restarts_total"
ENDS = "kube_pod_container_status_last_terminated_reason"

CLUSTER: History = {
    UP: "1x10",
    cadvisor(CPU, "ns", PROXY, "proxy"): "0+15x10",
    cadvisor(CPU, "ns", PROXY, ""): "0+15x10",
    cadvisor(CPU, "ns", SERVER, "mcp"): "0+30x10",
    cadvisor(CPU, "other", STRANGER, "main"): "0+60x10",
    cadvisor(MEMORY, "ns", PROXY, "proxy"): "100x10",
    cadvisor(MEMORY, "ns", SERVER, "mcp"): "300x10",
    cadvisor(MEMORY, "other", STRANGER, "main"): "900x10",
    kube_state(LIMITS, "ns", SERVER, ',resource="cpu",unit="core",node="n"'): "2x10",
    kube_state(LIMITS, "ns", SERVER, ',resource="memory",unit="byte",node="n"'): "400x10",
    kube_state(RESTARTS, "ns", PROXY): "0x10",
    kube_state(RESTARTS, "ns", SERVER): "0 0 0 0 0 0 1 1 2 2 2",
    kube_state(RESTARTS, "other", STRANGER): "0+1x10",
    kube_state(ENDS, "ns", SERVER, ',reason="OOMKilled"'): "_x6 1x10",
}


def of(pod: str, namespace: str = "ns") -> str:
    return f'{{namespace="{namespace}", pod="{pod}"}}'


EXPECTED: tuple[tuple[Signal, dict[str, float]], ...] = (
    (resources.CPU, {of(PROXY): 0.25, of(SERVER): 0.5}),
    (resources.CPU_OF_LIMIT, {of(SERVER): 0.25}),
    (resources.MEMORY, {of(PROXY): 100, of(SERVER): 300}),
    (resources.MEMORY_OF_LIMIT, {of(SERVER): 0.75}),
    (resources.RESTARTS, {of(PROXY): 0, of(SERVER): 1}),
    (resources.OUT_OF_MEMORY, {of(PROXY): 0, of(SERVER): 1}),
    (resources.POD_RESTARTS, {"{}": 1}),
)
"""Of the two restarts the first lies before the window's first sample."""


def asked(signal: Signal) -> str:
    return concrete(str(signal.queries[0].expr), window="5m")


@pytest.mark.parametrize(
    ("signal", "expected"), EXPECTED, ids=[signal.title for signal, _ in EXPECTED]
)
def test_pods_of_proxies_and_servers_are_reported_and_no_others(
    promtool: Promtool, signal: Signal, expected: dict[str, float]
) -> None:
    assert promtool.values(CLUSTER, "10m", {asked(signal): expected}) == ""


def test_kubeletstats_answers_where_there_is_no_cadvisor(promtool: Promtool) -> None:
    labels = f'{{job="ns/echo",namespace="ns",pod="{SERVER}"}}'
    history = {
        UP: "1x10",
        f"k8s_pod_cpu_usage{labels}": "0.25x10",
        f"k8s_pod_memory_working_set_bytes{labels}": "300x10",
    }
    expected = {
        asked(resources.CPU): {of(SERVER): 0.25},
        asked(resources.MEMORY): {of(SERVER): 300.0},
    }

    assert promtool.values(history, "10m", expected) == ""


def test_every_question_of_the_board_to_a_cluster_is_asked_here() -> None:
    board = next(each for each in BOARDS if each.uid == "mcp-resources")
    titles = {p.signal.title for p in board.panels if p.signal.needs is Source.KUBELET}

    assert titles == {signal.title for signal, _ in EXPECTED}


test_values = values_test(
    resources,
    """
    STARTS 0, BUSIEST 0.5, LARGEST 400, LATEST 0.492, MOST_FILES 20, FILES 20, AGE 600,
    CPU_PER_CALL 0.5
    """,
)
