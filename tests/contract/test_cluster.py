"""The queries that need a cluster, by name: without one none has data, and with one every one.

A cluster is played by series in the exact form of its exporters, which pass the real collector,
the real scrape settings and the real Prometheus of each architecture.
"""

import pytest

from dashboards.queries import Source
from lab.verify.check_queries import every_query
from stacks.architectures import ARCHITECTURES, DIRECT_SCRAPE
from tests.cluster.pods import EVERYONE, PODS
from tests.recorded import recorded

NEED_A_CLUSTER = {
    ("mcp-server", "CPU of the pods"),
    ("mcp-server", "Memory of the pods"),
    ("mcp-resources", "Container restarts"),
    ("mcp-resources", "CPU of the pods"),
    ("mcp-resources", "Memory of the pods"),
    ("mcp-resources", "Container restarts by pod"),
    ("mcp-resources", "CPU usage of limit"),
    ("mcp-resources", "Memory usage of limit"),
    ("mcp-resources", "OOM-killed containers"),
    ("rules", "mcp:pod_cpu_cores:rate5m"),
    ("rules", "mcp:pod_memory_bytes:sum"),
    ("rules", "MCPPodNearMemoryLimit"),
}
"""Board and panel, or rule."""


def test_the_list_names_those_queries_that_say_so_and_no_others() -> None:
    found = {(each.board, each.panel) for each in every_query() if each.needs is Source.KUBELET}
    assert found == NEED_A_CLUSTER


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_without_a_cluster_exactly_the_listed_queries_have_no_data(architecture: str) -> None:
    recording = recorded(architecture)
    assert recording.premature == ()
    assert recording.result.coverage.without_data == ()


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_with_a_cluster_every_query_has_data(architecture: str) -> None:
    clustered = recorded(architecture).clustered
    assert clustered.without_data == (), "\n".join(map(str, clustered.without_data))
    assert clustered.failing_rules == ()
    asked = sum(each.needs in ARCHITECTURES[architecture].sources for each in every_query())
    assert clustered.checked == asked


def pods(architecture: str, name: str) -> set[tuple[str, str]]:
    """The namespace and pod of every series of a name."""
    return {
        (each["namespace"], each["pod"])
        for each in recorded(architecture).cluster_series
        if each["__name__"] == name
    }


EVERYBODYS = {(each.namespace, each.name) for each in EVERYONE}


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(
    "name",
    [
        "container_cpu_usage_seconds_total",
        "container_memory_working_set_bytes",
        "kube_pod_container_status_restarts_total",
        "kube_pod_container_resource_limits",
    ],
)
def test_the_pods_of_an_exporter_keep_their_names_on_the_way(architecture: str, name: str) -> None:
    """Nothing of the exporter's own pod, nothing of cgroups above the pods."""
    assert pods(architecture, name) == EVERYBODYS


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_kubelets_statistics_pass_the_collector_where_it_reads_them(architecture: str) -> None:
    collects = architecture != DIRECT_SCRAPE.name
    for name in ("k8s_pod_cpu_usage", "k8s_pod_memory_working_set_bytes"):
        assert pods(architecture, name) == (EVERYBODYS if collects else set())


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("record", ["mcp:pod_cpu_cores:rate5m", "mcp:pod_memory_bytes:sum"])
def test_rules_record_the_pods_of_mcp_servers_only(architecture: str, record: str) -> None:
    assert pods(architecture, record) == {(each.namespace, each.name) for each in PODS}
