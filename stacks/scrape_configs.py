"""Scrape configurations for a Prometheus that no operator configures, from the ServiceMonitors."""

import re

import yaml

from stacks import monitors
from stacks.architectures import Monitor
from stacks.component_choices import Mode
from stacks.config import StackConfig
from stacks.values import Values

_LABEL = "__meta_kubernetes_service_label_"
_PORT = "__meta_kubernetes_endpointslice_port_name"
# What an operator sets on every target before a monitor's own relabelling.
_TARGET = {
    "__meta_kubernetes_namespace": "namespace",
    "__meta_kubernetes_pod_name": "pod",
    "__meta_kubernetes_service_name": "service",
    _PORT: "endpoint",
    "__meta_kubernetes_pod_container_name": "container",
}


def rendered(config: StackConfig) -> str:
    """The entries for `scrape_configs`, as YAML."""
    interval = f"{config.scrape_interval_seconds}s"
    wanted = [
        each
        for each in config.architecture.monitors
        if each is not Monitor.COLLECTOR_SERIES or config.components.collector.mode is Mode.INSTALL
    ]
    made = [monitors.BUILDERS[each](interval, config.namespaces) for each in wanted]
    return yaml.safe_dump([_scrape_config(each) for each in made], sort_keys=False, width=100)


def _scrape_config(monitor: Values) -> Values:
    [endpoint] = monitor["spec"]["endpoints"]
    names = monitor["spec"]["namespaceSelector"]["matchNames"]
    selected = [
        {"source_labels": [_LABEL + _meta(name)], "regex": re.escape(value), "action": "keep"}
        for name, value in monitor["spec"]["selector"]["matchLabels"].items()
    ]
    port = {"source_labels": [_PORT], "regex": endpoint["port"], "action": "keep"}
    target = [
        {"source_labels": [source], "target_label": label} for source, label in _TARGET.items()
    ]
    own = map(_as_prometheus_spells_it, endpoint["relabelings"])
    dropped = list(map(_as_prometheus_spells_it, endpoint.get("metricRelabelings", [])))
    return {
        "job_name": monitor["metadata"]["name"],
        "scrape_interval": endpoint["interval"],
        "honor_labels": endpoint["honorLabels"],
        "metrics_path": endpoint.get("path", "/metrics"),
        "kubernetes_sd_configs": [{"role": "endpointslice", "namespaces": {"names": names}}],
        "relabel_configs": [*selected, port, *target, *own],
        **({"metric_relabel_configs": dropped} if dropped else {}),
    }


def _meta(label: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", label)


def _as_prometheus_spells_it(rule: Values) -> Values:
    """A relabelling of a ServiceMonitor, with snake_case keys."""
    return {
        re.sub(r"[A-Z]", lambda each: f"_{each[0].lower()}", key): each
        for key, each in rule.items()
    }
