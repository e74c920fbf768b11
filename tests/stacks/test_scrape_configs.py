"""Scrape configurations for a Prometheus without an operator."""

import yaml

from tests.stacks.relabel import target_labels
from tests.stacks.stack import (
    objects,
)
from tests.stacks.test_component_choices import PROMETHEUS, planned


def test_a_prometheus_without_an_operator_gets_scrape_configurations() -> None:
    plain = {"url": PROMETHEUS["url"], "operated": False}
    found = planned("direct-scrape", prometheus=plain)
    assert objects(found, "ServiceMonitor") == objects(found, "PrometheusRule") == {}
    proxies, _ = yaml.safe_load(found.outputs["scrapeConfigs"])
    assert proxies["metrics_path"] == "/metrics"
    assert proxies["kubernetes_sd_configs"][0]["namespaces"] == {"names": ["mcp-servers"]}
    discovered = {
        "__meta_kubernetes_namespace": "mcp-servers",
        "__meta_kubernetes_pod_name": "search-0",
        "__meta_kubernetes_service_name": "search",
        "__meta_kubernetes_endpointslice_port_name": "metrics",
        "__meta_kubernetes_service_label_app_kubernetes_io_name": "mcp-proxy",
        "__meta_kubernetes_service_label_app_kubernetes_io_instance": "search",
    }
    names = {"source_labels": "sourceLabels", "target_label": "targetLabel"}
    rules = [
        {names.get(key, key): value for key, value in rule.items()}
        for rule in proxies["relabel_configs"]
    ]
    labels = target_labels({"relabelings": rules}, discovered, {})
    assert labels == {"job": "mcp-servers/search", "namespace": "mcp-servers", "pod": "search-0"}
