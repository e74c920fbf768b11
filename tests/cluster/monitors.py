"""What kube-prometheus-stack 88.5.3 scrapes of a cluster with its default values: two of its
ServiceMonitors, as far as they concern the series that boards and rules ask for.
"""

from typing import Any

from lab.local.prometheus_config import Target
from stacks.charts import Namespace

Manifest = dict[str, Any]

_SYSTEM = "kube-system"


def _drop(source: list[str], regex: str) -> Manifest:
    return {"sourceLabels": source, "action": "drop", "regex": regex}


CADVISOR: Manifest = {
    "metadata": {"name": "kube-prometheus-stack-kubelet", "namespace": Namespace.MONITORING.value},
    "spec": {
        "jobLabel": "k8s-app",
        "namespaceSelector": {"matchNames": [_SYSTEM]},
        "selector": {"matchLabels": {"k8s-app": "kubelet"}},
        "endpoints": [
            {
                "port": "https-metrics",
                "path": "/metrics/cadvisor",
                "honorLabels": True,
                "relabelings": [
                    {
                        "action": "replace",
                        "sourceLabels": ["__metrics_path__"],
                        "targetLabel": "metrics_path",
                    }
                ],
                "metricRelabelings": [
                    _drop(["__name__"], "container_memory_(mapped_file|swap)"),
                    _drop(["__name__"], "container_spec.*"),
                    # Cgroups above the pods.
                    _drop(["id", "pod"], ".+;"),
                ],
            }
        ],
    },
}

KUBE_STATE: Manifest = {
    "metadata": {
        "name": "kube-prometheus-stack-kube-state-metrics",
        "namespace": Namespace.MONITORING.value,
    },
    "spec": {
        "jobLabel": "app.kubernetes.io/name",
        "selector": {"matchLabels": {"app.kubernetes.io/name": "kube-state-metrics"}},
        "endpoints": [{"port": "http", "path": "/metrics/state", "honorLabels": True}],
    },
}
"""On a cluster its path is /metrics: here one server answers for both."""

MONITORS = (CADVISOR, KUBE_STATE)


def targets(address: str) -> tuple[Target, ...]:
    """Both exporters at one address."""
    return (
        Target(
            address, _SYSTEM, "kube-prometheus-stack-kubelet", "https-metrics", "", "",
            {"k8s-app": "kubelet"},
        ),
        Target(
            address, Namespace.MONITORING.value, "kube-prometheus-stack-kube-state-metrics", "http",
            "kube-prometheus-stack-kube-state-metrics-0", "kube-state-metrics",
            {"app.kubernetes.io/name": "kube-state-metrics"},
        ),
    )  # fmt: skip
