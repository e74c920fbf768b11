"""What is scraped ends up with the labels of the series contract, and no others."""

from typing import Any

import pytest

from proxy.telemetry.catalogue import CONTRACT_LABELS
from stacks import monitors
from stacks.architectures import ARCHITECTURES
from stacks.charts import Namespaces
from tests.stacks.ingestion_paths import selects
from tests.stacks.relabel import sample_labels, target_labels
from tests.stacks.stack import STACKS, objects, plan_of, release_values

NAMES = Namespaces()

# What prometheus-operator sets on every target before a monitor's own relabelling.
OPERATOR = {
    "job": "service-name",
    "namespace": "mcp-servers",
    "service": "service-name",
    "pod": "pod-0",
    "container": "proxy",
    "endpoint": "metrics",
}


def endpoint(monitor: dict[str, Any]) -> dict[str, Any]:
    (found,) = monitor["spec"]["endpoints"]
    return dict(found)


def discovered(labels: dict[str, str]) -> dict[str, str]:
    """Service labels as discovery hands them over."""
    prefix = "__meta_kubernetes_service_label_"
    plain = {
        name.replace(".", "_").replace("/", "_").replace("-", "_"): v for name, v in labels.items()
    }
    meta = {f"{prefix}{name}": value for name, value in plain.items()}
    return {**meta, "__meta_kubernetes_namespace": "mcp-servers"}


def test_a_scraped_proxys_series_carry_the_contract_and_nothing_that_only_scraping_adds() -> None:
    service = objects(plan_of("direct-scrape"), "Service")["echo"]
    scrape = endpoint(monitors.proxies("15s", NAMES))
    target = target_labels(scrape, discovered(service["metadata"]["labels"]), OPERATOR)
    exposed = {"__name__": "x", "server": "echo", "transport": "stdio"}
    sample = sample_labels(scrape, target, exposed)
    assert sample == {
        "__name__": "x",
        "job": "mcp-servers/echo",
        "namespace": "mcp-servers",
        "server": "echo",
        "transport": "stdio",
        "pod": "pod-0",
    }
    assert set(CONTRACT_LABELS) == sample.keys() - {"__name__"}


@pytest.mark.parametrize(
    "exposed",
    [
        {"server": "fetch", "transport": "sse", "otel_scope_name": "toolhive"},
        {"mcp_method_name": "ping"},
    ],
)
def test_toolhives_series_carry_the_contract_even_where_toolhive_forgets_it(
    exposed: dict[str, str],
) -> None:
    service = {"toolhive-name": "fetch", "mcp-observability/transport": "sse"}
    scrape = endpoint(monitors.toolhive_proxies("15s", NAMES))
    sample = sample_labels(scrape, target_labels(scrape, discovered(service), OPERATOR), exposed)
    assert sample is not None
    own = {name: value for name, value in exposed.items() if name == "mcp_method_name"}
    assert sample == {
        "job": "mcp-servers/fetch",
        "namespace": "mcp-servers",
        "server": "fetch",
        "transport": "sse",
        "pod": "pod-0",
        **own,
    }


def test_the_transport_label_that_the_monitor_reads_is_put_on_toolhives_service() -> None:
    server = objects(plan_of("direct-scrape"), "MCPServer")["time"]
    labels = server["spec"]["resourceOverrides"]["proxyService"]["labels"]
    assert labels == {"mcp-observability/transport": "stdio"}


def test_a_collected_series_keeps_its_own_labels_and_gets_none_of_the_collectors() -> None:
    scrape = endpoint(monitors.collector_series("15s", NAMES))
    target = target_labels(scrape, {}, OPERATOR)
    assert target == {"job": monitors.SERIES_JOB}
    exposed = {"job": "mcp-servers/echo", "namespace": "mcp-servers", "pod": "echo-0"}
    assert sample_labels(scrape, target, {"otel_scope_name": "", **exposed}) == exposed
    assert sample_labels(scrape, target, {"__name__": "target_info", **exposed}) is None


def test_the_collectors_own_telemetry_has_a_job_of_its_own() -> None:
    values = release_values(plan_of(), "otel-collector")
    collector = endpoint(monitors.collector_own(values, "monitoring"))
    assert target_labels(collector, {}, OPERATOR)["job"] == "otel-collector"


def test_prometheus_is_scraped_once_by_its_charts_own_monitor() -> None:
    """Selector and port as the chart's template has them."""
    labels = {
        "app": "kube-prometheus-stack-prometheus",
        "release": "kube-prometheus-stack",
        "self-monitor": "true",
    }
    planned = plan_of("hybrid")
    scraping = [each for each in planned.monitors if selects(each, labels, "http-web")]
    assert scraping == [monitors.prometheus_own("monitoring")]
    assert scraping[0] not in planned.objects


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_the_monitors_are_those_among_the_objects_and_the_charts_own(
    architecture: str, profile: str
) -> None:
    planned = plan_of(architecture, profile)
    own = list(objects(planned, "ServiceMonitor").values())
    assert list(planned.monitors[2:]) == own
    names = [each["metadata"]["name"] for each in planned.monitors]
    assert len(set(names)) == len(names)
    assert names[:2] == [
        "kube-prometheus-stack-prometheus",
        "otel-collector-opentelemetry-collector",
    ]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_no_monitor_selects_the_servers_behind_toolhives_proxies(architecture: str) -> None:
    backend = {"app": "fetch", "toolhive": "true", "toolhive-name": "fetch"}
    for each in plan_of(architecture).monitors:
        assert not selects(each, backend, "http")


def test_every_monitor_scrapes_at_the_stacks_interval() -> None:
    planned = plan_of("hybrid", scrapeIntervalSeconds=7)
    intervals = [e["interval"] for m in planned.monitors[1:] for e in m["spec"]["endpoints"]]
    assert intervals == ["7s"] * 4
    spec = release_values(planned, "kube-prometheus-stack")["prometheus"]["prometheusSpec"]
    assert (spec["scrapeInterval"], spec["evaluationInterval"]) == ("7s", "7s")
    assert planned.collector["receivers"]["kubeletstats"]["collection_interval"] == "7s"
