"""Prometheus' configuration from ServiceMonitors and local targets, as the operator would write it.

The operator turns a ServiceMonitor into service discovery and relabelling. Here the targets are
static and carry the labels that discovery would add; the relabelling is the same: the operator's,
then the monitor's.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Manifest = Mapping[str, Any]
Settings = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """One port of a local process, and the Service, port and pod that it replaces.

    `labels` are the Service's; None for a chart's Service, which every monitor of the stack
    selects.
    """

    address: str
    namespace: str
    service: str
    port: str
    pod: str
    container: str
    labels: Mapping[str, str] | None = None


def prometheus_config(
    spec: Manifest, monitors: Iterable[Manifest], targets: Iterable[Target], rules_file: str
) -> Settings:
    """The configuration file; monitors that select none of the targets are left out.

    `spec` is the chart's `prometheusSpec`.
    """
    found = tuple(targets)
    return {
        "global": {
            "scrape_interval": spec["scrapeInterval"],
            "evaluation_interval": spec["evaluationInterval"],
        },
        "rule_files": [rules_file],
        "scrape_configs": [job for monitor in monitors for job in _jobs(monitor, found)],
        "storage": {
            "tsdb": {"out_of_order_time_window": spec["tsdb"]["outOfOrderTimeWindow"]},
            "exemplars": {"max_exemplars": spec["exemplars"]["maxSize"]},
        },
    }


def prometheus_flags(spec: Manifest) -> tuple[str, ...]:
    """The settings of the same `prometheusSpec` that Prometheus takes as flags."""
    receiver = ("--web.enable-remote-write-receiver",) if spec["enableRemoteWriteReceiver"] else ()
    return (*receiver, f"--enable-feature={','.join(spec['enableFeatures'])}")


def _jobs(monitor: Manifest, targets: tuple[Target, ...]) -> Iterable[Settings]:
    for index, endpoint in enumerate(monitor["spec"]["endpoints"]):
        selected = [each for each in targets if _selects(monitor, endpoint, each)]
        if selected:
            yield _job(monitor, index, selected)


def _selects(monitor: Manifest, endpoint: Manifest, target: Target) -> bool:
    own = monitor["metadata"]["namespace"]
    namespaces = monitor["spec"].get("namespaceSelector", {}).get("matchNames", [own])
    labels = target.labels
    wanted = monitor["spec"]["selector"]["matchLabels"]
    return (
        target.namespace in namespaces
        and target.port == endpoint["port"]
        and (labels is None or wanted.items() <= labels.items())
    )


def _job(monitor: Manifest, index: int, targets: list[Target]) -> Settings:
    endpoint = monitor["spec"]["endpoints"][index]
    metadata = monitor["metadata"]
    chosen = monitor["spec"]["selector"]["matchLabels"]
    job: Settings = {
        "job_name": f"serviceMonitor/{metadata['namespace']}/{metadata['name']}/{index}",
        "metrics_path": endpoint.get("path", "/metrics"),
        "honor_labels": endpoint.get("honorLabels", False),
        "static_configs": [
            {"targets": [each.address], "labels": discovered(each, chosen)} for each in targets
        ],
        "relabel_configs": [*_operator_relabelling(monitor["spec"], endpoint["port"])]
        + [relabelling(each) for each in endpoint.get("relabelings", ())],
        "metric_relabel_configs": [
            relabelling(each) for each in endpoint.get("metricRelabelings", ())
        ],
    }
    if interval := endpoint.get("interval"):
        job["scrape_interval"] = interval
        job["scrape_timeout"] = endpoint.get("scrapeTimeout", interval)
    return job


def discovered(target: Target, chosen: Mapping[str, str]) -> Mapping[str, str]:
    """The `__meta_kubernetes_*` labels that endpoints discovery gives a target."""
    labels = chosen if target.labels is None else target.labels
    prefix = "__meta_kubernetes_service_label"
    return {
        "__meta_kubernetes_namespace": target.namespace,
        "__meta_kubernetes_service_name": target.service,
        "__meta_kubernetes_endpoint_port_name": target.port,
        "__meta_kubernetes_pod_name": target.pod,
        "__meta_kubernetes_pod_container_name": target.container,
        **{f"{prefix}_{_sanitized(name)}": value for name, value in labels.items()},
        **{f"{prefix}present_{_sanitized(name)}": "true" for name in labels},
    }


def relabelling(config: Mapping[str, Any]) -> Settings:
    """One RelabelConfig of the operator's API with Prometheus' names: camelCase to snake_case."""
    return {
        re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", key): value
        for key, value in config.items()
    }


def _operator_relabelling(spec: Manifest, port: str) -> tuple[Settings, ...]:
    """The rules that the operator adds before a monitor's own (prometheus-operator, promcfg.go)."""
    copies = {
        "__meta_kubernetes_namespace": "namespace",
        "__meta_kubernetes_service_name": "service",
        "__meta_kubernetes_pod_name": "pod",
        "__meta_kubernetes_pod_container_name": "container",
    }
    return (
        *(_copy(source, target) for source, target in copies.items()),
        _copy("__meta_kubernetes_service_name", "job"),
        *_job_label(spec),
        {"target_label": "endpoint", "replacement": port},
    )


def _job_label(spec: Manifest) -> tuple[Settings, ...]:
    """The `jobLabel` of a monitor becomes the job if the Service has that label."""
    if "jobLabel" not in spec:
        return ()
    source = f"__meta_kubernetes_service_label_{_sanitized(spec['jobLabel'])}"
    return ({**_copy(source, "job"), "regex": "(.+)"},)


def _copy(source: str, target: str) -> Settings:
    return {"source_labels": [source], "target_label": target}


def _sanitized(label: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_]", "_", label)


def without_intervals(document: Mapping[str, Any]) -> dict[str, Any]:
    """The rules without the groups' intervals: all are evaluated at the global interval."""
    groups = (
        {key: value for key, value in group.items() if key != "interval"}
        for group in document["groups"]
    )
    return {"groups": list(groups)}
